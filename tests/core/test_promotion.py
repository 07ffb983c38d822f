from typing import Any

import pytest

from scripts.core import promotion
from scripts.core.declaration import Declaration
from scripts.core.errors import Mistake
from scripts.core.promotion import Case, Stale
from tests import reports

NOW = Declaration(version=4, bundle=reports.OLD)


def case(**other: Any) -> Case:
    known: dict[str, Any] = {
        "production": NOW,
        "evaluation": reports.evaluation(),
        "run": None,
        "allow_override": False,
    }
    return Case(**{"candidate": reports.BUNDLE, **known, **other})


@pytest.mark.parametrize(("highest", "version"), [(0, 5), (4, 5), (7, 8)])
def test_a_version_is_never_used_twice(highest: int, version: int) -> None:
    """v5 to v7 may have been promoted and taken back."""
    found = promotion.declared(case(), promotion.judged(case()), reports.manifest(), highest)
    assert found.version == version
    assert found.replaces is not None and found.replaces.version == 4


@pytest.mark.parametrize(
    "other",
    [
        {"candidate": "sha256:another"},
        {"production": Declaration(version=5, bundle="sha256:5")},
        {"production": Declaration(version=5, bundle=reports.OLD)},
        {"production": Declaration(version=0, bundle=None)},
    ],
)
@pytest.mark.parametrize("verdict", ["PROMOTE", "HOLD"])
def test_a_verdict_about_something_else_is_stale(other: dict[str, Any], verdict: str) -> None:
    with pytest.raises(Stale, match="stale"):
        promotion.judged(case(**other, evaluation=reports.evaluation(verdict)))


@pytest.mark.parametrize("evaluation", [None, {}, {"verdict": {}}, {"verdict": reports.evaluation()["verdict"]}])
def test_half_a_report_is_no_verdict(evaluation: Any) -> None:
    with pytest.raises(Mistake, match=r"reports/evaluation\.json"):
        promotion.judged(case(evaluation=evaluation))
