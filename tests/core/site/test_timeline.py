from scripts.core.site.timeline import Mark, newest, said, timeline
from tests import lived
from tests.lived import life, release, retrain


def test_scores_drift_and_changes_lie_where_the_data_end() -> None:
    found = timeline(lived.ledger_of(life()).lines)
    assert (found.metric, found.by_data, found.limit) == ("log_loss", True, 0.25)
    assert [(point.at[:10], point.candidate) for point in found.points] == [
        ("2013-01-28", 0.48),
        ("2013-02-28", 0.47),
        ("2013-03-28", 0.51),
        ("2013-04-28", 0.50),
        ("2013-05-28", 0.46),
    ]
    first = found.points[1]
    assert (first.production, first.version, first.promoted) == (0.48, 1, False)
    assert first.low == 0.48 - 0.02 and first.high == 0.48 + 0.004
    assert [(each.at[:10], each.over) for each in found.drift if each.over] == [
        ("2013-04-28", True),
        ("2013-05-28", True),
    ]
    assert found.marks == (
        Mark("2013-01-28 23:59:00", "2026-01-06 05:23", 1, False),
        Mark("2013-03-28 23:59:00", "2026-03-07 05:23", 2, False),
        Mark("2013-03-28 23:59:00", "2026-03-09 05:23", 1, True),
    )


def test_without_times_in_the_data_the_axis_is_the_run() -> None:
    lines = [retrain(n, n, data={"digest": "d", "rows": 5}) for n in range(3)]
    found = timeline(lived.ledger_of([*lines, release(1, 3.5, 0)]).lines)
    assert not found.by_data and found.points[0].at == "2026-01-05 05:23:00"
    assert found.marks[0].at == "2026-01-08 17:23:00"


def test_runs_that_another_metric_decided_are_counted() -> None:
    other = retrain(1, 0, metrics={"roc_auc": {"decides": True, "candidate": 0.7, "production": 0.6}})
    found = timeline(lived.ledger_of([other, retrain(2, 1)]).lines)
    assert (found.metric, len(found.points), found.left_out) == ("log_loss", 1, 1)


def test_a_picture_of_very_many_runs_begins_with_the_newest() -> None:
    found = timeline(lived.ledger_of(life()).lines)
    short = newest(found, 3)
    assert short.points == found.points[-3:] and [mark.version for mark in short.marks] == [2, 1]
    assert [each.at[:10] for each in short.drift] == ["2013-03-28", "2013-04-28", "2013-05-28"]
    assert newest(found, 5) is found


def test_nothing_to_show() -> None:
    assert not timeline(()) and said(timeline(())) == ""


def test_the_picture_in_words() -> None:
    assert said(timeline(lived.ledger_of(life()).lines)) == (
        "Production's log loss over 5 runs, from 0.4700 to 0.5200, 0.4700 in the newest; 2 promotions, 1 way back to "
        "an earlier version, 2 runs with drift over the limit."
    )
