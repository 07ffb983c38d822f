"""Write the generated parts of README.md: the tables of settings, and the tree with one line per file."""

import argparse
import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.core import environment, errors
from scripts.core.errors import FAILED
from scripts.edges import files
from scripts.edges.repository import git
from scripts.params import table

README = Path("README.md")
SAID = {  # files that can't say it themselves
    ".github": "the loop as workflows: each step is one command",
    "Makefile": "the commands that people type",
    "benchmarks": "how fast and how right, against what people use instead",
    "data.dvc": "which data",
    "dvc.yaml": "the pipeline",
    "models": "what is production: production.json says it, production.zip.dvc names its bytes",
    "params.yaml": "every number and name that you may change",
    "params.schema.json": "the same for editors, generated",
    "reports": "what the last run found",
    "requirements.txt": "locked packages, with hashes, from requirements.in; requirements-dev.txt likewise",
    "scripts": "everything that runs, always as `python -m scripts.<name>`",
    "scripts/core": "the rules, pure: values in, values out",
    "scripts/core/backtest": "policies of retraining, tried on the history",
    "scripts/core/checks": "what a batch must be like",
    "scripts/core/doctor": "what is looked at, and the cures",
    "scripts/core/drift": "how far new rows have moved from what production knows",
    "scripts/core/gate": "the verdict",
    "scripts/core/plots": "the pictures",
    "scripts/core/report": "what people read: pull requests, releases, pages",
    "scripts/core/scoring": "metrics and their intervals",
    "scripts/core/settings": "what params.yaml is read with",
    "scripts/core/site": "the page of the model's state, made of the ledger",
    "scripts/core/tables": "files as one typed table; which row is which",
    "scripts/core/training": "the model, fitted, tuned and written; where many are fitted at once",
    "scripts/edges": "one module per outside thing",
    "scripts/edges/batches": "where new batches come from",
    "scripts/edges/doctor": "what the doctor asks of everything outside",
    "scripts/edges/hub": "GitHub: pull requests, issues, releases and their files",
    "scripts/edges/registry": "MLflow",
    "scripts/edges/repository": "git: branches, commits, history, the ledger's branch",
    "scripts/edges/stores": "where data and models lie: a bucket, a folder, a branch",
    "scripts/edges/versions": "DVC and the small files that it writes",
    "scripts/stages": "what `dvc repro` runs: files in, files out",
    "tests": "mirrors scripts/",
    "tests/github_server": "the stand-in for GitHub",
    "tests/workflows": "the workflow files, read and run",
}


def tree() -> str:
    """The rooms and every module in them, with the first sentence of what it says of itself."""
    lines = [f"{name:<42}{said}" for name, said in _entries()]
    return "\n".join(["```", *lines, "```"]) + "\n"


def _entries() -> Iterator[tuple[str, str]]:
    modules = [Path(name) for name in git.files() if name.startswith("scripts/") and name.endswith(".py")]
    for name in sorted(SAID, key=lambda name: (name.split("/")[0], name)):
        if not Path(name).exists():
            continue
        yield "  " * name.count("/") + Path(name).name + "/" * Path(name).is_dir(), SAID[name]
        inside = [path for path in modules if _room(path) == name]
        yield from ((_indented(path, name), first_sentence(path)) for path in sorted(inside) if path.stat().st_size)


def _room(path: Path) -> str:
    return path.parent.as_posix()


def _indented(path: Path, room: str) -> str:
    return "  " * (room.count("/") + 1) + path.relative_to(room).as_posix()


def first_sentence(path: Path) -> str:
    said = " ".join((ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split())
    return re.split(r"(?<=[.:;])\s", said, maxsplit=1)[0].rstrip(".:;")


def parts() -> Mapping[str, str]:
    return {"params": table(), "environment": environment.table(), "tree": tree()}


def written(readme: str) -> str:
    """The README with today's generated parts between their marks."""
    for name, text in parts().items():
        marks = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        readme = marks.sub(lambda found, text=text: found[1] + text + found[2], readme)  # type: ignore[misc]
    return readme


@errors.reported
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.readme", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether README.md is current")
    given = parser.parse_args()
    now = README.read_text("utf-8")
    wanted = written(now)
    if given.check:
        print(f"{README}: {'is current' if now == wanted else 'is out of date. Run: make docs'}")
        return 0 if now == wanted else FAILED
    files.write(README, wanted.encode())
    print(f"wrote {README}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
