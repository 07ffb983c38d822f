"""The figures of benchmarks/overhead.py as limits and as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks import results
from benchmarks.measure import Run, Tree

STAGES = ("validate", "drift", "train", "evaluate")
DISTURBED = "**Others used the machine meanwhile: these figures compare nothing. Run it again on a quiet one.**"
LIBRARIES = ("scikit-learn", "pandas", "evidently", "mlflow", "dvc")
Sums = dict[str, list[Run]]


@dataclass(frozen=True)
class Stage:
    seconds: dict[int, list[float]]  # by scale
    imports: float

    def median(self, times: int) -> float:
        return median(self.seconds[times])


@dataclass(frozen=True)
class Overhead:
    """All that was measured; the first key is the scale (1: the default data)."""

    runs: dict[int, Sums]
    trees: dict[int, dict[str, Tree]]
    stages: dict[str, Stage]
    idle: Sums
    imports: dict[str, float]
    same: dict[int, str]
    load: float  # of the machine before anything ran

    def seconds(self, times: int, case: str) -> float:
        return median(run.seconds for run in self.runs[times][case])

    def largest(self, times: int, case: str) -> int:
        return max(run.largest for run in self.runs[times][case])

    def together(self, times: int, case: str) -> int:
        """Bytes of all processes at once; of the one process of bare.py nothing need be sampled."""
        return self.largest(times, case) if case == "bare" else self.trees[times][case].proportional

    @property
    def disturbed(self) -> bool:
        """Whether others used the machine: OpenMP threads spin while they wait, and bare.py suffers most."""
        bare = [[run.seconds for run in sums["bare"]] for sums in self.runs.values()]
        return self.load > 1 or any(max(seconds) > 1.4 * min(seconds) for seconds in bare)

    @property
    def rest(self) -> dict[str, float]:
        return {case: median(run.seconds for run in runs) for case, runs in self.idle.items()}


@dataclass(frozen=True)
class Limit:
    what: str
    value: float
    limit: float

    @property
    def holds(self) -> bool:
        return self.value <= self.limit


def limits(found: Overhead) -> list[Limit]:
    return [*_whole(found), *_rest(found), *_growth(found)]


def _whole(found: Overhead) -> Iterator[Limit]:
    for times, bound in zip(sorted(found.runs), (4.0, 1.5), strict=False):
        rows = "" if times == 1 else f" at {times} times the rows"
        wall = {case: found.seconds(times, case) for case in found.runs[times]}
        yield Limit(f"full retrain / bare, wall{rows}", wall["retrain"] / wall["bare"], bound)
        yield Limit(f"full retrain / tutorial, wall{rows}", wall["retrain"] / wall["tutorial"], 1.0)
        peak = found.together(times, "retrain") / found.together(times, "bare")
        yield Limit(f"peak memory, all processes together / bare{rows}", peak, 1.5)


def _rest(found: Overhead) -> Iterator[Limit]:
    ratio = found.rest["nothing new"] / found.rest["dvc status"]
    yield Limit("retrain with nothing new / dvc status, wall", ratio, 3.0)


def _growth(found: Overhead) -> Iterator[Limit]:
    for times in sorted(found.runs)[1:]:
        for name, stage in found.stages.items():
            grown = stage.median(times) / stage.median(1)
            yield Limit(f"stage {name}, {times} times the rows / default", grown, times * 1.1)


def text(found: Overhead) -> str:
    parts = [
        "## What the loop costs (`python -m benchmarks.overhead`)",
        f"{results.machine(*LIBRARIES)}. Load before it: {found.load:.2f}.",
        *([DISTURBED] if found.disturbed else []),
        *(_cases(found, times) for times in sorted(found.runs)),
        _idle(found),
        "### Limits\n\n" + _limits(found),
        "### Where the time goes\n\n" + _stages(found),
        *(_timeline(found, times) for times in sorted(found.runs)),
    ]
    return "\n\n".join(parts)


def _cases(found: Overhead, times: int) -> str:
    title = "### The default data" if times == 1 else f"### {times} times the rows"
    runs = len(found.runs[times]["bare"])
    rows = [_case(found, times, case) for case in found.runs[times]]
    header = ["whole process", "median s", "range s", "x bare", "processor s"]
    header += ["largest process MB", "x bare", "all together MB", "x bare"]
    return f"{title}\n\n{runs} runs each, alternated. {found.same[times]}\n\n{results.table(header, rows)}"


def _case(found: Overhead, times: int, case: str) -> list[str]:
    seconds = [run.seconds for run in found.runs[times][case]]
    bare, memory = found.seconds(times, "bare"), found.largest(times, "bare")
    largest, known = found.largest(times, case), case == "bare" or case in found.trees[times]
    together = found.together(times, case) if known else 0
    return [
        case,
        f"{median(seconds):.1f}",
        f"{min(seconds):.1f} to {max(seconds):.1f}",
        f"{median(seconds) / bare:.2f}",
        f"{median(run.processor for run in found.runs[times][case]):.1f}",
        megabytes(largest),
        f"{largest / memory:.2f}",
        megabytes(together) if known else "",
        f"{together / memory:.2f}" if known else "",
    ]


def _idle(found: Overhead) -> str:
    rows = [[case, f"{seconds:.2f}"] for case, seconds in found.rest.items()]
    return "### Nothing new\n\n" + results.table(["whole process", "median s"], rows)


def _limits(found: Overhead) -> str:
    rows = [[one.what, f"{one.value:.2f}", f"{one.limit:g}", "yes" if one.holds else "**no**"] for one in limits(found)]
    return results.table(["what", "measured", "at most", "holds"], rows)


def _stages(found: Overhead) -> str:
    scales = sorted(found.runs)
    rows = []
    for name, stage in found.stages.items():
        cells = [f"{stage.median(times):.2f}" for times in scales]
        grown = [f"{stage.median(times) / stage.median(1):.1f}" for times in scales[1:]]
        rows.append([f"stages.{name}", f"{stage.imports:.2f}", *cells, *grown])
    for case, seconds in found.imports.items():
        cells = [f"{found.seconds(times, case):.2f}" for times in scales]
        grown = [f"{found.seconds(times, case) / found.seconds(1, case):.1f}" for times in scales[1:]]
        rows.append([case, f"{seconds:.2f}", *cells, *grown])
    header = [
        "whole process by itself",
        "imports s",
        *(f"s at x{times}" for times in scales),
        *["growth"] * (len(scales) - 1),
    ]
    return results.table(header, rows)


def _timeline(found: Overhead, times: int) -> str:
    """The processes of one full retrain in the order of their start, without those seen once only."""
    tree = found.trees[times]["retrain"]
    lived = [one for one in tree.processes.values() if one.end > one.start]
    rows = [
        [f"`{one.label}`", f"{one.start:.1f}", f"{one.end:.1f}", f"{one.end - one.start:.1f}", megabytes(one.largest)]
        for one in sorted(lived, key=lambda one: one.start)
    ]
    header = ["process", "from s", "to s", "s", "largest MB"]
    title = f"The processes of one full retrain at x{times} (watched, so a little slower):"
    return f"{title}\n\n{results.table(header, rows)}"


def megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f}"
