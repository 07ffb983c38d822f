import json
from collections.abc import Mapping
from typing import Any

import pytest

from scripts.core import bundle, handover, objects
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.handover import LISTING, Handover
from tests import stored

BASE = "a" * 40
PIPELINE = """\
stages:
  validate:
    outs: [reports/validation.json: {cache: false}]
  evaluate:
    outs:
    - models/candidate.zip
    - reports/predictions.parquet
    - reports/evaluation.json: {cache: false}
"""
CANDIDATE = b"the candidate"


def evaluation(candidate: bytes = CANDIDATE, verdict: str = "PROMOTE") -> bytes:
    said = {"models": {"candidate": {"bundle": bundle.digest(candidate)}}, "verdict": {"verdict": verdict}}
    return json.dumps(said).encode()


def made(run: Mapping[str, Any] | None = None, **changed: bytes | None) -> Handover:
    """A whole run; a file is changed by its name with _ for what a name can't have (None: not there)."""
    listing = stored.listing(stored.BATCHES)
    oid = f"{objects.digest(listing)}.dir"
    given: dict[str, bytes | None] = {
        "data.dvc": stored.pointer("data", listing, stored.BATCHES).encode(),
        LISTING: listing,
        "data/2024-02.parquet": stored.BATCHES["2024-02.parquet"],
        "models/candidate.zip": CANDIDATE,
        "reports/predictions.parquet": b"predictions",
        "reports/evaluation.json": evaluation(),
        "reports/validation.json": b"{}",
        "reports/run.json": json.dumps({"data": oid, "run": "ab12cd34", "verdict": "PROMOTE", **(run or {})}).encode(),
        "outcome/retrain.json": b"{}",
    }
    names = {name.replace("/", "_").replace(".", "_").replace("-", "_"): name for name in given}
    names["dvc_lock"] = "dvc.lock"
    given |= {names[name]: content for name, content in changed.items()}
    outs = {"validate": ["reports/validation.json"], "evaluate": [*stored.OUTPUTS, "reports/evaluation.json"]}
    lock = {stage: {name: given[name] or b"" for name in inner} for stage, inner in outs.items()}
    given.setdefault("dvc.lock", stored.lock(lock, {"validate": {"data": oid}}).encode())
    return Handover(BASE, True, {name: content for name, content in given.items() if content is not None})


def refused(handed: Handover, before: str | None = None, candidate: bytes | None = None) -> str:
    with pytest.raises(Mistake) as raised:
        handover.checked(handed, PIPELINE, before, candidate)
    (line,) = raised.value.lines
    assert raised.value.code == OUTSIDE and line.startswith(("handover: ", "data ", "dvc.lock: ", "data.dvc: "))
    return line


def test_a_run_that_fits_together_is_taken() -> None:
    handed = made()
    checked = handover.checked(handed, PIPELINE, None, None)
    assert [each.path for each in checked.data] == ["data", "data/2024-01.parquet", "data/2024-02.parquet"]
    assert {each.path for each in checked.outputs} >= set(stored.OUTPUTS)


def test_what_is_written_is_read_back_and_nothing_else() -> None:
    handed = made()
    said = handover.manifest(handed).encode()
    assert handover.opened(said, handed.files) == handed
    altered = {**handed.files, "dvc.lock": handed.files["dvc.lock"] + b"\n"}
    missing = {name: content for name, content in handed.files.items() if name != "dvc.lock"}
    more = {**handed.files, "reports/drift.html": b"x"}
    for files, why in ((altered, "not what the manifest"), (missing, "missing"), (more, "not listed")):
        with pytest.raises(Mistake, match=why):
            handover.opened(said, files)


@pytest.mark.parametrize("said", [b"", b"[]", b"{}", b"\xff", b'{"base": "main", "whole": true, "files": {}}'])
def test_a_manifest_that_says_nothing_is_told(said: bytes) -> None:
    with pytest.raises(Mistake, match=r"manifest\.json"):
        handover.opened(said, {})


@pytest.mark.parametrize(
    "path",
    [
        "models/production.json",
        "models/production.zip",
        "models/production.zip.dvc",
        "scripts/store.py",
        "params.yaml",
        "dvc.yaml",
        ".github/workflows/ci.yml",
        ".git/hooks/pre-push",
        ".dvc/config",
        "../outside",
        "/etc/passwd",
        "data/../scripts/store.py",
        "data/.hidden",
        "data/",
        "reports/../params.yaml",
        "reports/x.py",
        "outcome/propose.json",
        "outcome/release.json",
        "requirements.txt",
        "data.dvc\n",
        "reports/$(id).json",
    ],
)
def test_nothing_but_results_is_taken(path: str) -> None:
    assert not handover.allowed(path)
    handed = Handover(BASE, True, {path: b"x"})
    with pytest.raises(Mistake, match="not to be handed over"):
        handover.opened(handover.manifest(handed).encode(), handed.files)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"data_2024_02_parquet": b"other"}, "not what data.dvc names"),
        ({"data_listing": b"[]"}, "is not what data.dvc names"),
        ({"data_listing": None}, "is not what data.dvc names"),
        ({"data_dvc": stored.pointer("scripts", b"x").encode()}, "something other than data"),
        ({"data_dvc": None}, "missing"),
        ({"dvc_lock": b"<<<<<<< HEAD"}, "can't be read"),
        ({"dvc_lock": None}, "missing"),
        ({"reports_run_json": b"{"}, "is no JSON"),
        ({"reports_run_json": None}, "speak of different data"),
    ],
)
def test_a_part_that_does_not_fit_is_refused(changed: dict[str, bytes | None], why: str) -> None:
    assert why in refused(made(**changed))


def test_the_parts_must_speak_of_the_same_data_candidate_and_verdict() -> None:
    assert "different data" in refused(made({"data": "other"}))
    assert "judges another candidate" in refused(made(reports_evaluation_json=evaluation(b"another")))
    assert "HOLD" in refused(made(reports_evaluation_json=evaluation(verdict="HOLD")))
    assert "does not say what it should" in refused(made({"run": "x\n\nSigned-off-by: somebody"}))
    assert "does not say what it should" in refused(made({"verdict": "PROMOTE\n"}))
    handover.checked(made({"verdict": None}, reports_evaluation_json=evaluation(b"older")), PIPELINE, None, None)


def changed_after(handed: Handover, path: str, content: bytes | None) -> Handover:
    """A file changed after dvc.lock was written."""
    files = {**handed.files, path: content}
    return Handover(BASE, True, {name: given for name, given in files.items() if given is not None})


@pytest.mark.parametrize("path", ["models/candidate.zip", "reports/evaluation.json", "reports/predictions.parquet"])
def test_an_output_is_the_one_that_the_lock_names_or_is_refused(path: str) -> None:
    assert "not what dvc.lock names" in refused(changed_after(made(), path, b"swapped"))
    assert "was not handed over" in refused(changed_after(made(), path, None))


def test_an_output_from_before_need_not_travel_again_and_is_judged_all_the_same() -> None:
    handed = made()
    without = changed_after(handed, "models/candidate.zip", None)
    before = handed.files["dvc.lock"].decode()
    handover.checked(without, PIPELINE, before, CANDIDATE)
    assert "judges another candidate" in refused(without, before, b"swapped")
    assert "judges another candidate" in refused(without, before, None)


def test_a_file_that_nothing_names_is_refused() -> None:
    assert "named by nothing" in refused(changed_after(made(), "reports/more.json", b"{}"))
    assert "not in data.dvc" in refused(changed_after(made(), "data/more.parquet", b"x"))


LISTED = {"anchors.json": b"{}", "v1.zip": b"an earlier release"}


def with_anchors(**changed: bytes | None) -> Handover:
    """As when a run was judged beside another release than the one before."""
    listing = stored.listing(LISTED)
    handed = made()
    lock = handed.files["dvc.lock"].decode()
    read = f"{{path: models/anchors, hash: md5, md5: {objects.digest(listing)}.dir}}"
    cmd = "    cmd: python evaluate.py\n    deps: "
    assert f"{cmd}[]" in lock
    files: dict[str, bytes | None] = {
        **handed.files,
        "dvc.lock": lock.replace(f"{cmd}[]", f"{cmd}[{read}]").encode(),
        "models/anchors.dvc": stored.pointer("anchors", listing, LISTED).encode(),
        "anchors.listing": listing,
        "models/anchors/anchors.json": b"{}",
    }
    names = {"listing": "anchors.listing", "pointer": "models/anchors.dvc", "json": "models/anchors/anchors.json"}
    files |= {names.get(name, name): content for name, content in changed.items()}
    return Handover(BASE, True, {name: content for name, content in files.items() if content is not None})


def test_anchors_that_have_changed_travel_as_a_list_and_their_bundles_stay_in_the_store() -> None:
    handed = with_anchors()
    assert handover.opened(handover.manifest(handed).encode(), handed.files) == handed
    checked = handover.checked(handed, PIPELINE, None, None)
    named = ["models/anchors", "models/anchors/anchors.json", "models/anchors/v1.zip"]
    assert [each.path for each in checked.anchors] == named
    assert set(named) <= set(checked.kept) and set(checked.anchors) <= set(checked.all)
    assert handover.checked(made(), PIPELINE, None, None).anchors == ()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"json": b"[]"}, "is not what models/anchors.dvc names"),
        ({"listing": b"[]"}, "anchors.listing: is not what models/anchors.dvc names"),
        ({"listing": None}, "anchors.listing: is not what models/anchors.dvc names"),
        ({"pointer": stored.pointer("scripts", b"x").encode()}, "something other than models/anchors/"),
        ({"pointer": None}, "named by nothing"),
        ({"models/anchors/v2.zip": b"x"}, "is not in models/anchors.dvc"),
        ({"dvc.lock": made().files["dvc.lock"]}, "speak of different anchors"),
    ],
)
def test_anchors_that_do_not_fit_are_refused(changed: dict[str, bytes | None], why: str) -> None:
    assert why in refused(with_anchors(**changed))


def test_nothing_else_passes_for_an_anchor() -> None:
    listing = stored.listing({"run.py": b"x"})
    handed = with_anchors(pointer=stored.pointer("anchors", listing, {"run.py": b"x"}).encode(), listing=listing)
    assert "is no anchor" in refused(changed_after(handed, "models/anchors/anchors.json", None))
    assert not handover.allowed("models/anchors/run.py") and not handover.allowed("models/anchors/../v1.zip")
