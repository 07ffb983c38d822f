"""What the whole loop costs, against a bare script and a tutorial's script that do the same job's core in one process.

Whole processes, alternated in one go, medians. `--write` keeps the figures in benchmarks/RESULTS.md.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import measure, overhead_report, results, scratch
from benchmarks.overhead_report import STAGES, Overhead, Stage, Sums
from benchmarks.scratch import Scratch

PYTHON = (sys.executable, "-m")
RETRAIN = (*PYTHON, "scripts.retrain")
CASES = {
    "bare": (*PYTHON, "benchmarks.bare"),
    "tutorial": (*PYTHON, "benchmarks.tutorial"),
    "retrain": (*RETRAIN, "--no-ingest", "--force", "--reason", "benchmark"),
}
IDLE = {"dvc status": (str(scratch.BIN / "dvc"), "status"), "nothing new": RETRAIN}


def prepared(home: Path, times: int) -> Scratch:
    """A project whose production is made of eleven months, and the twelfth has just arrived."""
    project = scratch.fresh(home)
    months = home.parent / f"months-{times}"
    project.python("benchmarks.months", str(months), str(times))
    *past, newest = sorted(months.iterdir())
    arrived(project, past)
    project.python("scripts.retrain", "--no-ingest")
    project.python("scripts.promote")
    arrived(project, [newest])
    project.save("ready")
    return project


def arrived(project: Scratch, batches: Sequence[Path]) -> None:
    data = project.project / "data"
    data.mkdir(exist_ok=True)
    for batch in batches:
        shutil.copy2(batch, data)
    project.run(str(scratch.BIN / "dvc"), "add", "--quiet", "data")
    project.commit("new data")


def at_rest(project: Scratch) -> None:
    """Retrain and promote until a run finds nothing new."""
    for _ in range(4):
        said = json.loads(project.python("scripts.retrain", "--json"))
        if not said["new"]:
            return
        if said["verdict"] == "PROMOTE":
            project.python("scripts.promote")
        project.commit("a run")
    raise RuntimeError("retrain finds something new again and again.")


def alternated(project: Scratch, cases: Mapping[str, Sequence[str]], runs: int) -> Sums:
    """Every case in turn, `runs` times; a retrain starts from the twelfth month's arrival each time."""
    found: Sums = {name: [] for name in cases}
    for number in range(runs):
        for name, command in cases.items():
            if name == "retrain":
                project.restore("ready")
            found[name].append(measure.run(command, project.project, project.env))
            tell(f"{number + 1}/{runs} {name}: {found[name][-1].seconds:.1f} s")
    return found


def watched(project: Scratch, names: Sequence[str], runs: int) -> dict[str, measure.Tree]:
    """Each case `runs` times, and of these the one that needed the most memory: samples miss a short peak."""
    trees: dict[str, measure.Tree] = {}
    for number in range(runs):
        for name in names:
            if name == "retrain":
                project.restore("ready")
            tree = measure.watch(CASES[name], project.project, project.env)
            trees[name] = max(tree, trees.get(name, tree), key=lambda seen: seen.proportional)
            tell(f"watched {number + 1}/{runs} {name}: {tree.proportional / 1e6:.0f} MB")
    return trees


def agreement(project: Scratch, bare: measure.Run) -> str:
    """Fails unless bare and Evergreen scored equal models on equal rows: else the times compare nothing."""
    alone = json.loads(bare.printed.splitlines()[-1])
    evaluation = json.loads((project.project / "reports/evaluation.json").read_text("utf-8"))
    ours = {"holdout": evaluation["holdout"]["rows"]}
    ours |= {name: metric["candidate"] for name, metric in evaluation["metrics"].items() if name in alone}
    apart = [name for name, value in ours.items() if abs(value - alone[name]) > 1e-6]
    if apart:
        raise RuntimeError(f"bare.py and Evergreen differ in {apart}: {alone} against {ours}.")
    loss = ours["log_loss"]
    return f"Both score the same {ours['holdout']:,} rows, and their models alike: log loss {loss:.6f}."


def staged(projects: Mapping[int, Scratch], runs: int) -> dict[str, Stage]:
    """Each stage by itself as a whole process, scales alternated, and what its imports take at the first scale."""
    found = {}
    for name in STAGES:
        command = (*PYTHON, f"scripts.stages.{name}")
        seconds: dict[int, list[float]] = {times: [] for times in projects}
        for _ in range(runs):
            for times, project in projects.items():
                seconds[times].append(measure.run(command, project.project, project.env).seconds)
        found[name] = Stage(seconds, measure.imports(command, projects[1].project, projects[1].env))
        tell(f"stage {name}")
    return found


def measured(folder: Path, scale: int, runs: int, runs_scaled: int) -> Overhead:
    load = os.getloadavg()[0]
    projects = {times: prepared(folder / f"x{times}" / "home", times) for times in sorted({1, scale})}
    tell("prepared")
    first = projects[1]
    trees = {1: watched(first, ["tutorial", "retrain"], runs_scaled)}
    sums = {1: alternated(first, CASES, runs)}
    same = {1: agreement(first, sums[1]["bare"][0])}
    imports = {name: measure.imports(CASES[name], first.project, first.env) for name in ("bare", "tutorial")}
    for times, project in projects.items():
        if times > 1:
            trees[times] = watched(project, ["retrain"], 2)
            sums[times] = alternated(project, CASES, runs_scaled)
            same[times] = agreement(project, sums[times]["bare"][0])
    stages = staged(projects, runs_scaled)
    first.restore("ready")
    at_rest(first)
    return Overhead(sums, trees, stages, alternated(first, IDLE, max(runs, 5)), imports, same, load)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each case on the default data")
    parser.add_argument("--runs-scaled", type=int, default=3, help="of each case on the enlarged data")
    parser.add_argument("--scale", type=int, default=10, help="how often each row comes in the enlarged data; 1: none")
    parser.add_argument("--write", action="store_true", help="keep undisturbed figures in benchmarks/RESULTS.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evergreen-overhead-") as folder:
        found = measured(Path(folder), asked.scale, asked.runs, asked.runs_scaled)
    text = overhead_report.text(found)
    print(text)
    if asked.write and not found.disturbed:
        results.section("overhead", text)
    return int(found.disturbed or not all(limit.holds for limit in overhead_report.limits(found)))


if __name__ == "__main__":
    raise SystemExit(main())
