import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scripts.core import bundle
from scripts.core.declaration import Verdict
from scripts.core.report import release_files, release_notes
from scripts.core.report.material import Material
from scripts.core.report.release_notes import Credit, Place
from tests import bundles, genuine, reports
from tests.releasing import clean

PLACE = Place("https://github.com", "octo/evergreen")


@pytest.fixture(scope="module")
def made() -> Material:
    return genuine.material(genuine.bundle_of())


def notes(made_of: Material, credit: Credit | None = None) -> str:
    files = release_files.files(made_of)
    return release_notes.notes(made_of, files, PLACE, credit or Credit("octocat", 14))


def test_the_title_says_the_metric_with_its_interval_and_the_rows(made: Material) -> None:
    said = "small v5 · log loss 0.561 (95% 0.541 … 0.581) on 6,512 rows of 2013-06-24 to 2013-06-30"
    assert release_notes.title(made) == said


def test_the_first_lines_say_how_much_better_on_what_trained_on_what_by_whom_and_why(made: Material) -> None:
    story = notes(made).partition("\n")[0]
    assert story == (
        "Better than v4 by 0.015 (log loss, 95% interval 0.002 to 0.028) on the same 6,512 rows of "
        "2013-06-24 to 2013-06-30. Trained on 166,158 rows, 2013-01-01 to 2013-06-23. Promoted by @octocat in "
        "[#14](https://github.com/octo/evergreen/pull/14), because 28,243 new rows of 20,000 (`new_rows`)."
    )


def test_the_metrics_stand_beside_those_of_the_model_before(made: Material) -> None:
    said = notes(made)
    assert "| metric | v5 | 95% interval | v4 | difference | 95% interval |  |" in said
    assert "| **log loss** | 0.561 | 0.541 … 0.581 | 0.576 | −0.015 | −0.028 … −0.002 | ▲ better |" in said


def test_how_to_get_check_use_and_serve_it_comes_with_every_command(made: Material) -> None:
    said = notes(made)
    order = [
        "gh release download v5 --repo octo/evergreen",
        "sha256sum --check SHA256SUMS",
        "skops.io.load",
        "mlflow models serve",
    ]
    places = [said.index(words) for words in order]
    assert places == sorted(places)
    for name, file in release_files.files(made).items():
        assert f"| `{name}` |" in said and release_files.size(len(file.content)) in said


@pytest.mark.parametrize("task", genuine.TASKS)
def test_the_python_of_the_notes_runs_on_the_published_file(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """In a process that knows nothing of this project; the other tasks, to save time, in this one."""
    made_of = genuine.material(genuine.bundle_of(task))
    code = re.findall(r"```python\n(.*?)```", notes(made_of), re.DOTALL)[0]
    assert "scripts" not in code
    (tmp_path / made_of.model_file).write_bytes(release_files.files(made_of)[made_of.model_file].content)
    if "rows.parquet" in code:  # too many columns to be written out
        release_files.example(made_of.bundle).to_parquet(tmp_path / "rows.parquet")
    if task == "binary":
        done = clean([sys.executable, "-I", "-W", "ignore", "-c", code], tmp_path)
        assert done.returncode == 0, done.stderr
        said = done.stdout
    else:
        monkeypatch.chdir(tmp_path)
        exec(code, {})
        said = capsys.readouterr().out
    assert len(re.findall(r"[\d.]+", said)) == {"binary": 2, "multiclass": 3, "regression": 1}[task]


def test_a_model_that_calls_the_repository_says_where_it_runs() -> None:
    made_of = genuine.material(genuine.bundle_of(preprocess="own"))
    said = notes(made_of)
    assert "`scripts.core.features.derive`: run this in a clone (`git clone --branch v5 https://github.com/octo" in said
    assert "'scripts.core.features.derive'," in release_notes.snippet(made_of)


def test_no_row_of_the_table_is_shown(made: Material) -> None:
    rows = pd.read_parquet(io.BytesIO(made.bundle.reference))
    shown = release_files.example(made.bundle)
    assert len(shown) == 1
    assert not (rows[list(shown)] == shown.iloc[0]).all(axis=1).any()
    with_sizes = rows["size"].dropna().map(repr)
    assert not any(value in notes(made) for value in with_sizes)


def test_the_first_model_says_so(made: Material) -> None:
    evaluation = reports.evaluation(first=True)
    made_of = genuine.material(genuine.bundle_of(), evaluation=evaluation, declaration=genuine.first(made))
    assert notes(made_of).startswith("The first model. Promoted by @octocat")
    assert "compare/" not in notes(made_of)
    assert "| metric | v1 | 95% interval |\n" in notes(made_of)


def test_without_anybody_to_name_the_commit_is_named(made: Material) -> None:
    assert "Promoted in [`a81ca81`](https://github.com/octo/evergreen/commit/a81c" in notes(made, Credit())


def test_a_promotion_against_the_verdict_is_said_and_why(made: Material) -> None:
    verdict = Verdict(verdict="HOLD", first=False, reasons=(), override="safer")
    declared = made.declaration.model_copy(update={"verdict": verdict})
    assert "**Against the verdict HOLD**, because: safer." in notes(replace(made, declaration=declared))


@pytest.mark.parametrize("words", reports.HOSTILE)
def test_hostile_words_are_only_words(made: Material, words: str) -> None:
    drift = reports.drift()
    drift["columns"][0]["column"] = drift["drifted"][0] = words
    evaluation = reports.evaluation()
    evaluation["slices"]["rows"][0]["value"] = words
    evaluation["verdict"]["reasons"] = [words]
    made_of = genuine.material(
        genuine.bundle_of(), evaluation=evaluation, reports={"reports/drift.json": json.dumps(drift).encode()}
    )
    said = notes(made_of)
    for living in ("<script>", "@everyone", "<!channel>", "<img", "\x1b", "\u202e"):
        assert living not in said
    assert not re.search(r"(?<!\\)\]\(javascript:", said)
    assert said.count("<details>") == said.count("</details>") == 3


def test_a_thousand_columns_stay_within_githubs_limit(made: Material) -> None:
    names = {f"a column with a rather long name {number:04}": "number" for number in range(1000)}
    out = io.BytesIO()
    pd.DataFrame({name: [1.0] for name in names}).to_parquet(out)
    opened = replace(made.bundle, manifest={**made.bundle.manifest, "features": names}, reference=out.getvalue())
    evaluation = reports.evaluation(slices=1000)
    drift = json.dumps(reports.drift(1000)).encode()
    made_of = genuine.material(genuine.bundle_of(), evaluation=evaluation, reports={"reports/drift.json": drift})
    said = notes(replace(made_of, bundle=opened))
    assert len(said) < 120_000
    assert "with the 1,000 columns that manifest.json names" in said
    assert bundle.digest(genuine.bundle_of()) in said, "where it comes from is never cut off"


def test_the_archive_loads_as_mlflow_loads_it(tmp_path: Path) -> None:
    """What `mlflow models serve` does before it listens; it is loaded in a process of its own."""
    made_of = genuine.material(genuine.bundle_of())
    files = release_files.files(made_of)
    (tmp_path / made_of.archive).write_bytes(files[made_of.archive].content)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", made_of.archive, "model"], cwd=tmp_path, check=True)
    assert (tmp_path / "model/MLmodel").is_file()
    example = json.loads((tmp_path / "model/serving_input_example.json").read_text())["dataframe_split"]
    assert example["columns"] == list(made_of.bundle.manifest["features"])
    assert len(example["data"]) == 1


def test_the_projects_modules_are_in_the_archive_of_a_model_that_calls_them() -> None:
    sources: dict[str, Any] = {"scripts/core/features.py": b"own"}
    made_of = replace(genuine.material(bundles.hollow(), trusted=()), sources=sources)
    assert b"code/scripts/core/features.py" in release_files.files(made_of)[made_of.archive].content
