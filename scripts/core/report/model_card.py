"""MODEL_CARD.md: what a model is, what it was trained and judged on, and what it must not be trusted with."""

from collections.abc import Iterator, Mapping
from typing import Any

from scripts.core.report import sections
from scripts.core.report.markdown import bullets, clip, code, escape, name, table
from scripts.core.report.material import Material
from scripts.core.report.pull_request import verdict

LIMIT = 120_000
MOST = 60  # columns that are listed
TASKS = {"regression": "tabular-regression"}


def card(made_of: Material) -> str:
    manifest = made_of.bundle.manifest
    parts = [
        f"# {escape(made_of.name)} v{made_of.version}",
        _asked(manifest),
        f"## How good it is\n\n{verdict(made_of.evaluation)}\n\n{sections.metrics(made_of.evaluation)}",
        f"## What it was trained on\n\n{bullets(_trained(made_of))}",
        f"## Columns\n\n{_columns(manifest)}",
        _titled("Slices", sections.slices(made_of.evaluation)),
        f"## Limits\n\n{bullets(_limits(made_of))}",
        f"## How it was judged\n\n{sections.judged(made_of.evaluation)}",
    ]
    return f"{_front(manifest)}\n{clip(parts, LIMIT, _origin(made_of))}\n"


def _titled(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _front(manifest: Mapping[str, Any]) -> str:
    """What catalogues of models look for."""
    task = TASKS.get(manifest["task"], "tabular-classification")
    return f"---\nlibrary_name: sklearn\ntags:\n- skops\n- {task}\n---\n"


def _asked(manifest: Mapping[str, Any]) -> str:
    target = name(manifest["target"]) if "target" in manifest else "the target"
    classes = manifest["classes"]
    if classes is None:
        return f"It estimates **{target}**."
    if manifest["task"] == "binary" and "positive" in manifest:
        return f"It tells how probable it is that **{target}** is {code(manifest['positive'])}."
    known = ", ".join(code(label, 60) for label in classes[:20]) + (", …" if len(classes) > 20 else "")
    return f"It tells how probable each value of **{target}** is: {known}."


def _trained(made_of: Material) -> Iterator[str]:
    manifest = made_of.bundle.manifest
    rows = manifest["trained_on"]
    when = f", {rows['from']} to {rows['to']}" if rows.get("from") else ""
    yield f"{rows['rows']:,} rows{when}; those that judged it are not among them"
    train = manifest["params"]["train"]
    if train.get("estimator"):
        settings = ", ".join(f"{key}={value!r}" for key, value in (train.get("parameters") or {}).items())
        yield f"{code(train['estimator'])}{f' with {code(settings, 400)}' if settings else ''}"
    if train.get("preprocess"):
        yield f"rows go through {code(train['preprocess'])} first, which is part of the model"
    yield "made with " + ", ".join(f"{escape(its)} {escape(version)}" for its, version in manifest["libraries"].items())


def _columns(manifest: Mapping[str, Any]) -> str:
    importance: Mapping[str, float] = manifest.get("importance") or {}
    ordered = sorted(manifest["features"].items(), key=lambda item: (-importance.get(item[0], 0.0), item[0]))
    rows = [[name(column), kind, _share(importance.get(column))] for column, kind in ordered[:MOST]]
    rest = len(ordered) - MOST
    more = f"\n\n*and {rest:,} more: see manifest.json*" if rest > 0 else ""
    return table(["column", "kind", "importance"], rows, "llr") + more


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _limits(made_of: Material) -> Iterator[str]:
    evaluation = made_of.evaluation
    yield "Its figures are for rows like those of the hold-out. Where data drift, they no longer hold."
    if small := evaluation["slices"]["too_small"]:
        shown = ", ".join(name(each) for each in small[:10]) + (f" and {len(small) - 10:,} more" if small[10:] else "")
        yield f"Too few rows to be judged by themselves: {shown}."
    if broken := evaluation["slices"]["broken"]:
        yield f"Worse than the model before it on: {', '.join(name(each) for each in broken[:10])}."
    found = made_of.declaration.verdict
    if found is not None and found.override:
        yield f"Promoted against the verdict {escape(found.verdict)}, because: {escape(found.override)}."
    if made_of.needs_sources:
        yield "It calls a function of the repository that made it, and runs only where that can be imported."
    yield "Load it with the list of types in the release's notes: no other type belongs in the file."


def _origin(made_of: Material) -> str:
    digests = made_of.bundle.manifest["digests"]
    rows = [["bundle", code(made_of.bundle.digest)], *([code(member), code(its)] for member, its in digests.items())]
    rows.append(["declared in commit", code(made_of.commit)])
    return f"## Where it comes from\n\n{table(['what', 'digest'], rows, 'll')}"
