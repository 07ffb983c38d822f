import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scripts.core import bundle, declaration, objects
from scripts.core.paths import DECLARATION, PARAMS
from scripts.core.standing import note_of
from scripts.edges import outcome
from scripts.edges.repository.branches import Remote
from tests import reports
from tests.github_server import KINDS, Fault, Forge
from tests.github_server.client import client
from tests.proposing import BRANCH, FIRST, SECOND, THIRD, Clone, cloned


@pytest.fixture
def clone(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    return cloned(forge, tmp_path / "work", monkeypatch)


def test_a_candidate_that_won_is_proposed(clone: Clone) -> None:
    clone.judge(FIRST)
    said = clone.propose()
    (pull,) = clone.open
    assert (said["action"], said["number"], said["version"]) == ("opened", pull["number"], 1)
    assert said["headline"] == pull["title"] == "Promote v1: log loss 0.561, the first model"
    assert clone.declared().bundle == bundle.digest(FIRST)
    assert {label["name"] for label in pull["labels"]} == {"evergreen"}
    files = {file["name"] for file in clone.forge.state.bare.files(str(clone.forge.tip()), pull["head"]["sha"])}
    assert files == {"models/production.json", "models/production.zip.dvc"}
    assert said["warnings"] == []


def test_the_branch_names_the_candidates_bytes_as_dvc_does(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    md5 = hashlib.md5(FIRST, usedforsecurity=False).hexdigest()
    wanted = f"outs:\n- md5: {md5}\n  size: {len(FIRST)}\n  hash: md5\n  path: production.zip\n"
    assert clone.forge.read("models/production.zip.dvc", BRANCH) == wanted.encode()


def test_pictures_come_from_the_branchs_commit(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.commit("reports/plots/differences.png")
    clone.propose()
    (pull,) = clone.open
    found = re.search(r'src="([^"]*)/blob/(\w{40})/(reports/plots/differences.png)\?raw=true"', pull["body"])
    assert found is not None
    assert found[1] == f"{clone.forge.url}/octo/evergreen"
    assert found[2] == pull["head"]["sha"]
    assert clone.forge.read(found[3], found[2]) == Path(found[3]).read_bytes()


def test_the_head_has_its_statuses(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    (pull,) = clone.open
    found = {one["context"]: (one["state"], one["target_url"], one["sha"]) for one in clone.forge.statuses}
    wanted = ("success", f"{clone.forge.url}/octo/evergreen/actions/runs/1", pull["head"]["sha"])
    assert found == dict.fromkeys(("evergreen/validation", "evergreen/gate", "evergreen/self-test"), wanted)


def test_the_commit_says_which_run_made_it(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    commit = clone.forge.state.bare.commit(str(clone.forge.tip(BRANCH)))
    assert commit["message"].endswith("\n\nEvergreen-Run: 1")
    assert commit["author"] == "github-actions[bot]"
    assert commit["parents"] == [clone.forge.tip()]


def test_the_run_page_says_what_is_proposed_and_what_is_not_set(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    (page,) = clone.pages
    assert page.startswith("## small: v1 is proposed")
    assert "**Next:** look at [#1](" in page
    assert "`APPRISE_URLS`" in page


def test_the_next_candidate_takes_the_place_of_the_last(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    clone.judge(SECOND, data="d2")
    said = clone.propose()
    (pull,) = clone.open
    assert said["action"] == "refreshed"
    assert clone.declared().bundle == bundle.digest(SECOND)
    note = note_of(pull["body"])
    assert note is not None and note.candidate == bundle.digest(SECOND)
    assert f"/blob/{clone.forge.tip(BRANCH)}/" in pull["body"]


def test_the_branch_is_built_anew_from_main(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    tip = clone.forge.commit({"README.md": "changed"})
    clone.nothing_new()
    assert clone.propose()["action"] == "refreshed"
    assert clone.forge.state.bare.commit(str(clone.forge.tip(BRANCH)))["parents"] == [tip]
    (pull,) = clone.open
    assert "/actions/runs/1)" in pull["body"], "the run that made the candidate stays the one that is linked"
    assert "took 38 s" in pull["body"]


def test_nothing_is_written_when_nothing_changed(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    clone.forge.begin_count()
    pushes = len(clone.forge.pushes)
    clone.nothing_new()
    for _ in range(3):
        assert clone.propose()["action"] == "nothing"
    assert clone.forge.writes == []
    assert len(clone.forge.pushes) == pushes


@pytest.mark.parametrize("verdict", ["HOLD", "INVALID"])
def test_a_candidate_that_no_longer_wins_closes_it_with_the_reason(clone: Clone, verdict: str) -> None:
    clone.judge(FIRST)
    clone.propose()
    clone.judge(SECOND, verdict)
    said = clone.propose()
    (pull,) = clone.forge.pulls
    assert (said["action"], pull["state"], said["number"]) == ("closed", "closed", pull["number"])
    (comment,) = clone.forge.comments
    assert verdict in comment["body"]
    assert clone.propose()["action"] == "nothing"
    clone.judge(THIRD)
    assert clone.propose()["action"] == "opened", "what a run closed is no refusal"


@pytest.mark.parametrize("verdict", ["REJECT"])
def test_without_a_win_there_is_no_pull_request(clone: Clone, verdict: str) -> None:
    clone.judge(FIRST, verdict)
    assert clone.propose()["action"] == "nothing"
    assert clone.forge.pulls == [] and clone.forge.tip(BRANCH) is None
    assert clone.forge.writes == []


def test_what_a_person_closed_stays_closed_until_the_data_change(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    clone.forge.close(1)
    clone.judge(SECOND)
    said = clone.propose()
    assert said["action"] == "left" and "#1 was closed by a person" in said["reason"]
    assert clone.open == []
    clone.judge(SECOND, data="d2")
    assert clone.propose()["action"] == "opened"
    assert [pull["number"] for pull in clone.open] == [2]


@pytest.mark.parametrize(
    "changed", ["metric: log_loss\n  min_improvement: 0.001", "metric: log_loss\n  confidence: 0.9"]
)
def test_or_until_the_margin_changes(clone: Clone, changed: str) -> None:
    clone.judge(FIRST)
    clone.propose()
    clone.forge.close(1)
    PARAMS.write_text(PARAMS.read_text().replace("metric: log_loss", changed))
    assert clone.propose()["action"] == "opened"


def test_or_until_the_params_change(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    clone.forge.close(1)
    PARAMS.write_text(PARAMS.read_text().replace("max_iter: 5", "max_iter: 6"))
    assert clone.propose()["action"] == "opened"


def test_a_persons_commits_are_never_overwritten(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    human = clone.forge.commit({"note.txt": "mine"}, branch=BRANCH, message="Mine")
    clone.judge(SECOND)
    for _ in range(2):
        said = clone.propose()
        assert (said["action"], said["number"]) == ("left", 1)
    assert clone.forge.tip(BRANCH) == human
    (comment,) = clone.forge.comments
    assert human[:7] in comment["body"]


def test_a_forged_trailer_is_a_persons_commit_all_the_same(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    human = clone.forge.commit({"note.txt": "mine"}, branch=BRANCH, message="Mine\n\nEvergreen-Run: 1")
    clone.judge(SECOND)
    assert clone.propose()["action"] == "left"
    assert clone.forge.tip(BRANCH) == human


def test_main_merged_into_the_branch_by_the_button_is_nobodys_work(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    main = clone.forge.commit({"README.md": "changed"})
    bare, head = clone.forge.state.bare, str(clone.forge.tip(BRANCH))
    tree = bare.tree_of_merge(main, head)
    assert tree is not None
    bare.set(f"refs/heads/{BRANCH}", bare.built(tree, (head, main), "Merge branch 'main'", "octocat"))
    clone.judge(SECOND)
    assert clone.propose()["action"] == "refreshed"
    assert clone.declared().bundle == bundle.digest(SECOND)


@pytest.mark.parametrize("method", ["merge", "squash"])
def test_after_a_merge_the_branch_is_free_again(clone: Clone, method: str) -> None:
    clone.judge(FIRST)
    clone.propose()
    clone.forge.merge(1, method=method)
    clone.follow()
    clone.nothing_new()
    said = clone.propose()
    assert said["action"] == "nothing" and "v1 is production already" in said["reason"]
    clone.judge(SECOND, data="d2")
    said = clone.propose()
    assert (said["action"], said["version"]) == ("opened", 2)
    replaced = clone.declared().replaces
    assert replaced is not None and replaced.bundle == bundle.digest(FIRST)
    assert clone.open[0]["title"].startswith("Promote v2: log loss 0.576 → 0.561 (better by 0.015")


def test_a_version_that_was_taken_back_is_not_used_again(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    before = {path: clone.forge.read(path) for path in ("models/production.json", "models/production.zip.dvc")}
    clone.forge.merge(1)
    clone.forge.commit(before, message="Revert")
    clone.follow()
    clone.judge(SECOND, data="d2")
    assert clone.propose()["version"] == 2


def test_what_an_earlier_run_could_not_propose_the_next_one_does(clone: Clone) -> None:
    """It hands nothing over: main has the reports, the store the candidate."""
    clone.judge(FIRST)
    clone.nothing_new()
    assert clone.propose()["action"] == "opened"
    assert clone.declared().bundle == bundle.digest(FIRST)


def test_what_an_earlier_run_could_not_close_the_next_one_does(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    clone.judge(SECOND, "HOLD")
    clone.nothing_new()
    assert clone.propose()["action"] == "closed"


def test_a_store_that_holds_another_candidate_is_not_believed(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.nothing_new()
    lock = Path("dvc.lock").read_text()
    Path("dvc.lock").write_text(lock.replace(objects.digest(FIRST), objects.digest(SECOND)))
    (clone.repository.root.parent / objects.digest(SECOND)).write_bytes(SECOND)
    assert "names another than" in clone.propose(code=3)["lines"][0]
    assert clone.forge.pulls == []


def test_a_candidate_judged_against_another_production_is_never_proposed(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    clone.judge(SECOND)
    clone.forge.merge(1)  # meanwhile
    clone.forge.begin_count()
    said = clone.propose()
    assert said["action"] == "left" and "stale" in said["reason"]
    assert clone.open == [] and clone.forge.writes == []


def test_where_actions_may_open_none_an_issue_asks_a_person(clone: Clone) -> None:
    clone.forge.settings_of_repo.allow_actions_prs = False
    clone.judge(FIRST)
    said = clone.propose()
    (issue,) = clone.forge.issues
    assert (said["action"], said["number"], said["url"]) == ("issue", issue["number"], issue["html_url"])
    assert "Allow GitHub Actions to create and approve pull requests" in issue["body"]
    assert f"{clone.forge.url}/octo/evergreen/compare/main...{BRANCH}?quick_pull=1&title=Promote+v1" in issue["body"]
    assert "| **log loss** (decides) |" in issue["body"]
    clone.judge(SECOND)
    clone.propose()
    assert len(clone.forge.issues) == 1
    clone.forge.settings_of_repo.allow_actions_prs = True
    assert clone.propose()["action"] == "opened"
    assert clone.forge.issues[0]["state"] == "closed"


def test_what_a_person_opened_from_the_prefilled_form_is_the_standing_one(clone: Clone) -> None:
    clone.forge.settings_of_repo.allow_actions_prs = False
    clone.judge(FIRST)
    clone.propose()
    client(clone.forge, actor="octocat").post(
        "pulls", {"title": "Mine", "head": BRANCH, "base": "main", "body": "short"}
    )
    clone.nothing_new()
    said = clone.propose()
    (pull,) = clone.open
    assert (said["action"], said["number"]) == ("refreshed", pull["number"])
    assert pull["title"].startswith("Promote v1") and "<details>" in pull["body"]
    assert clone.forge.issues[0]["state"] == "closed"


def test_where_main_is_protected_the_record_rides_along(clone: Clone) -> None:
    clone.forge.settings_of_repo.protected_main = True
    clone.judge(FIRST)
    outcome.write("record", {"commit": None, "protected": True, "moved": False})
    clone.propose()
    riding = ("data.dvc", "dvc.lock", "reports/evaluation.json", "reports/run.json", "reports/plots/differences.png")
    for name in riding:
        assert clone.forge.read(name, BRANCH) == Path(name).read_bytes(), name
    clone.nothing_new()
    assert clone.propose()["action"] == "nothing"


def test_mode_release_commits_to_main_and_says_so_to_the_workflow(clone: Clone) -> None:
    PARAMS.write_text(PARAMS.read_text() + "promotion: {mode: release}\n")
    clone.judge(FIRST)
    said = clone.propose()
    assert (said["action"], said["version"], clone.told) == ("committed", 1, "released=true\n")
    assert clone.declared("main").bundle == bundle.digest(FIRST)
    assert clone.forge.pulls == []
    clone.follow()
    assert clone.propose()["action"] == "nothing"
    assert clone.told == ""


@pytest.mark.parametrize("promoted", [False, True])
def test_mode_release_looks_again_when_main_moves_under_it(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, promoted: bool
) -> None:
    PARAMS.write_text(PARAMS.read_text() + "promotion: {mode: release}\n")
    clone.judge(FIRST)
    push, moves = Remote.push, iter([True])

    def late(self: Remote, *words: Any) -> None:
        if next(moves, False):
            other = {"models/production.json": declaration.render(reports.declared(1))} if promoted else {"a": "b"}
            clone.forge.commit(other)
        push(self, *words)

    monkeypatch.setattr(Remote, "push", late)
    said = clone.propose()
    if promoted:
        assert said["action"] == "left" and "stale" in said["reason"] and clone.told == ""
        assert clone.declared("main").bundle == reports.BUNDLE
    else:
        assert said["action"] == "committed" and clone.declared("main").bundle == bundle.digest(FIRST)
        assert clone.forge.read("a") == b"b"


def test_mode_release_on_a_protected_main_opens_a_pull_request(clone: Clone) -> None:
    clone.forge.settings_of_repo.protected_main = True
    PARAMS.write_text(PARAMS.read_text() + "promotion: {mode: release}\n")
    clone.judge(FIRST)
    said = clone.propose()
    assert said["action"] == "opened" and clone.told == ""
    assert "the branch is protected" in said["warnings"][0]


@pytest.mark.parametrize("allowed", [True, False])
def test_auto_merge_is_asked_for_and_a_no_is_a_warning(clone: Clone, allowed: bool) -> None:
    clone.forge.settings_of_repo.allow_auto_merge = allowed
    clone.forge.settings_of_repo.required_checks = ("tests",)
    PARAMS.write_text(PARAMS.read_text() + "promotion: {auto_merge: true}\n")
    clone.judge(FIRST)
    said = clone.propose()
    assert said["action"] == "opened"
    assert bool(clone.open[0]["auto_merge"]) is allowed
    assert ["not allowed" in warning for warning in said["warnings"]] == ([] if allowed else [True])


def test_a_person_presses_a_button_only_where_the_workflows_token_opened_it(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.judge(FIRST)
    clone.propose()
    assert "Approve workflows to run" in clone.open[0]["body"]
    clone.forge.close(1)
    app = clone.forge.token({"contents": "write", "pull-requests": "write"}, actor="evergreen-app[bot]")
    monkeypatch.setenv("EVERGREEN_TOKEN", app)
    clone.judge(SECOND, data="d2")
    clone.propose()
    (pull,) = clone.open
    assert pull["user"]["login"] == "evergreen-app[bot]"
    assert "Approve workflows to run" not in pull["body"]


def test_two_open_ones_become_one(clone: Clone) -> None:
    clone.judge(FIRST)
    clone.propose()
    first = clone.forge.state.issues[1]
    twin = clone.forge.state.issues[1].__class__(**vars(first) | {"number": 9, "id": 9, "pull": first.pull})
    clone.forge.state.issues[9] = twin
    clone.propose()
    assert [pull["number"] for pull in clone.open] == [9]
    (comment,) = clone.forge.comments
    assert comment["number"] == 1 and "#9" in comment["body"]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("retrain", {"code": 1, "lines": ["data/2013-07.parquet: column 'temp' has text. Fix the source."]}),
        ("record", {"moved": True}),
        ("record", {"code": 3, "lines": ["S3 is down"]}),
    ],
)
def test_a_run_that_failed_proposes_nothing(clone: Clone, name: str, left: dict[str, Any]) -> None:
    clone.judge(FIRST)
    outcome.write(name, left)
    assert clone.propose()["action"] == "nothing"
    assert clone.forge.requests == []
    if name == "retrain":
        PARAMS.write_text("{")  # nothing but the outcome is looked at
        assert clone.propose()["action"] == "nothing"
        assert "`data/2013-07.parquet: column 'temp' has text. Fix the source.`" in clone.pages[0]


def test_a_dry_run_shows_it_and_writes_nothing(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    clone.judge(FIRST)
    assert clone.propose("--dry-run") == {}
    said = capsys.readouterr().out
    assert said.startswith("propose: open: the candidate wins")
    assert "# Promote v1: log loss 0.561, the first model" in said
    assert clone.forge.writes == [] and clone.forge.pushes == []


def test_a_dry_run_needs_no_github(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clone.judge(FIRST)
    monkeypatch.delenv("GITHUB_REPOSITORY")
    clone.propose("--dry-run")
    assert "# Promote v1" in capsys.readouterr().out
    assert "GITHUB_REPOSITORY" in clone.propose(code=2)["lines"][0]


def test_a_token_that_may_not_is_told_which_permission_it_lacks(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = cloned(forge, tmp_path / "work", monkeypatch, {"contents": "write", "pull-requests": "read"})
    clone.judge(FIRST)
    clone.propose(code=3)
    assert "pull-requests: write" in capsys.readouterr().err


@pytest.mark.flows
def test_twenty_retrains_one_pull_request(clone: Clone) -> None:
    for number in range(20):
        clone.judge((FIRST, SECOND, THIRD)[number % 3], data=f"d{number}")
        clone.propose()
    assert [pull["number"] for pull in clone.forge.pulls] == [1]
    assert clone.forge.comments == [] and clone.forge.issues == []
    assert json.loads(DECLARATION.read_text())["version"] == 0, "the clone's own is not touched"


def another(clone: Clone, opened: bool) -> None:
    """A candidate that is to be proposed: renewing what is open, or with nothing there yet."""
    clone.judge((FIRST, SECOND, THIRD)[clone.runs % 3], data=f"d{clone.runs}")
    if not opened:
        clone.forge.state.issues.clear()
        clone.forge.state.statuses.clear()
        clone.forge.state.labels.clear()
        if clone.forge.tip(BRANCH):
            clone.forge.state.bare.delete(f"refs/heads/{BRANCH}")


def struck(clone: Clone, at: int, kind: str, opened: bool) -> None:
    """One run with a fault at this request, and one without after it: the world must be as without the fault."""
    another(clone, opened)
    clone.patience(1.0 if kind == "stall" else 20.0)
    clone.forge.begin_count()
    clone.forge.faults = [Fault(at=at, kind=kind)]
    code = clone.propose(code=None).get("code")
    assert blind(clone.forge) == []
    if code == 0:
        assert settled(clone), "success was reported"
    clone.forge.faults = []
    clone.patience(20.0)
    clone.propose()
    assert settled(clone)


def settled(clone: Clone) -> bool:
    (pull,) = clone.open
    contexts = {one["context"] for one in clone.forge.statuses if one["sha"] == clone.forge.tip(BRANCH)}
    labels = [label["name"] for label in pull["labels"]]
    note = note_of(pull["body"])
    return (
        len(clone.forge.pulls) == 1
        and len(contexts) == 3
        and labels == ["evergreen"]
        and note is not None
        and note.candidate == bundle.digest(Path("models/candidate.zip").read_bytes()) == clone.declared().bundle
        and clone.forge.comments == []
        and clone.forge.issues == []
    )


def blind(forge: Forge) -> list[str]:
    """Writes that were sent a second time without a look between."""
    log = [one for one in forge.requests if one.kind == "api"]
    return [f"{one.verb} {one.path}" for one, after in pairwise(log) if one.verb != "GET" and same(one, after)]


def same(one: Any, other: Any) -> bool:
    limited = one.fault in ("secondary_403", "429", "429_retry_after")  # which act on nothing
    return not limited and (one.verb, one.path, one.data) == (other.verb, other.path, other.data)


def requests_of(clone: Clone, opened: bool) -> list[str]:
    another(clone, opened)
    clone.forge.begin_count()
    clone.propose()
    return [one.verb for one in clone.forge.requests if one.kind == "api"]


def test_an_answer_that_got_lost_doubles_nothing(clone: Clone) -> None:
    """502 after acting on each write in turn."""
    writes = [number for number, verb in enumerate(requests_of(clone, opened=False), 1) if verb != "GET"]
    assert len(writes) >= 4
    for number in writes:
        struck(clone, number, "502_after", opened=False)


@pytest.mark.faults
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("opened", [False, True])
def test_any_fault_at_any_request_is_mended_by_the_next_run(clone: Clone, opened: bool, kind: str) -> None:
    clone.judge(FIRST)
    clone.propose()
    for number in range(1, len(requests_of(clone, opened)) + 1):
        struck(clone, number, kind, opened)
