from scripts.core.settings.data_params import Files, Replay
from scripts.edges.batches import flights, whole


def test_a_replay_can_still_give_what_has_not_come() -> None:
    months = flights.months()
    assert whole.missing(Replay(kind="replay"), []) == months
    assert whole.missing(Replay(kind="replay"), [*months[:11], "mine.csv"]) == [months[11]]


def test_what_another_source_has_not_brought_is_not_known() -> None:
    assert whole.missing(Files(kind="files", path="inbox"), []) == []
