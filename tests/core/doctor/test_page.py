from scripts.core.doctor import page
from scripts.core.doctor.findings import Finding, counted
from scripts.core.text import BREAK

FOUND = [
    Finding("Clone", "ok", "history", "complete: main at a81ca81c"),
    Finding(
        "Clone", "fail", "params.yaml", "params.yaml:3: " + "data.task must be one of these " * 6, "Write " + "x" * 150
    ),
    Finding("GitHub", "unknown", "token", "there is no token", "Give one."),
    Finding("Settings", "unset", "APPRISE_URLS", "not set"),
]
POLICY = {"Version": "2012-10-17", "Statement": []}


def test_every_line_fits_and_every_finding_has_its_mark() -> None:
    lines = page.lines("Evergreen · doctor", FOUND, POLICY)
    assert max(map(len, lines)) <= page.WIDTH
    assert lines[0] == "Evergreen · doctor · 1 failed, 1 not known, 1 fine, 1 optional settings not given"
    text = "\n".join(lines)
    assert text.count("✓") == text.count("✗") == text.count("?") == 1
    assert "x" * 50 in text and '"Version": "2012-10-17"' in text
    assert [line for line in lines if line and line[0] not in " {}"][1:4] == ["Clone", "GitHub", "Settings"]


def test_a_terminal_obeys_nothing_that_is_found() -> None:
    hostile = "##[error]\x1b[2J\x1b]0;owned\x07\r\n::set-env name=x::y"
    text = "\n".join(page.lines(hostile, [Finding("Clone", "fail", hostile, hostile, hostile)], None))
    assert not [letter for letter in text if letter not in ("\n", BREAK) and not letter.isprintable()]
    assert "::" not in text and "##[" not in text


def test_machines_get_everything() -> None:
    found = page.machines(FOUND, POLICY)
    assert found["healthy"] is False and found["counts"] == counted(FOUND)
    assert found["findings"][2] == {
        "part": "GitHub",
        "state": "unknown",
        "what": "token",
        "says": "there is no token",
        "cure": "Give one.",
    }
    assert found["trust_policy"] == POLICY
    assert page.machines(FOUND[:1], None)["healthy"] is True


def test_the_page_of_a_run_shows_faults_first() -> None:
    text = page.markdown("Evergreen · doctor", FOUND, POLICY)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| ✗", "| ?", "| ✓", "| ·"]
    assert "```json" in text


def test_hostile_text_breaks_no_table_of_the_page() -> None:
    hostile = "a | b\n| c | <img src=x onerror=alert(1)> @everyone `x` <!channel>"
    text = page.markdown(hostile, [Finding("Clone", "fail", hostile, hostile, hostile)], None)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 3
    assert "<img" not in text and "<!channel>" not in text and "@everyone" not in text
