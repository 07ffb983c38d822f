"""What is going on, shown while it goes on: a moving line in a terminal, plain lines elsewhere, nothing when quiet."""

import sys
import time
from types import TracebackType
from typing import Self

WORDS = {
    "ingest": "bringing the next batch",
    "validate": "checking the data",
    "drift": "measuring drift",
    "train": "training the candidate",
    "evaluate": "judging the candidate",
    "record": "recording in MLflow",
}


class Progress:
    """Call it with the name of a step when the step starts; steps may overlap."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.began = time.monotonic()
        self.steps: list[str] = []

    def __enter__(self) -> Self:
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.status import Status

            self.status: Status | None = Status("starting", console=Console(stderr=True))
            self.status.start()
        else:
            self.status = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is not None:
            self.status.stop()

    def __call__(self, step: str) -> None:
        self.steps.append(step)
        said = WORDS.get(step, step)
        if self.status is not None:
            self.status.update(" · ".join(WORDS.get(name, name) for name in self.steps[-2:]))
        elif not self.quiet:
            print(f"{time.monotonic() - self.began:5.1f} s  {said}", file=sys.stderr, flush=True)
