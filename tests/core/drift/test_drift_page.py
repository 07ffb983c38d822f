import base64
import hashlib
import re

from scripts.core.drift import drift_page


def test_a_note_shows_what_it_says_and_runs_nothing() -> None:
    page = drift_page.note("<script>a</script>", "b & <img src=x onerror=alert(1)>").decode()
    assert "<script>" not in page and "<img" not in page
    assert "b &amp; &lt;img" in page and page.startswith("<!DOCTYPE html>")


def test_parts_are_renamed_and_data_are_not() -> None:
    value = {"a-1": [{"id": "a-1", "text": "see a-1", "n": 1.5}], "b": ["b-2", None, True]}
    renamed = drift_page.numbered(value, {"a-1": "part-0", "b-2": "part-1"})
    assert renamed == {"part-0": [{"id": "part-0", "text": "see a-1", "n": 1.5}], "b": ["part-1", None, True]}


def test_the_policy_names_exactly_the_scripts_of_the_page() -> None:
    policy = drift_page.policy("<head></head><script>one</script><p>\n<script>two\nlines</script>")
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    digests = [hashlib.sha256(text).digest() for text in (b"one", b"two\nlines")]
    assert [base64.b64decode(one) for one in allowed] == digests
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy
    assert "script-src 'unsafe-inline'" not in policy
