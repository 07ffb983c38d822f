import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.core.errors import Mistake
from scripts.core.ledger import Ledger, Line, as_of, find, joined, missed, moment, parse, render, with_line

START = datetime(2026, 11, 1, 3, 17, tzinfo=UTC)


def line(id: str = "7f3c2a11", days: float = 0, **other: Any) -> Line:
    plain = {"time": (START + timedelta(days=days)).isoformat(), "id": id, "command": "retrain"}
    return Line.model_validate(plain | other)


def test_a_line_is_read_as_it_was_written() -> None:
    known = line(
        event="schedule",
        data={"digest": "3f2a.dir", "rows": 28796, "from": "2013-05-01", "to": "2013-05-31"},
        triggers=[
            {"name": "new_rows", "state": "fired", "value": 28796, "limit": 20000, "distance": 1.4398, "says": "x"}
        ],
        metrics={"log_loss": {"decides": True, "candidate": 0.4, "production": 0.5, "interval": [-0.2, -0.1]}},
        reasons=["a reason\nof two lines, \u2028 and a strange one"],
    )
    written = render(known)
    assert written.count(b"\n") == 1 and written.endswith(b"\n")
    assert parse(written) == Ledger((known,))
    assert "from" in json.loads(written)["data"]


def test_keys_of_later_versions_are_passed_over_and_kept_in_the_file() -> None:
    later = json.dumps({**json.loads(render(line())), "mood": "good", "data": {"rows": 3, "colour": "blue"}}).encode()
    assert parse(later + b"\n").lines[0].data.rows == 3  # type: ignore[union-attr]
    more = with_line(later, line("other"))
    assert more is not None and more.startswith(later + b"\n")


def test_a_number_that_is_not_finite_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        render(line(total_seconds=float("nan")))


BROKEN = [b'{"time": "2026-', b"<<<<<<< HEAD", b"=======", b"[]", b'{"id": 3}', b"\xff\xfe", b'{"a": NaN}', b"null"]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_line_is_told_by_its_number_and_left_alone(broken: bytes) -> None:
    content = render(line("a")) + broken + b"\n" + render(line("b", 1))
    found = parse(content)
    assert [known.id for known in found.lines] == ["a", "b"]
    assert [each.number for each in found.broken] == [2]
    assert str(found.broken[0]).startswith("ledger.jsonl:2: can't be read (")
    more = with_line(content, line("c", 2))
    assert more is not None and more.startswith(content)
    assert [known.id for known in parse(more).lines] == ["a", "b", "c"]


def test_half_a_line_at_the_end_does_not_swallow_the_next() -> None:
    half = render(line("a")) + render(line("b"))[:40]
    found = parse(with_line(half, line("c")))
    assert [known.id for known in found.lines] == ["a", "c"] and found.broken[0].number == 2


def test_a_line_without_a_time_zone_is_broken() -> None:
    assert parse(b'{"time": "2026-11-01T03:17:00", "id": "a", "command": "retrain"}').broken


def test_a_line_is_added_once() -> None:
    once = with_line(None, line("a"))
    assert once is not None
    assert with_line(once, line("a", 5, verdict="HOLD")) is None
    assert len(parse(once + once).lines) == 1


def test_lines_of_two_branches_are_one_ledger() -> None:
    both = joined([parse(render(line("a")) + render(line("c", 2))), parse(render(line("a")) + render(line("b", 1)))])
    assert [known.id for known in both.lines] == ["a", "b", "c"]


def test_a_run_is_found_by_its_name_or_how_it_begins() -> None:
    lines = [
        line("100-1-retrain", 0, run="7f3c2a11", verdict="PROMOTE"),
        line("101-1-release", 1),
        line("110-1-retrain", 2, run="7f3c2a11", new=False),
        line("120-1-retrain", 3, run="7fffffff"),
    ]
    assert find(lines, "101").id == "101-1-release"
    assert find(lines, "110-1-retrain").id == "110-1-retrain"
    assert find(lines, "7f3c2a").id == "100-1-retrain", "the run that found it, not the one that found nothing new"
    with pytest.raises(Mistake, match="could be any of 100-1-retrain, 110-1-retrain, 120-1-retrain"):
        find(lines, "7f")
    with pytest.raises(
        Mistake, match=r"'zz': is no run of the ledger\. The newest are: 101-1-release, 7f3c2a11, 7fffffff"
    ):
        find(lines, "zz")
    with pytest.raises(Mistake, match="none yet"):
        find([], "zz")
    with pytest.raises(Mistake):
        find(lines, "")


def test_one_run_of_github_retrains_and_releases() -> None:
    lines = [line("100-1-retrain", run="7f3c2a11"), line("100-1-release", 1)]
    assert find(lines, "100").id == "100-1-retrain"
    assert find(lines, "100-1-rel").id == "100-1-release"


def test_what_was_production_is_what_was_last_published_by_then() -> None:
    def release(days: float, version: int, action: str) -> Line:
        return line(f"r{days}", days, command="release", action=action, version=version)

    lines = [
        release(1, 1, "published"),
        release(3, 2, "published"),
        release(5, 1, "made_latest"),
        release(7, 1, "nothing"),
    ]
    found = [as_of(lines, START + timedelta(days=days)) for days in (0.5, 1, 2, 4, 6, 8)]
    assert [each and each.version for each in found] == [None, 1, 1, 2, 1, 1]
    assert as_of([line("x", 0, version=9, action=None)], START + timedelta(days=9)) is None


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-11-24", "2026-11-24T23:59:59.999999+00:00"),
        ("2026-11-24T18:00", "2026-11-24T18:00:00+00:00"),
        ("2026-11-24T18:00:00+02:00", "2026-11-24T18:00:00+02:00"),
    ],
)
def test_a_date_is_a_moment(text: str, means: str) -> None:
    assert moment(text) == datetime.fromisoformat(means)


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "24.11.2026"])
def test_what_is_no_date_is_said(text: str) -> None:
    with pytest.raises(Mistake, match=r"is no date\. Write it as in 2026-11-24"):
        moment(text)


def daily(*days: float) -> list[Line]:
    return [line(f"s{day}", day, event="schedule", workflow="Retrain") for day in days]


def test_a_missed_schedule_is_noticed() -> None:
    lines = [*daily(0, 1, 2, 3.1), line("p", 6.4, event="push")]
    assert missed(lines, START + timedelta(days=5)) == []
    (said,) = missed(lines, START + timedelta(days=6.5))
    assert said.startswith(
        "schedule of Retrain: its last run was 3 days ago, the usual gap is 24 hours: a run was missed."
    )


def test_too_few_runs_tell_no_schedule() -> None:
    assert missed(daily(0, 1), START + timedelta(days=50)) == []
    assert missed([line("p", 0, event="push")] * 5, START + timedelta(days=50)) == []
