import pytest

from scripts.core.errors import OUTSIDE, Mistake, reported


def test_a_mistake_is_said_in_its_lines_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    @reported
    def main() -> int:
        raise Mistake("a.yaml:1: is wrong. Mend it.", "b.csv: is gone. Bring it.", code=OUTSIDE)

    assert main() == OUTSIDE
    out, err = capsys.readouterr()
    assert (out, err) == ("", "a.yaml:1: is wrong. Mend it.\nb.csv: is gone. Bring it.\n")


def test_what_goes_well_is_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert reported(lambda: 7)() == 7
    assert capsys.readouterr().err == ""


def test_a_bug_of_ours_keeps_its_traceback() -> None:
    @reported
    def main() -> int:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        main()


def test_a_mistake_fails_with_1_unless_said_otherwise() -> None:
    assert Mistake("x").code == 1
    assert str(Mistake("x", "y")) == "x\ny"
