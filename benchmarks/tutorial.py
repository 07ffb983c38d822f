"""The script that tutorials build: bare.py plus Evidently's drift report and a registered MLflow model."""

import json
import tempfile
from pathlib import Path

import mlflow
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
from mlflow.models import infer_signature
from sklearn.pipeline import Pipeline

from benchmarks import bare

FEATURES = bare.CATEGORIES + bare.NUMBERS


def drift(reference: pd.DataFrame, current: pd.DataFrame, html: Path) -> None:
    schema = DataDefinition(numerical_columns=bare.NUMBERS, categorical_columns=[*bare.CATEGORIES, bare.TARGET])
    sides = [Dataset.from_pandas(side[[*FEATURES, bare.TARGET]], schema) for side in (current, reference)]
    Report([DataDriftPreset()]).run(*sides).save_html(str(html))


def track(store: Path, model: Pipeline, holdout: pd.DataFrame, metrics: dict[str, float], html: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{store / 'mlflow.db'}")
    experiment = mlflow.create_experiment("flights", artifact_location=(store / "artifacts").as_uri())
    with mlflow.start_run(experiment_id=experiment):
        mlflow.log_params(bare.PARAMETERS)
        mlflow.log_metrics(metrics)
        mlflow.log_artifact(str(html))
        features = holdout[FEATURES]
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(features, model.predict(features)),
            registered_model_name="flights",
            serialization_format="cloudpickle",  # the default format refuses gradient boosting
        )


def main() -> int:
    data = bare.folder()
    train, holdout = bare.split(bare.read(data))
    newest = pd.read_parquet(max(data.glob("*.parquet")))
    model = bare.fit(train)
    metrics = bare.score(model, holdout)
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder, "drift.html")
        drift(train[train[bare.TIME] < newest[bare.TIME].min()], newest, html)
        track(Path(folder), model, holdout, metrics, html)
    print(json.dumps({"train": len(train), "holdout": len(holdout), **metrics}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
