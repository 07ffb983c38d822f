from dataclasses import replace

from scripts.core.doctor import clone
from scripts.core.doctor.clone import Clone, Versions
from scripts.core.doctor.findings import Finding

DATA = "3f2a" * 8 + ".dir"
LOCK = {"stages": {"validate": {"deps": [{"path": "data", "md5": DATA}]}, "drift": {}}}
SOUND = Clone(
    commit="a81c" * 10,
    branch="main",
    shallow=False,
    changed=(),
    conflicts=(),
    mistakes={"params.yaml": (), "data.dvc": ()},
    version=3,
    data=DATA,
    lock=LOCK,
    stages=("validate", "drift", "train", "evaluate"),
)
GOOD = Versions((3, 11, 7), (2, 43, 0), {"dvc": "3.67.1", "mlflow": "3.17.2"}, {"dvc": "3.67.1", "mlflow": "3.17.2"})


def troubles(found: list[Finding]) -> list[tuple[str, str]]:
    bad = [each for each in found if each.state != "ok"]
    assert all(each.cure for each in bad), "a line without a cure"
    return [(each.state, each.what) for each in bad]


def only(found: list[Finding]) -> Finding:
    [bad] = [each for each in found if each.state != "ok"]
    return bad


def test_a_sound_clone_is_fine() -> None:
    assert troubles(clone.findings(SOUND)) == []
    assert troubles(clone.versions(GOOD)) == []


def test_a_folder_without_history() -> None:
    assert troubles(clone.findings(replace(SOUND, commit=None, branch=None))) == [("warn", "git")]


def test_a_shallow_clone_says_how_to_have_the_rest() -> None:
    found = only(clone.findings(replace(SOUND, shallow=True)))
    assert found.state == "warn" and "git fetch --unshallow" in found.cure


def test_a_dirty_tree_names_the_files() -> None:
    found = only(clone.findings(replace(SOUND, changed=("a", "b", "c", "d", "e"))))
    assert found.says == "a, b, c and 2 more: not committed"


def test_a_conflict_is_told_once_and_what_its_file_fails_of_besides_is_not() -> None:
    broken = replace(
        SOUND,
        conflicts=("params.yaml:7", "dvc.lock:3"),
        mistakes={"params.yaml": ("params.yaml:7: has a conflict marker. Finish the merge first.",)},
        lock=None,
    )
    assert troubles(clone.findings(broken)) == [("fail", "conflict"), ("fail", "conflict")]


def test_every_mistake_of_a_file_is_a_line_with_its_own_cure() -> None:
    said = ("params.yaml:3: data.task must be text. Write binary.", "params.yaml:9: gate.metric is missing. Add it.")
    found = clone.findings(replace(SOUND, mistakes={"params.yaml": said}))
    assert [(each.says, each.cure) for each in found if each.state == "fail"] == [
        ("params.yaml:3: data.task must be text", "Write binary."),
        ("params.yaml:9: gate.metric is missing", "Add it."),
    ]


def test_no_model_yet_is_no_fault() -> None:
    assert troubles(clone.findings(replace(SOUND, version=0, lock=None))) == []


def test_a_lock_of_other_data_is_stale() -> None:
    found = only(clone.findings(replace(SOUND, data="ffff" * 8 + ".dir")))
    assert (found.state, found.what) == ("warn", "dvc.lock")
    assert "3f2a3f2a" in found.says and "ffffffff" in found.says


def test_a_cut_off_lock_is_found() -> None:
    assert troubles(clone.findings(replace(SOUND, lock={"schema": "2.0"}))) == [("fail", "dvc.lock")]
    assert troubles(clone.findings(replace(SOUND, lock={"stages": None}))) == [("fail", "dvc.lock")]
    half = {"stages": {"validate": LOCK["stages"]["validate"]}}
    assert troubles(clone.findings(replace(SOUND, lock=half))) == [("warn", "dvc.lock")]


def test_versions_that_differ_are_named_with_the_lock() -> None:
    found = only(clone.versions(replace(GOOD, installed={"dvc": "3.60.0", "mlflow": ""})))
    assert found.says == "2 of 2 differ: dvc 3.60.0 (locked 3.67.1), mlflow is missing (locked 3.17.2)"
    assert found.cure == "make setup"


def test_another_python_and_no_git() -> None:
    assert troubles(clone.versions(replace(GOOD, python=(3, 12, 1), git=()))) == [("fail", "Python"), ("fail", "git")]
    assert troubles(clone.versions(replace(GOOD, git=(2, 20, 1)))) == [("warn", "git")]
    assert troubles(clone.versions(replace(GOOD, locked={}))) == [("warn", "packages")]
