from scripts.core.report import riding
from scripts.core.standing import Note, note_of

NOTE = Note("key", "sha256:new", "7f3c2a10", "https://x/runs/1", record=True)


def test_a_title_says_which_data_and_that_nothing_is_promoted() -> None:
    said = riding.title({"data_to": "2013-06-30T21:00:00", "verdict": "HOLD"})
    assert said == "Record data to 2013-06-30: HOLD, nothing is promoted"
    assert riding.title({"verdict": None}) == "Record data and reports: no reason to retrain, nothing is promoted"


def test_a_body_says_why_what_becomes_of_it_and_what_a_person_does() -> None:
    said = riding.body("HOLD: not proven <b>.", 3, NOTE)
    assert said.startswith("HOLD: not proven &lt;b&gt;. Production v3 stays.")
    assert "does the same again" in said and "merge to keep" in said and "[run](https://x/runs/1)" in said
    assert note_of(said) == NOTE
    assert "There is no production model yet" in riding.body("x", 0, NOTE)
