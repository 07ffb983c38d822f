"""One core is enough for small tables: threads that wait for each other only take time from other tests."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.github_server import Forge

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def pytest_configure(config: pytest.Config) -> None:
    from hypothesis import HealthCheck, settings

    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    settings.register_profile("evergreen", deadline=None, derandomize=True, max_examples=25, suppress_health_check=slow)
    settings.load_profile("evergreen")


@pytest.fixture
def forge(tmp_path: Path) -> "Iterator[Forge]":
    """A stand-in for GitHub; every request and every answer must be as GitHub describes its API."""
    from tests.github_server import Forge

    with Forge.started(tmp_path) as forge:
        yield forge
        assert forge.violations == []
