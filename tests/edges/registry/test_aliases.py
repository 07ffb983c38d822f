from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.core import params
from scripts.edges.registry import aliases
from scripts.edges.registry.mlflow_registry import Recorded, Unrecorded
from tests import bundles

PARAMS = params.parse(bundles.PARAMS)


class Registry:
    def __init__(self, answer: Recorded | Unrecorded) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.answer = answer

    @contextmanager
    def started(self, given: Any) -> Iterator["Registry"]:
        yield self

    def alias(self, *words: str) -> Recorded | Unrecorded:
        self.asked.append((words[0], words[1], words[2]))
        return self.answer


def test_the_alias_points_at_the_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(Recorded(version="7"))
    monkeypatch.setattr(aliases.tracking, "started", registry.started)
    assert aliases.staged(PARAMS, "sha256:9", {"MLFLOW_TRACKING_URI": "https://ml"}) is None
    assert registry.asked == [("small", "sha256:9", "staging")]


def test_a_registry_that_is_down_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(Unrecorded("https://***@ml", "Connection refused"))
    monkeypatch.setattr(aliases.tracking, "started", registry.started)
    said = aliases.staged(PARAMS, "sha256:9", {"MLFLOW_TRACKING_URI": "https://u:p@ml"})
    assert said is not None and "Connection refused" in said


def test_a_file_that_an_earlier_runner_had_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    registry = Registry(Recorded(version="7"))
    monkeypatch.setattr(aliases.tracking, "started", registry.started)
    assert aliases.staged(PARAMS, "sha256:9", {}) is None
    assert registry.asked == []
    Path("mlflow.db").touch()
    aliases.staged(PARAMS, "sha256:9", {})
    assert len(registry.asked) == 1


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://user:s3cret@ml.example/x", "https://ml.example/x"),
        ("http://ml:5000", "http://ml:5000"),
        ("databricks", None),
        ("", None),
    ],
)
def test_a_page_is_linked_without_its_password(uri: str, shown: str | None) -> None:
    assert aliases.address(PARAMS, {"MLFLOW_TRACKING_URI": uri}) == shown


def test_tracking_that_is_off_has_no_page() -> None:
    off = params.parse(bundles.PARAMS.replace("timeout: 1", "enabled: false"))
    assert aliases.address(off, {"MLFLOW_TRACKING_URI": "https://ml"}) is None
