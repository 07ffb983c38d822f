"""What a release says: how good the model is, and how to get it, check it, use it and serve it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.core.report import anchored, sections
from scripts.core.report.markdown import clip, code, details, escape, link, name, table
from scripts.core.report.material import Material, example
from scripts.core.report.numbers import READINGS, between, deciding, decimals, fixed, gain, signed, spoken
from scripts.core.report.pull_request import verdict
from scripts.core.report.release_files import File, size

LIMIT = 120_000  # GitHub takes 125,000 characters
WIDEST = 40  # columns of a row that is written out
LONGEST = 40  # characters of a value in it


@dataclass(frozen=True)
class Credit:
    """Who promoted the model, and by which pull request; None where nobody can tell."""

    actor: str | None = None
    number: int | None = None


@dataclass(frozen=True)
class Place:
    """Where the release is."""

    server: str
    repository: str  # OWNER/NAME

    @property
    def url(self) -> str:
        return f"{self.server}/{self.repository}"


def title(made_of: Material) -> str:
    """flight-disruption v5 · log loss 0.561 (95% 0.541 … 0.582) on 6,512 rows of 2013-06-24 to 2013-06-30"""
    found = deciding(made_of.evaluation)
    said = f"{made_of.name} v{made_of.version}"
    if found is None:
        return said
    metric, entry = found
    places = max(3, decimals(entry)) if abs(entry["candidate"]) < 10 else decimals(entry)
    ends = entry.get("candidate_interval")
    level = f"{100 * made_of.evaluation['method']['confidence']:g}%"
    between = f" ({level} {fixed(ends[0], places)} … {fixed(ends[1], places)})" if ends else ""
    return f"{said} · {spoken(metric)} {fixed(entry['candidate'], places)}{between} {_rows(made_of.evaluation)}"


def _rows(evaluation: Mapping[str, Any], which: str = "") -> str:
    holdout = evaluation["holdout"]
    when = f" of {holdout['from'][:10]} to {holdout['to'][:10]}" if holdout["from"] else ""
    return f"on {which}{holdout['rows']:,} rows{when}"


def notes(made_of: Material, files: Mapping[str, File], place: Place, credit: Credit) -> str:
    parts = [
        " ".join(_story(made_of, place, credit)),
        _metrics(made_of),
        _get(made_of, files, place),
        _use(made_of, place),
        _serve(made_of),
        _files(files),
        details("How it was judged", f"{verdict(made_of.evaluation)}\n\n{sections.judged(made_of.evaluation)}"),
        anchored.folded(made_of.evaluation),
        _folded("Slices", sections.slices(made_of.evaluation)),
        _folded("Drift by column", sections.columns(made_of.drift)),
    ]
    return clip(parts, LIMIT, _origin(made_of, place))


def _folded(summary: str, body: str) -> str:
    return details(summary, body) if body else ""


def _story(made_of: Material, place: Place, credit: Credit) -> Iterator[str]:
    declared, evaluation = made_of.declaration, made_of.evaluation
    found, before = deciding(evaluation), declared.replaces
    if before is None:
        yield "The first model."
    elif found is not None and (turned := gain(found[1])) is not None:
        places = decimals(found[1])
        by, low, high = (fixed(value, places) for value in turned)
        level = f"{100 * evaluation['method']['confidence']:g}% interval"
        said = f"better than v{before.version} by {by} ({spoken(found[0])}, {level} {low} to {high})"
        yield f"{said[0].upper()}{said[1:]} {_rows(evaluation, 'the same ')}."
    if (trained := declared.trained_on) is not None:
        when = f", {trained.from_[:10]} to {trained.to[:10]}" if trained.from_ and trained.to else ""
        yield f"Trained on {trained.rows:,} rows{when}."
    yield _promoted(made_of, place, credit)
    if (verdict_ := declared.verdict) is not None and verdict_.override:
        yield f"**Against the verdict {escape(verdict_.verdict)}**, because: {escape(verdict_.override)}."


def _promoted(made_of: Material, place: Place, credit: Credit) -> str:
    by = f" by @{credit.actor}" if credit.actor else ""
    where = f" in {link(f'#{credit.number}', f'{place.url}/pull/{credit.number}')}" if credit.number else ""
    commit = f"{place.url}/commit/{made_of.commit}"
    if not where:
        where = f" in {link(code(made_of.commit[:7]), commit)}"
    why = sections.why_now(made_of.run) or "; ".join(code(reason) for reason in made_of.declaration.why)
    return f"Promoted{by}{where}{f', because {why}' if why else ''}."


def _metrics(made_of: Material) -> str:
    """The model by itself and beside the one before it, on the same rows."""
    evaluation, before = made_of.evaluation, made_of.declaration.replaces
    level = f"{100 * evaluation['method']['confidence']:g}% interval"
    found = sorted(evaluation["metrics"].items(), key=lambda item: not item[1]["decides"])[: sections.MOST_METRICS]
    rows = [_metric(metric, entry, before is not None) for metric, entry in found]
    if before is None:
        return table(["metric", f"v{made_of.version}", level], rows, "lrl")
    header = ["metric", f"v{made_of.version}", level, f"v{before.version}", "difference", level, ""]
    return table(header, rows, "lrlrrll")


def _metric(metric: str, entry: Mapping[str, Any], paired: bool) -> list[str]:
    places = decimals(entry, 1)
    name_ = f"**{escape(spoken(metric))}**" if entry["decides"] else escape(spoken(metric))
    ends = entry.get("candidate_interval")
    alone = "–" if ends is None else f"{fixed(ends[0], places)} … {fixed(ends[1], places)}"
    row = [name_, fixed(entry["candidate"], places), alone]
    if paired:
        row += [fixed(entry["production"], places), signed(entry["difference"], places)]
        row += [between(entry["interval"], places), READINGS.get(entry.get("reading") or "", "")]
    return row


def _get(made_of: Material, files: Mapping[str, File], place: Place) -> str:
    tag, folder = f"v{made_of.version}", made_of.stem
    lines = [f"gh release download {tag} --repo {place.repository} --dir {folder}", f"cd {folder}"]
    lines.append("sha256sum --check SHA256SUMS")
    if "requirements.txt" in files:
        lines.append("pip install --require-hashes -r requirements.txt")
    own = f"python -m scripts.download --repo {place.repository} --version {made_of.version}"
    return f"### Get it and check it\n\n```sh\n{chr(10).join(lines)}\n```\n\nOr, in a clone of this repository: `{own}`"


def _use(made_of: Material, place: Place) -> str:
    if not made_of.needs_sources:
        return f"### Use it\n\n```python\n{snippet(made_of)}\n```"
    clone = f"git clone --branch v{made_of.version} {place.url}"
    said = f"The model calls this repository's own `{made_of.bundle.manifest['params']['train']['preprocess']}`"
    return f"### Use it\n\n{said}: run this in a clone (`{clone}`).\n\n```python\n{snippet(made_of)}\n```"


def snippet(made_of: Material) -> str:
    """Python that needs pandas, scikit-learn and skops, and nothing of this project unless the model does."""
    trusted = "".join(f"    {kind!r},\n" for kind in made_of.trusted)
    lines = ["import pandas as pd", "import skops.io", ""]
    lines.append(f"model = skops.io.load({made_of.model_file!r}, trusted=[\n{trusted}])".replace("[\n]", "[]"))
    lines += [_example(made_of), f"print(model.{_asked(made_of)}(rows))"]
    return "\n".join(lines)


def _asked(made_of: Material) -> str:
    return "predict" if made_of.bundle.manifest["classes"] is None else "predict_proba"


def _example(made_of: Material) -> str:
    row = example(made_of.bundle).iloc[0].to_dict()
    long = any(len(repr(value)) > LONGEST for pair in row.items() for value in pair)
    if len(row) > WIDEST or long:
        return f'rows = pd.read_parquet("rows.parquet")  # with the {len(row):,} columns that manifest.json names'
    cells = "".join(f"    {column!r}: [{value!r}],\n" for column, value in row.items())
    return f"rows = pd.DataFrame({{\n{cells}}})"


def _serve(made_of: Material) -> str:
    lines = [
        f"python -m zipfile -e {made_of.archive} model",
        "mlflow models serve --model-uri model --env-manager local --port 8080",
        "curl localhost:8080/invocations --json @model/serving_input_example.json",
    ]
    return f"### Serve it\n\n```sh\n{chr(10).join(lines)}\n```\n\nKServe, MLServer and SageMaker read the same folder."


def _files(files: Mapping[str, File]) -> str:
    rows = [[code(file), escape(each.about), size(len(each.content))] for file, each in files.items()]
    return f"### Files\n\n{table(['file', 'what it is', 'size'], rows, 'llr')}"


def _origin(made_of: Material, place: Place) -> str:
    """Where it comes from, in a line."""
    commit = link(code(made_of.commit[:7]), f"{place.url}/commit/{made_of.commit}")
    parts = [f"**{name(made_of.name)}** bundle {code(made_of.bundle.digest)}", f"declared in {commit}"]
    if (before := made_of.declaration.replaces) is not None:
        tags = f"v{before.version}...v{made_of.version}"
        parts.append(link(f"what changed since v{before.version}", f"{place.url}/compare/{tags}"))
    return " · ".join(parts)
