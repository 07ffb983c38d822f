"""What a reader asks next, in plain sentences: what would have been needed, what waiting costs, what was saved."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from scripts.core.ledger import span
from scripts.core.report.mending import mending
from scripts.core.report.numbers import deciding, gain
from scripts.core.report.passing import causes, margin, passing
from scripts.core.settings.param_types import span_text
from scripts.core.text import number

Report = Mapping[str, Any]
LAST = 5  # retrains that tell how long the next one would take


def needed(evaluation: Report) -> list[str]:
    """Where the verdict is not PROMOTE: what it would have taken, the weightiest first."""
    verdict = evaluation["verdict"]["verdict"]
    if verdict == "INVALID":
        return mending(evaluation)
    if verdict == "REJECT":
        return causes(evaluation)
    return [*causes(evaluation), *_more(evaluation), *_fresh(evaluation)] if verdict == "HOLD" else []


def explained(record: Report, evaluation: Report | None, drift: Report | None, delay: timedelta) -> list[str]:
    """Of a run: what its candidate would have needed; where none was judged, what waiting costs."""
    return needed(evaluation) if evaluation else kept(record, drift, delay)


def settles(evaluation: Report) -> bool:
    """Whether more rows may bring a candidate on HOLD its promotion, if what was found stays as it is."""
    need, found = evaluation.get("needed"), deciding(evaluation)
    turned = gain(found[1]) if found else None
    return bool(need and need["more_rows"] and turned and turned[0] > margin(evaluation))


def _more(evaluation: Report) -> Iterator[str]:
    """Whether more rows would do, and what they would show of a difference that stays as it is."""
    need, found = evaluation.get("needed"), deciding(evaluation)
    turned = gain(found[1]) if found else None
    if need is None or turned is None:
        return
    asked = margin(evaluation)
    if need["more_rows"] is None:
        yield "more rows are no cure: it takes a candidate that differs more from production"
    elif need["more_rows"] == 0:
        yield f"it takes a candidate that is better by more than {number(asked)}, or a lower gate.min_improvement"
    elif settles(evaluation):
        yield f"a hold-out of {_size(evaluation, need)} would do, too, if the difference stays what it is"
    else:
        than = f"by the {number(asked)} that are asked for" if asked else "than production"
        yield f"more rows alone would do no good: what these show is a candidate that is not better {than}"


def _size(evaluation: Report, need: Report) -> str:
    """The whole hold-out that would be enough."""
    holdout, block = evaluation["holdout"], evaluation["method"]["block"]
    blocks = ""
    if need["more_blocks"] is not None and holdout["blocks"] is not None:
        blocks = f" ({holdout['blocks'] + need['more_blocks']:,} blocks of {block})"
    rows = float(f"{holdout['rows'] + need['more_rows']:.2g}")  # more digits would be a pretence
    return f"about {rows:,.0f} rows{blocks}"


def _fresh(evaluation: Report) -> Iterator[str]:
    """What a hold-out that is not worn would ask of a candidate, where this one asks for more."""
    method, found = evaluation["method"], deciding(evaluation)
    usual, freedom = method.get("gate", {}).get("confidence"), method.get("degrees_of_freedom")
    turned = gain(found[1]) if found else None
    if found is None or turned is None or usual is None or not freedom or usual >= method["confidence"]:
        return
    half = (turned[0] - turned[1]) * _width(usual, freedom) / _width(method["confidence"], freedom)
    metric, entry = found
    wanted, greater = margin(evaluation) + half, entry["greater_is_better"]
    if turned[0] > wanted:
        yield "on rows that no verdict was taken on yet this difference would have been enough"
        return
    value, _ = passing(entry["production"] + (wanted if greater else -wanted), greater, entry["candidate"])
    yield f"on rows that no verdict was taken on yet {metric} of {value} would have been enough"


def _width(confidence: float, freedom: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + confidence) / 2))


def kept(record: Report, drift: Report | None, delay: timedelta = timedelta(0)) -> list[str]:
    """Drift was found and nothing retrained: why, and what waiting costs, as far as that can be told.

    `record` is reports/run.json, or all that has its `verdict` and `triggers`; `delay` is data.label_delay.
    """
    triggers = {one["name"]: one for one in record.get("triggers") or ()}
    fired = any(one["state"] == "fired" for one in triggers.values())
    if record.get("verdict") or fired or not drift or not drift["columns"]:
        return []
    moved = list(_moved(drift, triggers))
    return [*moved, *_loss(drift, triggers, delay)] if moved else []


def _moved(drift: Report, triggers: Mapping[str, Report]) -> Iterator[str]:
    if drift["drifted"]:
        share = f"{len(drift['drifted']):,} of {len(drift['columns']):,} columns drifted"
        rule = _rule("data_drift", triggers, "{:g}")
        yield f"{share}, weighted {drift['weighted_share']:.2f}{f': {rule}' if rule else ''}"
    for part, verb in (("prediction", "predictions drifted"), ("target", "the target drifted")):
        shift = drift.get(part)
        if shift and shift["drifted"]:
            rule = _rule("prediction_drift", triggers) if part == "prediction" else "that by itself is no trigger"
            far = f"{verb} by {number(shift['distance'])}, past {number(shift['threshold'])}"
            yield f"{far}: {rule}" if rule else far


def _rule(name: str, triggers: Mapping[str, Report], shape: str = "") -> str:
    one = triggers.get(name)
    if one is None:
        return ""
    if one["state"] == "off":
        return f"{name} is switched off"
    return f"{name} fires at {shape.format(one['limit'])}" if shape and one.get("limit") is not None else ""


def _loss(drift: Report, triggers: Mapping[str, Report], delay: timedelta) -> Iterator[str]:
    score = drift.get("performance")
    if not score:
        yield _unknown(drift, delay)
        return
    metric, now, release = score["metric"], score["now"], score["at_release"]
    scores = f"production scores {number(now)} ({metric}) on {_rows(drift, score)}"
    if release is None:
        yield f"{scores}; what it scored at release is not known, nor what waiting costs"
        return
    worse = release - now if score["greater_is_better"] else now - release
    scores += f", {number(release)} at release"
    if worse <= 0:
        yield f"{scores}: no loss was measured"
        return
    share = f" ({100 * worse / abs(release):.2g}%)" if release else ""
    rule = _rule("performance_drop", triggers, "{:.0%}")
    yield f"{scores}: it loses about {number(worse)}{share} while it waits{f'; {rule}' if rule else ''}"
    if (interval := score.get("interval")) and interval[0] <= release <= interval[1]:
        low, high = map(number, interval)
        yield f"chance alone may do as much: the interval of that score is {low} to {high}"


def _rows(drift: Report, score: Report) -> str:
    labelled = (drift.get("new") or {}).get("labelled") or score["rows"]
    return f"{score['rows']:,} {f'of {labelled:,} ' if labelled > score['rows'] else ''}new rows"


def _unknown(drift: Report, delay: timedelta) -> str:
    """Why there is no score of production on the new rows, and when there will be."""
    new = drift.get("new") or {}
    why = next((one["why"] for one in drift.get("skipped") or () if one["column"] == "performance"), None)
    if new.get("labelled") or why:
        return f"what waiting costs can't be told: production's score was {why or 'not measured'}"
    said = f"what waiting costs can't be told yet: none of {new.get('rows') or 0:,} new rows has a final label"
    if delay and new.get("from"):
        day = (datetime.fromisoformat(new["from"]) + delay).date()
        return f"{said}, as labels take {span_text(delay)}; it can when data/ reaches {day.isoformat()}"
    return f"{said}; it can as soon as labels are in data/"


def trained(seconds: Mapping[str, float]) -> float | None:
    """What a retrain takes more than a run that trains nothing; None where nothing was trained."""
    return seconds["train"] + seconds.get("evaluate", 0.0) if seconds.get("train") else None


def saved(seconds: Sequence[float]) -> str | None:
    """What skipping a retrain saves, by what the last ones took (the newest last); None where none is known."""
    last = seconds[-LAST:]
    if not last:
        return None
    of = "as the last retrain took" if len(last) == 1 else f"the median of the last {len(last)} retrains"
    return f"no retraining: about {_about(median(last))} saved ({of})"


def _about(seconds: float) -> str:
    return "a second" if seconds < 1.5 else span(timedelta(seconds=seconds))
