import json
from typing import Any

import pytest

from scripts.core import bundle, mlflow_format
from tests import bundles

VERSIONS = {"python": "3.11.7", "mlflow": "3.17.2"}
SOURCES = {"scripts/__init__.py": b"", "scripts/core/features.py": b"own"}


def folder(content: bytes, **identity: str) -> dict[str, bytes]:
    return mlflow_format.folder(bundle.unpack(content, None), ["a.Type"], VERSIONS, SOURCES, identity)


def described(content: bytes) -> Any:
    return json.loads(folder(content, model_id="m-1")["MLmodel"])


def test_the_model_goes_over_byte_for_byte_and_equal_bundles_make_equal_folders() -> None:
    assert folder(bundles.hollow())["model.skops"] == b"a model"
    assert folder(bundles.hollow()) == folder(bundles.hollow())


def test_the_signature_names_every_feature_and_the_kind_of_answer() -> None:
    signature = described(bundles.hollow())["signature"]
    assert [(column["name"], column["type"]) for column in json.loads(signature["inputs"])] == [
        ("carrier", "string"),
        ("sched_dep_minute", "double"),
        ("sched_arr_minute", "double"),
    ]
    assert json.loads(signature["outputs"])[0]["type"] == "long"


@pytest.mark.parametrize(("classes", "answer"), [(None, "double"), (["no", "yes"], "string"), ([0, 1], "long")])
def test_the_answer_has_the_type_of_the_labels(classes: Any, answer: str) -> None:
    content = bundles.packed(bundles.manifest(bundles.params.parse(bundles.PARAMS), classes=classes), b"x")
    assert json.loads(described(content)["signature"]["outputs"])[0]["type"] == answer


def test_requirements_are_pinned_in_all_three_forms() -> None:
    files = folder(bundles.hollow())
    pins = files["requirements.txt"].decode().split()
    assert pins == ["mlflow==3.17.2", "pandas==3.0.6", "scikit-learn==1.9.1", "skops==0.16.0"]
    assert {"pip": pins} in json.loads(files["conda.yaml"])["dependencies"]
    assert json.loads(files["python_env.yaml"])["python"] == "3.11.7"


def test_the_example_holds_features_only_and_null_for_what_is_missing() -> None:
    example = json.loads(folder(bundles.hollow())["input_example.json"])
    assert example["columns"] == ["carrier", "sched_dep_minute", "sched_arr_minute"]
    assert len(example["data"]) == 5
    assert example["data"][0][0] is None


def test_the_projects_modules_travel_only_with_a_model_that_calls_one() -> None:
    plain = bundles.hollow(text=bundles.PARAMS.replace("scripts.core.features.derive", "null"))
    assert folder(bundles.hollow())["code/scripts/core/features.py"] == b"own"
    assert described(bundles.hollow())["flavors"]["sklearn"]["code"] == "code"
    assert not [path for path in folder(plain) if path.startswith("code/")]
    assert described(plain)["flavors"]["sklearn"]["code"] is None


def test_the_folder_bears_the_registrys_identity_and_the_bundles_digest() -> None:
    found = described(bundles.hollow())
    assert found["model_id"] == "m-1"
    assert found["metadata"]["bundle"] == bundle.digest(bundles.hollow())
    assert found["flavors"]["sklearn"]["skops_trusted_types"] == ["a.Type"]
