"""The verdict computed anew from the stored predictions, and what of it is not as it was written down."""

import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.core import bundle
from scripts.core.errors import Mistake
from scripts.core.params import Gate
from scripts.core.text import rounded

if TYPE_CHECKING:
    import pandas as pd

    from scripts.core.gate.anchors import Heard
    from scripts.core.gate.evidence import Scored

PARTS = ("verdict", "metrics", "needed", "guardrails", "limits", "slices", "self_tests")
NEAR = 1e-9
MOST = 20  # differences that are told
TIME, SLICE, ANCHOR = "time", "slice_", re.compile(r"anchor_v(\d+)(?:_.*)?", re.DOTALL)
ANEW = "Only a run whose evaluation records its rules, and was not changed by hand, can be checked"


@dataclass(frozen=True)
class Rechecked:
    """What was found anew; `differences` says what of the written evaluation is not that."""

    verdict: str
    reasons: tuple[str, ...]
    fields: int  # numbers, texts and truths that were compared
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differences


def recheck(evaluation: Mapping[str, Any], predictions: bytes) -> Rechecked:
    """`evaluation` as the stage wrote it. What predictions don't show is believed: the rows that were left out, models
    with a fault, which earlier releases count, and how often the hold-out was used before.

    Mistake when the predictions are not those that the evaluation names, or when it does not record its rules.
    """
    try:
        return _rechecked(evaluation, predictions)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        why = " ".join(str(error).split())[:160]
        raise Mistake(f"evaluation: does not say what it should ({type(error).__name__}: {why}). {ANEW}.") from None


def _rechecked(evaluation: Mapping[str, Any], predictions: bytes) -> Rechecked:
    named, found = evaluation["predictions"]["digest"], bundle.digest(predictions)
    if named != found:
        raise Mistake(f"predictions: are {found}, the evaluation names {named}. Fetch the run's own: dvc pull.")
    anew = rounded(_judged(evaluation, predictions))
    compared = {part: evaluation.get(part) for part in PARTS} | {"holdout": _identity(evaluation["holdout"])}
    if "anchors" in anew:
        compared["anchors"] = {name: value for name, value in _anchors(evaluation).items() if name != "unknown"}
    differences = list(differing(anew, compared))
    told = differences[:MOST] + ([f"and {len(differences) - MOST:,} more"] if len(differences) > MOST else [])
    verdict = anew["verdict"]
    return Rechecked(verdict["verdict"], tuple(verdict["reasons"]), count(anew), tuple(told))


def _identity(holdout: Mapping[str, Any]) -> dict[str, Any]:
    return {name: holdout.get(name) for name in ("rows", "blocks", "from", "to", "fingerprint")}


def _anchors(evaluation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Evaluations from before there were any have none."""
    return evaluation.get("anchors") or {}


def _judged(evaluation: Mapping[str, Any], predictions: bytes) -> dict[str, Any]:
    import pandas as pd

    from scripts.core.gate import contest

    method, models = evaluation["method"], evaluation["models"]
    if "gate" not in method:
        raise Mistake(f"evaluation: does not record the gate's rules. {ANEW}.")
    rules = Gate.model_validate_json(json.dumps(method["gate"]))
    frame = pd.read_parquet(io.BytesIO(predictions))
    scored = stored(frame, rules, method, evaluation["slices"])
    said = earlier(frame, method["classes"], _anchors(evaluation))
    digests = [(each["bundle"], each["model"]) for each in (models["candidate"], models["production"]) if each]
    judgement = contest.weighed(
        scored,
        rules,
        leaked=evaluation["holdout"]["leaked"],
        faults=method["faults"],
        worn=evaluation["holdout"].get("uses", 0.0),
        same=contest.equal(*digests) if len(digests) == 2 else (),
        said=said,
    )
    found = judgement.to_dict() | {"holdout": _rows(frame, scored, judgement.evidence.blocks)}
    if not said and "anchors" not in evaluation:
        del found["anchors"]
    return found


def earlier(frame: "pd.DataFrame", classes: list[Any] | None, written: Mapping[str, Any]) -> "list[Heard]":
    """What each earlier release said; of one that said nothing, the written fault. One that is not written is found."""
    from scripts.core.gate.anchor_list import Anchor
    from scripts.core.gate.anchors import Heard

    known = {row["version"]: row for row in written.get("rows") or ()}
    held = {int(found[1]) for found in map(ANCHOR.fullmatch, frame.columns) if found}
    blank = {"bundle": "not written", "pinned": False, "taken_back": False, "fault": None}
    out = []
    for version in [*known, *sorted(held - known.keys())]:
        row = known.get(version, blank)
        about = {name: row[name] for name in ("bundle", "pinned", "taken_back")}
        answers = _answers(frame, f"anchor_v{version}", classes)
        out.append(Heard(Anchor(version=version, **about), answers, None if answers is not None else row["fault"]))
    return out


def stored(frame: "pd.DataFrame", rules: Gate, method: Mapping[str, Any], slices: Mapping[str, Any]) -> "Scored":
    """What the models said, as the gate saw it: labels, blocks and slices in their order."""
    from scripts.core.gate.contest import periods
    from scripts.core.gate.evidence import Scored

    classes = method["classes"]
    timed = rules.block is not None and TIME in frame
    return Scored(
        target=frame["target"].to_numpy(),
        candidate=_answers(frame, "candidate", classes),
        production=_answers(frame, "production", classes),
        blocks=periods(frame[TIME], rules.block) if timed and rules.block else None,
        classes=classes,
        positive=method["positive"],
        slices={name: _levels(frame[f"{SLICE}{name}"], name, slices) for name in rules.slices},
    )


def _answers(frame: "pd.DataFrame", seat: str, classes: list[Any] | None) -> Any:
    """None when there is no such model."""
    names = [seat] if classes is None else [f"{seat}_{label}" for label in classes]
    if not set(names) <= set(frame.columns):
        return None
    return frame[seat].to_numpy() if classes is None else frame[names].to_numpy()


def _levels(values: "pd.Series[Any]", column: str, slices: Mapping[str, Any]) -> "pd.Categorical[Any]":
    """In the order of the written evaluation, as quartiles have one that their names don't show."""
    import pandas as pd

    known = [one["value"] for one in slices["rows"] if one["column"] == column]
    others = sorted(set(values) - set(known))
    return pd.Categorical(values, categories=pd.Index([*known, *others], dtype=str))


def _rows(frame: "pd.DataFrame", scored: "Scored", blocks: int) -> dict[str, Any]:
    from scripts.core.tables.rows import fingerprint_of

    times = frame[TIME] if TIME in frame and len(frame) else None
    return {
        "rows": len(frame),
        "blocks": None if scored.blocks is None else blocks,
        "from": None if times is None else times.min().isoformat(),
        "to": None if times is None else times.max().isoformat(),
        "fingerprint": fingerprint_of(frame["row"].to_numpy()),
    }


def differing(found: Any, written: Any, where: str = "") -> Iterator[str]:
    """Each field whose value is another one; numbers may be off by NEAR, as a share of them or as they are."""
    if isinstance(found, Mapping) and isinstance(written, Mapping):
        for name in dict.fromkeys([*found, *written]):
            yield from differing(found.get(name), written.get(name), f"{where}.{name}" if where else name)
    elif isinstance(found, list) and isinstance(written, list) and len(found) == len(written):
        for place, (one, other) in enumerate(zip(found, written, strict=True)):
            yield from differing(one, other, f"{where}[{place}]")
    elif not _equal(found, written):
        yield f"{where}: computed {_shown(found)}, written {_shown(written)}"


def _equal(found: Any, written: Any) -> bool:
    numbers = [isinstance(each, int | float) and not isinstance(each, bool) for each in (found, written)]
    if all(numbers):
        return math.isclose(found, written, rel_tol=NEAR, abs_tol=NEAR)
    return type(found) is type(written) and bool(found == written)


def _shown(value: Any) -> str:
    return f"{len(value)} items" if isinstance(value, list | Mapping) else repr(value)[:200]


def count(value: Any) -> int:
    """How many fields a value has, however deep."""
    if isinstance(value, Mapping | list):
        return sum(count(item) for item in (value.values() if isinstance(value, Mapping) else value))
    return 1
