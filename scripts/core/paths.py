"""Where things lie, relative to the project's root."""

from pathlib import Path

PARAMS = Path("params.yaml")
SCHEMA = Path("params.schema.json")
PIPELINE = Path("dvc.yaml")
LOCK = Path("dvc.lock")

DATA = Path("data")
DATA_DVC = Path("data.dvc")

CANDIDATE = Path("models/candidate.zip")
PRODUCTION = Path("models/production.zip")
PRODUCTION_DVC = Path("models/production.zip.dvc")
DECLARATION = Path("models/production.json")
ANCHORS = Path("models/anchors")  # earlier releases, for comparison
ANCHORS_DVC = Path("models/anchors.dvc")

REPORTS = Path("reports")
VALIDATION = REPORTS / "validation.json"
DRIFT = REPORTS / "drift.json"
DRIFT_HTML = REPORTS / "drift.html"
METRICS = REPORTS / "metrics.json"
EVALUATION = REPORTS / "evaluation.json"
PREDICTIONS = REPORTS / "predictions.parquet"
HOLDOUT = REPORTS / "holdout.json"
RUN = REPORTS / "run.json"
PLOTS = REPORTS / "plots"

OUTCOME = Path("outcome")  # what each command of this run did, for the next ones; not in git
