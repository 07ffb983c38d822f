"""models/anchors in a project with a history: what is brought from where, what is named, and what a kill leaves."""

import shutil
from pathlib import Path

import pytest

from scripts.core import bundle, declaration, objects, params
from scripts.core.declaration import Declaration
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.gate.anchor_list import FILE, Anchor, Anchors, parse, render
from scripts.core.paths import ANCHORS, ANCHORS_DVC, DECLARATION, PRODUCTION_DVC
from scripts.edges import anchors
from scripts.edges.stores import branch_store
from scripts.edges.stores.store_folder import Folder
from scripts.edges.versions import dvc, pointers
from scripts.edges.versions.cache import Cache
from tests import bundles
from tests.repository import Repository

MODELS = {version: bundles.hollow(f"model {version}") for version in (1, 2, 3, 4)}


class Killed(BaseException):
    pass


class Project:
    """v1 to v4 were promoted; the store has every bundle, this clone none."""

    def __init__(self, root: Path) -> None:
        self.repository, self.store = Repository(root / "clone"), Folder(root / "store")

    @classmethod
    def begun(cls, root: Path) -> None:
        Repository.begun(root / "clone")
        made = cls(root)
        made.store.reach()
        made.repository.commit("A new copy", {DECLARATION: declaration.render(declaration.none())})
        for version, content in MODELS.items():
            made.store.write(objects.digest(content), content)
            made.declares(version)

    def declares(self, version: int) -> None:
        content = MODELS[version]
        now = Declaration(version=version, bundle=bundle.digest(content))
        given: dict[Path | str, str | bytes | None] = {DECLARATION: declaration.render(now)}
        given[PRODUCTION_DVC] = pointers.pointer(content, "production.zip")
        self.repository.commit(f"Promote v{version}", given)

    @property
    def now(self) -> Declaration:
        return declaration.parse(DECLARATION.read_text())


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lived")
    Project.begun(root)
    return root


@pytest.fixture
def project(lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("clone", "store"):
        shutil.copytree(lived / name, tmp_path / name)
    made = Project(tmp_path)
    monkeypatch.chdir(tmp_path / "clone")
    monkeypatch.setenv("DVC_REMOTE_URL", str(made.store.root))
    for name in ("GITHUB_RUN_ID", "DVC_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "clone/.dvc").mkdir()
    return made


def settings(**gate: object) -> params.Params:
    given = "".join(f"\n  {name}: {value}" for name, value in gate.items())
    return params.parse(bundles.PARAMS.replace("  metric: log_loss", f"  metric: log_loss{given}"))


def level(project: Project, **gate: object) -> Anchors:
    return anchors.level(settings(**gate), project.now)


def held() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in ANCHORS.iterdir()}


def state() -> dict[str, tuple[bytes, int]]:
    found = [path for path in [ANCHORS_DVC, *ANCHORS.iterdir(), *Path(".dvc").rglob("*")] if path.is_file()]
    return {path.as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def test_the_releases_before_production_come_from_the_store_and_dvc_names_them(project: Project) -> None:
    listed = level(project)
    assert [each.version for each in listed.anchors] == [3, 2, 1] and not any(each.missing for each in listed.anchors)
    assert {name: content for name, content in held().items() if name != FILE} == {
        f"v{version}.zip": MODELS[version] for version in (1, 2, 3)
    }
    assert parse(held()[FILE]) == listed
    assert dvc.digest(ANCHORS_DVC) == f"{objects.digest(pointers.listing(held()))}.dir"
    named = objects.of_pointer(ANCHORS_DVC.read_text(), str(ANCHORS_DVC))[0]
    listing = Cache().read(named.oid)
    assert listing is not None and {each.path for each in objects.members(listing, named)} == {
        f"models/anchors/{name}" for name in held()
    }
    assert all(Cache().read(each.oid) is not None for each in objects.members(listing, named))


def test_a_second_time_nothing_is_fetched_and_nothing_written(project: Project) -> None:
    level(project)
    before = state()

    def nothing(oid: str) -> bytes:
        raise AssertionError(oid)

    anchors.level(settings(), project.now, nothing)
    assert state() == before


def test_what_changes_is_fetched_and_what_is_wanted_no_more_goes(project: Project) -> None:
    level(project, anchors=1)
    assert set(held()) == {FILE, "v3.zip"}
    asked: list[str] = []

    def fetch(oid: str) -> bytes:
        asked.append(oid)
        return project.store.read(oid) or b""

    anchors.level(settings(anchors=2), project.now, fetch)
    assert set(held()) == {FILE, "v3.zip", "v2.zip"} and asked == [objects.digest(MODELS[2])]
    (ANCHORS / "v2.zip").write_bytes(b"altered")
    (ANCHORS / "stray").mkdir()
    (ANCHORS / "stray/file").write_bytes(b"x")
    level(project, anchors=2)
    assert held()["v2.zip"] == MODELS[2] and set(held()) == {FILE, "v3.zip", "v2.zip"}
    level(project, anchors=0)
    assert held() == {} and dvc.digest(ANCHORS_DVC) == dvc.EMPTY
    assert Cache().read(dvc.EMPTY) == b"[]"


def test_after_a_rollback_the_later_model_is_there_and_production_is_not(project: Project) -> None:
    project.declares(2)
    listed = level(project)
    assert [(each.version, each.taken_back) for each in listed.anchors] == [(4, True), (3, False), (1, False)]


def test_a_pinned_version_is_brought_and_one_that_never_was_is_refused_before_anything_is_written(
    project: Project,
) -> None:
    assert [(each.version, each.pinned) for each in level(project, anchors=1, pinned=1).anchors] == [
        (3, False),
        (1, True),
    ]
    before = state()
    with pytest.raises(Mistake, match=r"gate\.pinned: v9 never was production") as raised:
        level(project, pinned=9)
    assert raised.value.code == USAGE and state() == before


def lost(project: Project) -> str:
    (project.store.root / objects.laid(objects.digest(MODELS[2]))).unlink()
    return "has no object"


def altered(project: Project) -> str:
    path = project.store.root / objects.laid(objects.digest(MODELS[2]))
    path.chmod(0o644)
    path.write_bytes(b"other bytes")
    return "is altered"


@pytest.mark.parametrize("spoil", [lost, altered])
def test_a_bundle_that_can_not_be_had_is_listed_with_the_reason_and_the_others_are_there(
    project: Project, spoil: object
) -> None:
    why = spoil(project)  # type: ignore[operator]
    listed = level(project)
    assert [each.missing is None for each in listed.anchors] == [True, False, True]
    assert why in str(listed.anchors[1].missing) and set(held()) == {FILE, "v3.zip", "v1.zip"}
    before = state()
    level(project)
    assert state() == before, "told once more, written once"
    project.store.write(objects.digest(MODELS[2]), MODELS[2])
    assert level(project).anchors[1].missing is None, "it is asked for again"


def test_a_commit_that_names_another_bundle_than_it_declares_is_told(project: Project) -> None:
    now = Declaration(version=5, bundle="sha256:else")
    project.repository.commit(
        "By hand", {DECLARATION: declaration.render(now), PRODUCTION_DVC: pointers.pointer(MODELS[1], "production.zip")}
    )
    project.declares(4)
    first = level(project).anchors[0]
    assert first.version == 5 and "v5 is declared as sha256:else" in str(first.missing)


def test_a_store_that_is_away_is_asked_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def away(folder: Folder) -> None:
        asked.append(folder.root)
        raise Mistake("the store is away", code=OUTSIDE)

    monkeypatch.setattr(Folder, "reach", away)
    listed = level(project)
    assert [each.missing for each in listed.anchors] == ["the store is away"] * 3
    assert len(asked) == 1 and set(held()) == {FILE}


def test_the_stores_own_clone_is_looked_into_before_the_store_is_asked(project: Project) -> None:
    near = Folder(branch_store.CLONE)
    near.reach()
    for version in (1, 3):
        near.write(objects.digest(MODELS[version]), MODELS[version])
        (project.store.root / objects.laid(objects.digest(MODELS[version]))).unlink()
    assert not any(each.missing for each in level(project).anchors)


def test_without_a_history_nobody_can_tell_and_the_reason_is_listed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = project.now
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    listed = anchors.level(settings(), now)
    assert listed.anchors == () and "there is no commit here" in str(listed.unknown)
    assert parse(held()[FILE]) == listed
    project.repository.git(
        "clone", "-q", "--depth", "1", f"file://{project.repository.root}", str(tmp_path / "shallow")
    )
    monkeypatch.chdir(tmp_path / "shallow")
    assert "this clone is shallow" in str(anchors.level(settings(), now).unknown)


def test_a_project_without_a_model_asks_nobody_and_keeps_an_empty_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert anchors.level(settings(), declaration.none()) == Anchors()
    assert held() == {} and not ANCHORS_DVC.exists()
    assert [path.read_bytes() for path in Path(".dvc").rglob("*") if path.is_file()] == [b"[]"]


class Dies:
    """After so many steps that change a file."""

    def __init__(self, patch: pytest.MonkeyPatch, steps: int) -> None:
        self.left = steps
        for owner, name in ((Path, "replace"), (Path, "unlink")):
            real = getattr(owner, name)
            patch.setattr(owner, name, lambda path, *rest, real=real, **more: self.step(real, path, *rest, **more))

    def step(self, real: object, *given: object, **more: object) -> object:
        if not self.left:
            raise Killed
        self.left -= 1
        return real(*given, **more)  # type: ignore[operator]


def listed_with(*versions: int) -> dict[str, bytes]:
    known = [Anchor(version=each, bundle=bundle.digest(MODELS[each])) for each in versions]
    return {FILE: render(Anchors(production=4, anchors=tuple(known)))} | {
        f"v{each}.zip": MODELS[each] for each in versions
    }


@pytest.mark.usefixtures("project")
def test_killed_at_any_step_all_that_the_list_names_is_there_and_the_next_run_does_the_rest() -> None:
    ended, steps, before, after = False, 0, listed_with(3, 2), listed_with(3, 1)
    while not ended:
        anchors.place(before, held() if ANCHORS.exists() else {})
        with pytest.MonkeyPatch.context() as patch:
            Dies(patch, steps)
            try:
                anchors.place(after, before)
                ended = True
            except Killed:
                steps += 1
        now = held()
        assert all(bundle.digest(now[each.file]) == each.bundle for each in parse(now[FILE]).anchors)
        anchors.place(after, now)
        assert held() == after and not list(Path("models").glob(".*.tmp"))
        assert dvc.digest(ANCHORS_DVC) == f"{objects.digest(pointers.listing(after))}.dir"
        shutil.rmtree(".dvc/cache")
    assert steps > 6
