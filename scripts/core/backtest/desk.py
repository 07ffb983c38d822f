"""What policies ask of the pipeline, each question answered once and only if some policy comes to it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import pandas as pd

from scripts.core import bundle
from scripts.core.backtest.fits import Fit
from scripts.core.backtest.history import History
from scripts.core.backtest.judge import Answer, Compared, Drifted, Moved, Question, Verdict
from scripts.core.bundle import Bundle
from scripts.core.drift import measured, new_rows
from scripts.core.gate import reuse
from scripts.core.gate.reuse import Use
from scripts.core.params import Params
from scripts.core.tables import rows

Ask = Callable[[Sequence[Question]], Iterable[Answer]]  # answers in the order of the questions
Watch = tuple[int, int]  # the model of production, the batch that has come


@dataclass(frozen=True)
class Trial:
    """The candidate of a batch against a production; None: there is none yet."""

    place: int
    production: int | None
    uses: tuple[Use, ...] = ()
    earlier: tuple[int, ...] = ()  # what was production before, as far as the gate looks at it


@dataclass
class Desk:
    history: History
    fits: Mapping[int, Fit]
    given: Params
    ask: Ask
    drifts: dict[Watch, Drifted] = field(default_factory=dict)
    verdicts: dict[Trial, Verdict] = field(default_factory=dict)

    def content(self, place: int) -> bytes:
        content = self.fits[place].content
        assert content is not None, "only models that could be made are asked about"
        return content

    @cached_property
    def opened(self) -> Callable[[int], Bundle]:
        """The bundle of a model; what is in it is not loaded."""
        return lru_cache(maxsize=None)(lambda place: bundle.unpack(self.content(place), None))

    @cached_property
    def holdout(self) -> Callable[[int], pd.DataFrame]:
        return lru_cache(maxsize=2)(self._holdout)

    def _holdout(self, place: int) -> pd.DataFrame:
        frame = self.history.table(place)
        return frame[rows.split(frame, self.given.data).holdout].reset_index(drop=True)

    def watch(self, wanted: Iterable[Watch]) -> None:
        new = [pair for pair in dict.fromkeys(wanted) if pair not in self.drifts]
        answers = self.ask([self._moved(*pair) for pair in new])
        self.drifts.update(zip(new, answers, strict=True))  # type: ignore[arg-type]

    def judge(self, wanted: Iterable[Trial]) -> None:
        new = [trial for trial in dict.fromkeys(wanted) if trial not in self.verdicts]
        answers = self.ask([self._compared(trial) for trial in new])
        self.verdicts.update(zip(new, answers, strict=True))  # type: ignore[arg-type]

    def trial(self, place: int, production: int | None, uses: Sequence[Use], earlier: tuple[int, ...] = ()) -> Trial:
        """Verdicts that saw none of today's rows change nothing: without them policies share more questions."""
        if not uses:
            return Trial(place, production, (), earlier)
        frame, data = self.holdout(place), self.given.data
        times = None if data.time is None else frame[data.time]
        now = reuse.use("", rows.fingerprint_of(rows.fingerprints(frame, data)), len(frame), times)
        seen = tuple(each for each in uses if reuse.overlap(each, now, times) > 0)
        return Trial(place, production, seen, earlier)

    def _moved(self, model: int, place: int) -> Moved:
        known, frame, data = self.opened(model), self.history.table(place), self.given.data
        same, _ = measured.kinds(known.manifest["features"], data)

        def picked(places: Any, columns: Sequence[str]) -> pd.DataFrame:
            return frame[list(columns)].take(places)

        new = new_rows.among(frame, data, known, list(same), self.given.drift, picked)
        return Moved(self.content(model), new)

    def _compared(self, trial: Trial) -> Compared:
        production = None if trial.production is None else self.content(trial.production)
        earlier = tuple((model + 1, self.content(model)) for model in trial.earlier)
        return Compared(self.holdout(trial.place), self.content(trial.place), production, trial.uses, earlier)
