from datetime import timedelta

import pytest

from scripts.core.doctor.cron import spacing


@pytest.mark.parametrize(
    ("cron", "days"),
    [
        ("23 5 * * *", 1),
        ("17 */6 * * *", 0.25),
        ("17 2,14 * * *", 0.5),
        ("41 * * * *", 1 / 24),
        ("41 3 * * 1", 7),
        ("41 3 * * 1,4", 3),
        ("41 3 1 * *", 31),
        ("41 3 */10 * *", 10),
        ("41 3 1 1 *", 366),
        ("41 3 1 */3 *", 93),
        ("nonsense", 1 / 24),
    ],
)
def test_how_far_apart_two_runs_are(cron: str, days: float) -> None:
    assert spacing(cron) == timedelta(days=days)
