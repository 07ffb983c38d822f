"""The script that a data scientist would write for this model: read, split, fit, score. The yardstick."""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")  # before scikit-learn starts its threads

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

TARGET, TIME, HOLDOUT = "disrupted", "sched_dep", pd.Timedelta("14D")  # the newest whole days
CATEGORIES = ["carrier", "origin", "dest", "weekday"]
NUMBERS = ["sched_dep_minute", "sched_arr_minute", "distance", "temp", "dewp", "humid", "wind_dir", "wind_speed"]
NUMBERS += ["wind_gust", "precip", "pressure", "visib", "origin_delay_3h"]
PARAMETERS = {"max_iter": 150, "learning_rate": 0.1, "min_samples_leaf": 50, "l2_regularization": 1.0}


def read(folder: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in sorted(folder.glob("*.parquet"))], ignore_index=True)


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    labelled = table[table[TARGET].notna()]
    newest = labelled[TIME] >= labelled[TIME].max().normalize() + pd.Timedelta("1D") - HOLDOUT
    return labelled[~newest], labelled[newest]


def fit(train: pd.DataFrame) -> Pipeline:
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=float("nan"), max_categories=250)
    columns = make_column_transformer((codes, CATEGORIES), remainder="passthrough")
    trees = HistGradientBoostingClassifier(
        **PARAMETERS, early_stopping=False, random_state=0, categorical_features=list(range(len(CATEGORIES)))
    )
    return make_pipeline(columns, trees).fit(train[CATEGORIES + NUMBERS], train[TARGET])


def score(model: Pipeline, holdout: pd.DataFrame) -> dict[str, float]:
    truth, chance = holdout[TARGET], model.predict_proba(holdout[CATEGORIES + NUMBERS])[:, 1]
    metrics = {"log_loss": log_loss, "roc_auc": roc_auc_score, "brier_score": brier_score_loss}
    return {name: float(metric(truth, chance)) for name, metric in metrics.items()}


def folder() -> Path:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data: Path = parser.parse_args().data
    return data


def main() -> int:
    train, holdout = split(read(folder()))
    print(json.dumps({"train": len(train), "holdout": len(holdout), **score(fit(train), holdout)}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
