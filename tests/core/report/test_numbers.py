import pytest

from scripts.core.report import numbers
from tests.reports import entry


@pytest.mark.parametrize(
    ("candidate", "production", "interval", "places"),
    [
        (0.5610, 0.5759, (-0.028, -0.002), 3),
        (0.56104, 0.56148, (-0.0008, -0.0001), 5),
        (12345.6, 12495.8, (-220.0, -80.0), 0),
        (4.71, 4.93, (-0.4, -0.03), 2),
    ],
)
def test_there_are_as_many_decimals_as_tell_the_difference(
    candidate: float, production: float, interval: tuple[float, float], places: int
) -> None:
    assert numbers.decimals(entry(candidate, production, interval, greater=False)) == places


def test_a_minus_is_a_minus() -> None:
    assert numbers.signed(-0.0149, 4) == "−0.0149"
    assert numbers.signed(0.0149, 3) == "+0.015"
    assert numbers.fixed(-1234.5, 1) == "−1,234.5"
    assert numbers.between([-0.028, 0.001], 3) == "−0.028 … +0.001"
    assert (numbers.fixed(None, 3), numbers.signed(None, 3), numbers.between(None, 3)) == ("–", "–", "–")


def test_a_gain_is_positive_when_better_whatever_the_direction() -> None:
    assert numbers.gain(entry(0.5, 0.6, (-0.2, -0.05), greater=False)) == pytest.approx((0.1, 0.05, 0.2))
    assert numbers.gain(entry(0.7, 0.6, (0.05, 0.2), greater=True)) == pytest.approx((0.1, 0.05, 0.2))


def test_metrics_are_spoken() -> None:
    spoken = [numbers.spoken(name) for name in ("log_loss", "roc_auc", "roc_auc_ovr", "f1")]
    assert spoken == ["log loss", "ROC AUC", "ROC AUC, one against the rest", "f1"]


def test_a_duration_is_read_at_a_glance() -> None:
    assert [numbers.duration(seconds) for seconds in (38.2, 119.6, 141.8)] == ["38 s", "2 min 0 s", "2 min 22 s"]
