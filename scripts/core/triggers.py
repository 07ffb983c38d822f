"""Reasons to retrain: which fired, and how far the others were from firing."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from typing import Any, Literal

from scripts.core.params import Triggers
from scripts.core.scoring.metrics import find
from scripts.core.settings.param_types import span_text
from scripts.core.text import number

State = Literal["fired", "quiet", "off", "unknown"]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Facts:
    """What is known when the question is asked; None where it is not known (yet)."""

    production: bool  # whether there is a model to be replaced
    drift: Mapping[str, Any] | None = None  # reports/drift.json
    new_rows: int | None = None  # labelled rows that production was neither trained nor judged on, at least
    age: timedelta | None = None  # how much newer the newest row is than production's newest
    changed: tuple[str, ...] | None = None  # which of data, train, gate, code differ from production's
    reason: str | None = None  # a person's


@dataclass(frozen=True)
class Trigger:
    name: str
    state: State
    value: float | None  # in the units of the limit
    limit: float | None
    says: str

    @property
    def distance(self) -> float | None:
        """How much of the limit is reached; it fires at 1."""
        if self.value is None or not self.limit:
            return None
        reached = self.value / self.limit
        return reached if math.isfinite(reached) else None


@dataclass(frozen=True)
class Decision:
    triggers: tuple[Trigger, ...]

    @property
    def fired(self) -> tuple[Trigger, ...]:
        return tuple(trigger for trigger in self.triggers if trigger.state == "fired")

    @property
    def retrain(self) -> bool:
        return bool(self.fired)

    def to_list(self) -> list[dict[str, Any]]:
        return [asdict(trigger) | {"distance": trigger.distance} for trigger in self.triggers]

    @staticmethod
    def from_list(items: Sequence[Mapping[str, Any]]) -> "Decision":
        names = [field.name for field in fields(Trigger)]
        return Decision(tuple(Trigger(**{name: item[name] for name in names}) for item in items))

    def __str__(self) -> str:
        fired = [f"{trigger.says} ({trigger.name})" for trigger in self.fired]
        others = [trigger.says for trigger in self.triggers if trigger.state == "quiet"]
        return " · ".join([*fired, *others])


def decide(facts: Facts, params: Triggers) -> Decision:
    """Every trigger with its state. Without a production model there is one reason only: the first model."""
    manual = [_manual(facts.reason)] if facts.reason else []
    if not facts.production:
        return Decision((*manual, Trigger("first", "fired", None, None, "there is no production model yet")))
    found = [
        _data_drift(facts.drift, params.data_drift.share),
        _prediction_drift(facts.drift),
        _performance_drop(facts.drift, params.performance_drop.relative, params.performance_drop.floor),
        _new_rows(facts.new_rows, params.new_rows.rows),
        _max_age(facts.age, params.max_age.age),
        _changed(facts.changed),
    ]
    return Decision((*manual, *_switched(found, params)))


def _switched(found: list[Trigger], params: Triggers) -> Iterator[Trigger]:
    for trigger in found:
        on = getattr(params, trigger.name).enabled
        yield trigger if on else replace(trigger, state="off", says=f"{trigger.name} is switched off")


def _manual(reason: str) -> Trigger:
    return Trigger("manual", "fired", None, None, f"asked for: {reason}")


def _reached(name: str, value: float | None, limit: float, says: str) -> Trigger:
    if value is None:
        return Trigger(name, "unknown", None, limit, f"{name} not measured")
    return Trigger(name, "fired" if value >= limit else "quiet", value, limit, says)


def _data_drift(drift: Mapping[str, Any] | None, share: float) -> Trigger:
    value = drift["weighted_share"] if drift else None
    says = f"drifted columns weigh {value:.2f} of {share:g}" if value is not None else ""
    return _reached("data_drift", value, share, says)


def _prediction_drift(drift: Mapping[str, Any] | None) -> Trigger:
    moved = drift["prediction"] if drift else None
    if moved is None:
        return Trigger("prediction_drift", "unknown", None, None, "prediction_drift not measured")
    says = f"predictions moved {number(moved['distance'])} of {number(moved['threshold'])}"
    return Trigger(
        "prediction_drift", "fired" if moved["drifted"] else "quiet", moved["distance"], moved["threshold"], says
    )


def _performance_drop(drift: Mapping[str, Any] | None, relative: float, floor: float | None) -> Trigger:
    """Fires when the loss against release is past the limit and past chance, or when the floor is passed."""
    score = drift["performance"] if drift else None
    if score is None:
        return Trigger("performance_drop", "unknown", None, relative, "performance_drop not measured")
    metric, now, release = find(score["metric"]), score["now"], score["at_release"]
    below = floor is not None and metric.gain(now - floor) < 0
    if release is None:
        state: State = "fired" if below else "unknown"
        return Trigger("performance_drop", state, None, relative, f"{metric.name} {number(now)} on new rows")
    worse = -metric.gain(now - release)
    share = worse / abs(release) if release else worse
    interval = score["interval"]  # None: too few rows to tell
    beyond_chance = interval is not None and not interval[0] <= release <= interval[1]
    says = f"{metric.name} {number(now)} on new rows, {number(release)} at release"
    fired = below or (share >= relative and beyond_chance)
    return Trigger("performance_drop", "fired" if fired else "quiet", share, relative, says)


def _new_rows(rows: int | None, limit: int) -> Trigger:
    return _reached("new_rows", rows, limit, f"{rows or 0:,} new rows of {limit:,}")


def _max_age(age: timedelta | None, limit: timedelta) -> Trigger:
    days = None if age is None else age / DAY
    return _reached("max_age", days, limit / DAY, f"age {days or 0:.0f} of {span_text(limit)}")


def _changed(changed: tuple[str, ...] | None) -> Trigger:
    if changed is None:
        return Trigger("changed", "unknown", None, None, "changed not known")
    says = f"{' and '.join(changed)} changed" if changed else "nothing changed in params or code"
    return Trigger("changed", "fired" if changed else "quiet", float(len(changed)), 1.0, says)
