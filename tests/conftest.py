"""One core is enough for small tables: threads that wait for each other only take time from other tests."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def pytest_configure(config: pytest.Config) -> None:
    from hypothesis import HealthCheck, settings

    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    settings.register_profile("evergreen", deadline=None, derandomize=True, max_examples=25, suppress_health_check=slow)
    settings.load_profile("evergreen")
