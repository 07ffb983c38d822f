"""A bundle as a folder in MLflow's format, which `mlflow models serve`, KServe, MLServer and SageMaker read.

The model file goes over byte for byte. No clock and no MLflow needed: equal bundles make equal folders.
Format: https://mlflow.org/docs/latest/ml/model/#storage-format
"""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from scripts.core.bundle import MODEL, Bundle

EXAMPLE_ROWS = 5
EXAMPLE, SERVING = "input_example.json", "serving_input_example.json"
CODE = "code"
TYPES = {"number": "double", "category": "string"}


def folder(
    bundle: Bundle,
    trusted: Sequence[str],
    versions: Mapping[str, str],
    sources: Mapping[str, bytes],
    identity: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """Contents by path. `versions` are those of python and mlflow, `sources` the project's modules by path,
    `identity` what a registry knows the model by (model_id, model_uuid, run_id, artifact_path).

    Both flavours answer with labels or values; `predict_proba` is on the scikit-learn flavour, and behind
    `get_raw_model()` on the other.
    """
    own = sources if needs_sources(bundle.manifest) else {}
    described = _described(bundle, trusted, versions, CODE if own else None) | dict(identity or {})
    return {
        "MLmodel": _yaml(described),
        MODEL: bundle.model,
        **_example(bundle),
        **_environment(versions, bundle.manifest["libraries"]),
        **{f"{CODE}/{path}": content for path, content in own.items()},
    }


def needs_sources(manifest: Mapping[str, Any]) -> bool:
    """Whether the model calls a function of the project, so that its modules must travel with it."""
    return str(manifest["params"]["train"].get("preprocess")).startswith("scripts.")


def _described(bundle: Bundle, trusted: Sequence[str], versions: Mapping[str, str], code: str | None) -> dict[str, Any]:
    return {
        "flavors": {
            "python_function": {
                "loader_module": "mlflow.sklearn",
                "model_path": MODEL,
                "predict_fn": "predict",
                "python_version": versions["python"],
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "code": code,
            },
            "sklearn": {
                "pickled_model": MODEL,
                "serialization_format": "skops",
                "sklearn_version": bundle.manifest["libraries"]["scikit-learn"],
                "skops_trusted_types": list(trusted),
                "code": code,
            },
        },
        "metadata": {"bundle": bundle.digest},
        "mlflow_version": versions["mlflow"],
        "model_size_bytes": len(bundle.model),
        "saved_input_example_info": {
            "artifact_path": EXAMPLE,
            "serving_input_path": SERVING,
            "type": "dataframe",
            "pandas_orient": "split",
        },
        "signature": _signature(bundle.manifest),
    }


def _signature(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Every feature by name, a number as double and a category as text; out comes a label or a value."""
    classes = manifest["classes"]
    answer = "double" if classes is None else "long" if isinstance(classes[0], int) else "string"
    features = manifest["features"].items()
    columns = [{"type": TYPES[kind], "name": name, "required": True} for name, kind in features]
    return {"inputs": json.dumps(columns), "outputs": json.dumps([{"type": answer, "required": True}])}


def _example(bundle: Bundle) -> dict[str, bytes]:
    import pandas as pd

    rows = pd.read_parquet(io.BytesIO(bundle.reference)).head(EXAMPLE_ROWS)
    text = rows[list(bundle.manifest["features"])].to_json(orient="split", index=False)
    return {EXAMPLE: text.encode(), SERVING: f'{{"dataframe_split": {text}}}'.encode()}


def _environment(versions: Mapping[str, str], libraries: Mapping[str, str]) -> dict[str, bytes]:
    """What the model needs, pinned, in the three forms that MLflow's tools ask for."""
    pins = [f"{name}=={version}" for name, version in {"mlflow": versions["mlflow"], **libraries}.items()]
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={versions['python']}", "pip", {"pip": pins}],
    }
    pip = {"build_dependencies": ["pip"], "dependencies": ["-r requirements.txt"]}
    return {
        "requirements.txt": ("\n".join(pins) + "\n").encode(),
        "conda.yaml": _yaml(conda),
        "python_env.yaml": _yaml({"python": versions["python"], **pip}),
    }


def _yaml(value: Any) -> bytes:
    """JSON, which is YAML too."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
