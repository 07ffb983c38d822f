import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts import release
from scripts.core import bundle
from scripts.core.errors import Mistake
from scripts.core.paths import DECLARATION
from scripts.edges.hub.github import GitHub
from scripts.edges.registry import tracking
from scripts.edges.registry.mlflow_registry import Recorded, Unrecorded
from tests import bundles, genuine
from tests.crashing import Killed, killed
from tests.github_server import Forge
from tests.releasing import ONE, PLAIN, THREE, TWO, Project, begun
from tests.repository import Repository

FILES = {
    "small-1.skops",
    "small-1-mlflow.zip",
    "MODEL_CARD.md",
    "evaluation.html",
    "evaluation.json",
    "metrics.json",
    "predictions.parquet",
    "drift.html",
    "requirements.txt",
    "manifest.json",
    "SHA256SUMS",
}


@pytest.fixture
def project(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return begun(forge, tmp_path / "clone", monkeypatch)


def test_a_new_copy_has_nothing_to_release_and_says_so_calmly(project: Project, capsys: Any) -> None:
    found = project.release()
    assert (found["action"], found["version"], found["url"]) == ("nothing", None, None)
    assert capsys.readouterr().out == "release: nothing: main declares no model yet\n"
    assert project.forge.writes == []


def test_what_main_declares_is_published_whole(project: Project) -> None:
    commit = project.declare(1, ONE)
    found = project.release()
    assert (found["action"], found["version"], found["tag"]) == ("published", 1, "v1")
    project.settled("v1")
    assert set(project.forge.assets("v1")) == FILES == set(found["assets"])
    assert project.forge.tags()["v1"] == commit
    assert project.forge.latest == "v1"
    assert found["url"].endswith("/releases/tag/v1")


def test_what_would_give_rows_of_the_table_away_is_not_published(project: Project) -> None:
    project.declare(1, ONE)
    project.release()
    assets = project.forge.assets("v1")
    opened = bundle.unpack(ONE, None)
    assert opened.reference not in assets.values()
    assert not any(b"rows.npy" in content and name.endswith(".zip") for name, content in assets.items())


def test_publishing_what_is_published_writes_nothing(project: Project) -> None:
    project.declare(1, ONE)
    project.release()
    project.forge.begin_count()
    assert project.release()["action"] == "nothing"
    assert project.forge.writes == []


def test_hold_out_predictions_stay_here_if_so_asked(project: Project) -> None:
    text = project.forge.read("params.yaml") or b""
    project.commit("Keep them", {"params.yaml": text.replace(b"{settle: 0}", b"{settle: 0, predictions: false}")})
    project.declare(1, ONE)
    project.release()
    assert set(project.forge.assets("v1")) == FILES - {"predictions.parquet"}


def test_two_publishers_make_equal_files(project: Project) -> None:
    project.declare(1, ONE)
    project.release()
    first = project.forge.assets("v1")
    project.forge.state.forget(next(iter(project.forge.state.releases.values())))
    project.release()
    assert project.forge.assets("v1") == first


def test_the_tip_of_main_counts_whatever_is_checked_out(project: Project) -> None:
    old = project.repository.head()
    project.declare(1, ONE)
    project.repository.git("checkout", "-q", old)
    assert project.release()["action"] == "published"


def test_revert_and_revert_of_the_revert_train_nothing_and_end_with_the_earlier_model(project: Project) -> None:
    project.declare(1, ONE)
    project.release()
    project.declare(2, TWO)
    project.release()
    assert project.forge.latest == "v2"
    one, two = project.forge.assets("v1"), project.forge.assets("v2")
    project.revert()
    found = project.release()
    assert (found["action"], found["version"], project.forge.latest) == ("made_latest", 1, "v1")
    assert project.release()["action"] == "nothing"
    project.revert()
    found = project.release()
    assert (found["action"], found["version"], project.forge.latest) == ("made_latest", 2, "v2")
    project.settled("v1", "v2")
    assert (project.forge.assets("v1"), project.forge.assets("v2")) == (one, two)


def test_a_reverted_model_is_followed_by_the_next_number(project: Project) -> None:
    project.public(1, ONE)
    project.public(2, TWO)
    project.revert()
    project.declare(3, THREE)
    project.release()
    assert project.published == ["v1", "v2", "v3"]
    assert project.forge.latest == "v3"


def test_a_release_that_a_lost_event_left_out_does_not_hold_the_next_one_up(project: Project) -> None:
    project.declare(1, ONE)
    project.declare(2, TWO)
    assert project.release()["version"] == 2
    project.settled("v2")


def refused(project: Project, capsys: Any, *words: str) -> None:
    project.forge.begin_count()
    capsys.readouterr()
    found = project.release(code=3)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1, "one line"
    for word in words:
        assert word in said.err
    assert found["lines"] == [said.err.strip()]
    assert project.forge.writes == []


def test_a_stale_candidate_is_never_published(project: Project, capsys: Any) -> None:
    project.public(1, ONE)
    before = project.declared()
    project.declare(2, TWO)
    stale = project.declare(3, THREE, replaces=before)
    refused(project, capsys, "was judged against v1", "production was v2", f"git revert {stale[:12]}")
    assert project.published == ["v1"]


def test_a_stale_candidate_does_not_become_fresh_by_a_change_of_words(project: Project) -> None:
    project.public(1, ONE)
    before = project.declared()
    project.declare(2, TWO)
    stale = project.declare(3, THREE, replaces=before)
    content = project.forge.read(DECLARATION.as_posix()) or b""
    words = project.commit("Words", {DECLARATION.as_posix(): content.replace(b'"new_rows"', b'"manual"')})
    assert project.release(code=3)["action"] == "refused"
    project.revert(words)
    project.revert(stale)
    assert project.release()["version"] == 2, "taken back, the one before it is production again"


def test_a_tag_on_another_commit_is_left_alone(project: Project, capsys: Any) -> None:
    start = project.repository.head()
    project.forge.state.bare.set("refs/tags/v1", start)
    project.declare(1, ONE)
    refused(project, capsys, "tag v1: points at", "git push origin :refs/tags/v1")
    assert project.forge.tags()["v1"] == start


def test_a_tag_on_the_declaring_commit_is_used(project: Project) -> None:
    project.forge.state.bare.set("refs/tags/v1", project.declare(1, ONE))
    assert project.release()["action"] == "published"


def test_a_burnt_tag_is_said_and_leaves_no_draft(project: Project, capsys: Any) -> None:
    project.declare(1, ONE)
    project.forge.state.burnt.add("v1")
    project.release(code=3)
    assert "belonged to an immutable release" in capsys.readouterr().err
    assert project.forge.releases == []


def test_a_number_that_was_released_with_another_model_is_refused(project: Project, capsys: Any) -> None:
    project.public(1, ONE)
    project.revert()
    project.declare(1, TWO)
    refused(project, capsys, "A number is used once")


def test_a_release_is_found_behind_a_hundred_others(project: Project) -> None:
    project.public(1, ONE)
    state = project.forge.state
    ours = next(iter(state.releases.values()))
    for number in range(101):
        state.keep(replace(ours, id=10_000 + number, tag=f"x{number}"))
    project.forge.begin_count()
    project.release()
    assert project.forge.writes == []


def test_the_declared_digest_counts_and_nothing_is_read_out_of_other_bytes(project: Project, capsys: Any) -> None:
    project.keep(TWO)
    project.declare(1, ONE, pointer=TWO)
    refused(project, capsys, "models/production.zip.dvc: names a model with the digest")


def test_a_declaration_rests_on_an_evaluation_that_came_to_its_verdict(project: Project, capsys: Any) -> None:
    project.declare(1, ONE, judged="REJECT")
    refused(project, capsys, "no commit up to", "comes to the declared verdict", "git add reports")


def test_an_evaluation_that_was_written_later_does_not_count(project: Project) -> None:
    project.declare(1, ONE)
    evaluation = json.loads((project.root / "reports/evaluation.json").read_text())
    evaluation["verdict"]["reasons"] = ["written later"]
    project.commit("Other reports", {"reports/evaluation.json": json.dumps(evaluation)})
    project.release()
    assert b"written later" not in project.forge.assets("v1")["evaluation.json"]


def test_a_store_that_lacks_the_model_is_said(project: Project, capsys: Any) -> None:
    project.declare(1, ONE)
    for path in project.store.rglob("*"):
        if path.is_file() and path.read_bytes() == ONE:
            path.unlink()
    refused(project, capsys, "has no object")


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:100] + bytes([b[100] ^ 1]) + b[101:], lambda b: TWO])
def test_a_damaged_object_is_found_before_use(project: Project, capsys: Any, damage: Any) -> None:
    project.declare(1, ONE)
    for path in project.store.rglob("*"):
        if path.is_file() and path.read_bytes() == ONE:
            path.write_bytes(damage(ONE))
    refused(project, capsys, "is altered")


def test_dry_run_writes_nothing(project: Project, capsys: Any) -> None:
    project.declare(1, ONE)
    project.release("--dry-run")
    assert capsys.readouterr().out == "release: Publish: v1 is declared and not published\n"
    assert project.forge.writes == []


def test_a_token_that_may_not_write_names_the_permission(project: Project, capsys: Any) -> None:
    project.declare(1, ONE)
    project.patch.setenv("GITHUB_TOKEN", project.forge.token({"contents": "read"}))
    project.release(code=3)
    assert "contents: write" in capsys.readouterr().err


def test_a_shallow_clone_is_refused_with_the_cure(project: Project, tmp_path: Path, capsys: Any) -> None:
    project.declare(1, ONE)
    shallow = Repository.begun(tmp_path / "shallow")
    shallow.git("fetch", "-q", "--depth", "1", f"file://{project.root}", "main")
    shallow.git("checkout", "-q", "FETCH_HEAD")
    shallow.git("remote", "add", "origin", project.forge.git_url)
    project.patch.chdir(shallow.root)
    project.release(code=3)
    assert "fetch-depth: 0" in capsys.readouterr().err


def test_an_orphan_draft_of_a_version_left_behind_goes_and_a_persons_draft_stays(project: Project) -> None:
    project.public(1, ONE)
    state = project.forge.state
    ours = next(iter(state.releases.values()))
    state.keep(replace(ours, id=500, tag="v7", draft=True, assets=()))
    state.keep(replace(ours, id=501, tag="v0.9", draft=True, assets=(), body="A person's own"))
    assert project.release()["action"] == "nothing"
    assert project.drafts == ["v0.9"]


def test_deployment_hears_of_a_release_once(project: Project) -> None:
    project.patch.setenv("DEPLOY_REPOSITORY", "octo/evergreen")
    project.patch.setenv("EVERGREEN_TOKEN", project.forge.token("write-all"))
    project.declare(1, ONE)
    found = project.release()
    project.release()
    assert found["warnings"] == []
    assert [one["event_type"] for one in project.forge.dispatches] == ["evergreen-release"]
    payload = project.forge.dispatches[0]["client_payload"]
    assert payload == {"version": 1, "bundle": bundle.digest(ONE), "url": found["url"]}


def deploys(project: Project) -> None:
    project.patch.setenv("DEPLOY_REPOSITORY", "octo/evergreen")
    project.patch.setenv("EVERGREEN_TOKEN", project.forge.token("write-all"))


def told(project: Project) -> list[int]:
    return [one["client_payload"]["version"] for one in project.forge.dispatches]


def test_going_back_is_told_and_what_was_told_is_not_told_again(project: Project) -> None:
    deploys(project)
    project.public(1, ONE)
    project.public(2, TWO)
    assert project.release()["reason"] == "v2 is published, and the latest; octo/evergreen is told of it now"
    project.revert()
    assert project.release()["action"] == "made_latest"
    project.revert()
    assert project.release()["action"] == "made_latest"
    assert told(project) == [2, 1, 2]
    project.forge.begin_count()
    project.release()
    assert project.forge.writes == []


def test_a_kill_between_publishing_and_telling_is_made_good_by_the_next_run(project: Project) -> None:
    deploys(project)
    project.declare(1, ONE)

    def kill(*_: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(release.deployment, "told", kill)
        project.release()
    assert project.published == ["v1"] and told(project) == []
    assert project.release()["action"] == "nothing"
    assert told(project) == [1]


TELLING = [(back, when) for back in (3, 2, 1, 0) for when in ("before", "after")]
SHORT = [(3, "after"), (0, "before")]


@pytest.mark.parametrize(
    ("back", "when"), [pytest.param(*each, marks=() if each in SHORT else pytest.mark.faults) for each in TELLING]
)
def test_a_kill_at_any_request_of_the_telling_is_made_good_by_the_next_run(
    project: Project, back: int, when: str
) -> None:
    """The last four requests: the dispatch, two looks at the release, and its notes."""
    deploys(project)
    project.public(1, ONE)
    untold = next(iter(project.forge.state.releases.values()))
    with killed(10**6, when) as requests:
        project.release()
    project.forge.dispatches.clear()
    project.forge.state.keep(untold)
    with killed(requests[0] - back, when), pytest.raises(Killed):
        project.release(code=None)
    project.release()
    assert told(project) in ([1], [1, 1]), "told, at worst twice"
    project.forge.begin_count()
    project.release()
    assert project.forge.writes == []


def test_notes_that_can_not_be_written_are_a_warning(project: Project) -> None:
    deploys(project)
    project.public(1, ONE)
    project.patch.setenv("GITHUB_TOKEN", project.forge.token({"contents": "read"}))
    (warning,) = project.release()["warnings"]
    assert "was told, and will be told again" in warning
    assert told(project) == [1]


def test_a_deployment_that_could_not_be_told_is_told_by_the_next_run(project: Project) -> None:
    project.patch.setenv("DEPLOY_REPOSITORY", "octo/evergreen")
    project.public(1, ONE)
    assert "EVERGREEN_TOKEN is not set" in project.release()["warnings"][0]
    deploys(project)
    assert project.release()["warnings"] == []
    assert told(project) == [1]


def test_a_deployment_without_a_token_is_a_warning(project: Project) -> None:
    project.patch.setenv("DEPLOY_REPOSITORY", "octo/serving")
    project.declare(1, ONE)
    found = project.release()
    assert found["action"] == "published"
    assert found["warnings"] == [
        "DEPLOY_REPOSITORY: octo/serving is not told: EVERGREEN_TOKEN is not set, and no other may write there."
    ]


class Registry:
    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, []

    def __enter__(self) -> "Registry":
        return self

    def __exit__(self, *_: object) -> None: ...

    def alias(self, *words: str) -> Any:
        self.asked.append(words)
        return self.answer


@pytest.mark.parametrize("answer", [Recorded(version="3"), Unrecorded("http://mlflow", "it answers 503")])
def test_the_registrys_alias_follows_and_blocks_nothing(project: Project, answer: Any) -> None:
    registry = Registry(answer)
    project.patch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example")
    project.patch.setattr(tracking, "started", lambda params: registry)
    project.declare(1, ONE)
    found = project.release()
    assert registry.asked == [("small", bundle.digest(ONE), "production")]
    assert found["action"] == "published"
    assert found["warnings"] == ([str(answer)] if isinstance(answer, Unrecorded) else [])
    registry.asked.clear()  # as if the run had been ended before it came to the registry
    again = project.release()
    assert (again["action"], again["warnings"]) == ("nothing", found["warnings"])
    assert registry.asked == [("small", bundle.digest(ONE), "production")]


def test_the_run_page_says_what_was_done(project: Project, tmp_path: Path) -> None:
    page, told = tmp_path / "page.md", tmp_path / "told"
    project.patch.setenv("GITHUB_STEP_SUMMARY", str(page))
    project.patch.setenv("GITHUB_OUTPUT", str(told))
    project.declare(1, ONE)
    found = project.release()
    assert f"### Release: [v1]({found['url']}) published" in page.read_text()
    assert told.read_text() == "published=true\n"
    assert Path("outcome/SHA256SUMS").read_bytes() == project.forge.assets("v1")["SHA256SUMS"]
    project.release()
    assert told.read_text() == "published=true\n", "told once"
    assert not Path("outcome/SHA256SUMS").exists()


def test_a_merge_names_the_pull_request_and_who_pressed_the_button(project: Project) -> None:
    commit = project.declare(1, ONE)
    forge = project.forge
    base = project.repository.git("rev-parse", f"{commit}~1")
    forge.state.bare.set("refs/heads/evergreen/candidate", commit)
    forge.state.bare.set("refs/heads/main", base)
    hub = GitHub(forge.settings(forge.token("write-all")))
    made = hub.write(
        "POST", "{repo}/pulls", {"title": "Promote v1", "head": "evergreen/candidate", "base": "main", "body": ""}
    )
    forge.merge(made["number"])
    project.patch.setenv("GITHUB_TOKEN", forge.token({"contents": "write", "pull-requests": "read"}))
    assert project.release()["action"] == "published"
    body = forge.releases[0]["body"]
    assert f"Promoted by @octocat in [#{made['number']}]" in body


def test_own_preprocessing_travels_with_the_model(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = begun(forge, tmp_path / "clone", monkeypatch, params=bundles.PARAMS)
    project.commit("Code", {"scripts/__init__.py": "", "scripts/core/features.py": "# own\n"})
    project.declare(1, bundles.hollow("with a function", bundles.PARAMS))
    project.release()
    with zipfile.ZipFile(io.BytesIO(forge.assets("v1")["small-1-mlflow.zip"])) as held:
        assert held.read("code/scripts/core/features.py") == b"# own\n"
    assert "run this in a clone" in forge.releases[0]["body"]
    assert PLAIN != bundles.PARAMS


def test_a_real_model_is_proven_by_a_clean_process_before_it_is_public(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = begun(forge, tmp_path / "clone", monkeypatch, loaded=True)
    content = genuine.bundle_of()
    project.declare(1, content)
    assert project.release()["action"] == "published"
    assert project.forge.assets("v1")["small-1.skops"] == bundle.unpack(content, None).model


def test_a_model_that_predicts_otherwise_is_not_published_and_leaves_no_draft(project: Project, capsys: Any) -> None:
    def proven(made_of: Any, contents: Any) -> None:
        assert contents["small-1.skops"] == bundle.unpack(ONE, None).model, "as it came back"
        assert project.drafts == ["v1"], "nobody sees it yet"
        raise Mistake("small-1.skops: predicts otherwise in a clean process")

    project.patch.setattr(release, "proven", proven)
    project.declare(1, ONE)
    project.release(code=1)
    assert "predicts otherwise in a clean process" in capsys.readouterr().err
    assert project.forge.releases == []


def test_a_type_that_nobody_trusts_is_named_before_anything_is_loaded(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    project = begun(forge, tmp_path / "clone", monkeypatch, loaded=True)
    opened = bundle.unpack(genuine.bundle_of(), None)
    members = {}
    with zipfile.ZipFile(io.BytesIO(opened.model)) as held:
        for name in held.namelist():
            members[name] = held.read(name).replace(b'"sklearn.tree._classes"', b'"evil.tree"')
    other = bundle.pack(opened.manifest, bundle.archive(members), opened.reference, bundle.rows_bytes(opened.rows))
    project.declare(1, other)
    project.release(code=3)
    assert "holds types that nobody trusts here: evil.tree.DecisionTreeClassifier" in capsys.readouterr().err
    assert forge.releases == []
