"""What the job that trains hands to the job that may write: files with their digests, and what must hold of them.

The job that writes runs nothing of what it is handed and believes nothing that it has not computed itself.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from scripts.core import bundle, objects, text
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.objects import Object
from scripts.core.paths import ANCHORS, ANCHORS_DVC, CANDIDATE, DATA, DATA_DVC, EVALUATION, LOCK, OUTCOME, RUN

LISTING = "data.listing"  # which batches data/ has: the object that data.dvc names
LISTINGS = {DATA.as_posix(): LISTING, ANCHORS.as_posix(): "anchors.listing"}  # of both folders
RETRAIN = f"{OUTCOME}/retrain.json"
ALLOWED = re.compile(
    r"data\.dvc|dvc\.lock|data\.listing|models/candidate\.zip|outcome/retrain\.json"
    r"|models/anchors\.dvc|anchors\.listing|models/anchors/(anchors\.json|v\d+\.zip)"
    r"|reports/(plots/)?[\w-]+\.(json|html|parquet|png)"
)
BATCH = re.compile(r"\w[\w .,=+()-]*")
VERDICTS = ("PROMOTE", "HOLD", "REJECT", "INVALID")
AGAIN = "Run the workflow again"


@dataclass(frozen=True)
class Handover:
    base: str  # the commit that the run began with
    whole: bool  # the run came to its end and found something new; else only its outcome is here
    files: Mapping[str, bytes]

    def json(self, path: object) -> Any:
        """A report as the run left it; None when there is none."""
        content = self.files.get(str(path))
        try:
            return None if content is None else json.loads(content)
        except ValueError:
            raise Mistake(f"handover: {path}: is no JSON. {AGAIN}.", code=OUTSIDE) from None


@dataclass(frozen=True)
class Checked:
    """What a handover names, every digest computed anew."""

    data: tuple[Object, ...]  # the list of data/ and its members
    outputs: tuple[Object, ...]  # what dvc.lock names
    anchors: tuple[Object, ...] = ()  # the list of models/anchors and its members, where it has changed

    @property
    def all(self) -> tuple[Object, ...]:
        return (*self.data, *self.anchors, *self.outputs)

    @property
    def kept(self) -> dict[str, str]:
        """Object by path."""
        return {each.path: each.oid for each in self.all}


def allowed(path: str) -> bool:
    """Nothing but results: no code, no setting, no declaration, and nothing outside of the project."""
    if path.startswith(f"{DATA}/"):
        parts = path.split("/")[1:]
        return all(BATCH.fullmatch(part) is not None and ".." not in part for part in parts)
    return ALLOWED.fullmatch(path) is not None


def manifest(handover: Handover) -> str:
    listed = {
        path: {"sha256": sha256(content).hexdigest(), "size": len(content)}
        for path, content in sorted(handover.files.items())
    }
    return text.to_json({"base": handover.base, "whole": handover.whole, "files": listed})


def opened(said: bytes, files: Mapping[str, bytes]) -> Handover:
    """The files that a manifest lists, if these are exactly those."""
    try:
        known = json.loads(said)
        base, whole = known["base"], known["whole"]
        listed = {path: (entry["sha256"], entry["size"]) for path, entry in known["files"].items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Mistake(f"handover: manifest.json can't be read. {AGAIN}.", code=OUTSIDE) from None
    if not isinstance(base, str) or re.fullmatch(r"[0-9a-f]{40,64}", base) is None or not isinstance(whole, bool):
        raise Mistake(f"handover: manifest.json does not say what it should. {AGAIN}.", code=OUTSIDE)
    _refuse("is not to be handed over", [path for path in {*listed, *files} if not allowed(path)])
    _refuse("is listed and missing", listed.keys() - files.keys())
    _refuse("is there and not listed", files.keys() - listed.keys())
    found = {path: (sha256(content).hexdigest(), len(content)) for path, content in files.items()}
    _refuse("is not what the manifest lists", [path for path in files if found[path] != listed[path]])
    return Handover(base, whole, files)


def checked(handover: Handover, pipeline: str, lock_before: str | None, candidate: bytes | None) -> Checked:
    """Of a whole run: its parts must fit together. `candidate` is the bundle where it is the one from before."""
    data = _folder(handover, DATA_DVC.as_posix(), DATA.as_posix(), "is no name for a batch")
    anchors = _anchors(handover)
    outputs = _outputs(handover, pipeline, lock_before)
    named = {each.path for each in (*data, *anchors, *outputs)} | {DATA_DVC.as_posix(), LOCK.as_posix(), LISTING}
    named |= {ANCHORS_DVC.as_posix(), LISTINGS[ANCHORS.as_posix()]} if anchors else set()
    _refuse("is named by nothing", handover.files.keys() - named - {RUN.as_posix(), RETRAIN})
    lock = _said(handover, LOCK)
    seen = objects.depended(lock, "validate").get(DATA.as_posix())
    run = handover.json(RUN)
    if not isinstance(run, Mapping) or not data[0].oid == seen == run.get("data"):
        raise Mistake(f"handover: {DATA_DVC}, {LOCK} and {RUN} speak of different data. {AGAIN}.", code=OUTSIDE)
    if re.fullmatch(r"[0-9a-f]{8}", str(run.get("run"))) is None or run.get("verdict") not in (None, *VERDICTS):
        raise Mistake(f"handover: {RUN}: does not say what it should. {AGAIN}.", code=OUTSIDE)
    if run.get("verdict"):
        _judged(handover.json(EVALUATION), run["verdict"], handover.files.get(CANDIDATE.as_posix(), candidate))
        if anchors and objects.depended(lock, "evaluate").get(ANCHORS.as_posix()) != anchors[0].oid:
            raise Mistake(f"handover: {ANCHORS_DVC} and {LOCK} speak of different anchors. {AGAIN}.", code=OUTSIDE)
    return Checked(tuple(data), tuple(outputs), tuple(anchors))


def _folder(handover: Handover, pointer: str, folder: str, stranger: str) -> list[Object]:
    named = objects.of_pointer(_said(handover, pointer), pointer)
    listing = handover.files.get(LISTINGS[folder], b"")
    if len(named) != 1 or named[0].path != folder or not named[0].folder:
        raise Mistake(f"handover: {pointer}: names something other than {folder}/. {AGAIN}.", code=OUTSIDE)
    if not objects.genuine(named[0].oid, listing):
        raise Mistake(f"handover: {LISTINGS[folder]}: is not what {pointer} names. {AGAIN}.", code=OUTSIDE)
    members = objects.members(listing, named[0])
    _refuse(stranger, [each.path for each in members if not allowed(each.path)])
    handed = {path: content for path, content in handover.files.items() if path.startswith(f"{folder}/")}
    _refuse(f"is not in {pointer}", handed.keys() - {each.path for each in members})
    wrong = [each.path for each in members if each.path in handed and not objects.genuine(each.oid, handed[each.path])]
    _refuse(f"is not what {pointer} names", wrong)
    return [named[0], *members]


def _anchors(handover: Handover) -> list[Object]:
    """None when they are as they were: then their pointer stayed at home."""
    pointer = ANCHORS_DVC.as_posix()
    return _folder(handover, pointer, ANCHORS.as_posix(), "is no anchor") if pointer in handover.files else []


def _outputs(handover: Handover, pipeline: str, lock_before: str | None) -> list[Object]:
    kept = objects.outputs(pipeline)
    # A stage that dvc.yaml has changed since it ran may name more: nobody puts that in place.
    named = [each for each in objects.locked(_said(handover, LOCK)) if each.path in kept]
    before = {(each.path, each.oid) for each in (objects.locked(lock_before) if lock_before else ())}
    here = [each for each in named if each.path in handover.files]
    wrong = [each.path for each in here if not objects.genuine(each.oid, handover.files[each.path])]
    _refuse("is not what dvc.lock names", wrong)
    absent = [each for each in named if each.path not in handover.files]
    _refuse(
        "is new and was not handed over", [e.path for e in absent if not kept[e.path] or (e.path, e.oid) not in before]
    )
    return named


def _judged(evaluation: Any, verdict: Any, candidate: bytes | None) -> None:
    try:
        judged, said = evaluation["models"]["candidate"]["bundle"], evaluation["verdict"]["verdict"]
    except (LookupError, TypeError):
        raise Mistake(f"handover: {EVALUATION}: does not say what it should. {AGAIN}.", code=OUTSIDE) from None
    if candidate is None or judged != bundle.digest(candidate):
        raise Mistake(f"handover: {EVALUATION}: judges another candidate ({judged}). {AGAIN}.", code=OUTSIDE)
    if said != verdict:
        raise Mistake(f"handover: {EVALUATION} says {said}, {RUN} says {verdict}. {AGAIN}.", code=OUTSIDE)


def _said(handover: Handover, path: object) -> str:
    try:
        return handover.files[str(path)].decode()
    except (KeyError, UnicodeDecodeError):
        raise Mistake(f"handover: {path}: is missing or no text. {AGAIN}.", code=OUTSIDE) from None


def _refuse(why: str, paths: Any) -> None:
    names = sorted(paths)
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise Mistake(f"handover: {', '.join(map(repr, names[:3]))}{more}: {why}. {AGAIN}.", code=OUTSIDE)
