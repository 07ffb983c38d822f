"""The whole way, with real processes: what is recorded can be used, and what is down keeps nobody waiting."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core import bundle, params
from scripts.edges.registry import mlflow_registry
from scripts.edges.registry.mlflow_registry import Model, Record, Recorded, Settings, Unrecorded, Worker
from tests import bundles

ROOT = Path(__file__).parents[3]
TRUSTED = ("sklearn.compose._column_transformer.make_column_selector",)

# Runs where the project is not, so that what the model needs must have come with it.
READER = """
import json, sys
import mlflow, numpy, pandas
mlflow.set_tracking_uri("sqlite:///mlflow.db")
rows = pandas.read_parquet("rows.parquet")
uri = "models:/small@candidate"
model, loaded = mlflow.sklearn.load_model(uri), mlflow.pyfunc.load_model(uri)
version = mlflow.MlflowClient().get_model_version_by_alias("small", "staging")
run = mlflow.MlflowClient().get_run(version.run_id)
print(json.dumps({
    "probabilities": model.predict_proba(rows).tolist(),
    "raw": loaded.get_raw_model().predict_proba(rows).tolist(),
    "labels": loaded.predict(rows).tolist(),
    "example": loaded.predict(loaded.input_example).tolist(),
    "version": version.tags,
    "run": [run.info.run_name, run.info.status, run.info.start_time, run.info.end_time],
    "params": run.data.params,
    "metrics": run.data.metrics,
    "tags": run.data.tags,
    "own": [module.__file__ for name, module in sys.modules.items() if name.startswith("scripts.")],
}))
"""


@pytest.fixture(scope="module")
def fitted() -> tuple[bytes, Any]:
    return bundles.real()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    bundles.rows().to_parquet(folder / "rows.parquet")
    return folder


@pytest.fixture(scope="module")
def recorded(fitted: tuple[bytes, Any], elsewhere: Path) -> Recorded | Unrecorded:
    content, _ = fitted
    (elsewhere / "candidate.zip").write_bytes(content)
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(ROOT))
    checked = params.parse(bundles.PARAMS)
    record = Record(
        run="7f3c2a",
        experiment="small",
        started=10.0,
        ended=12.5,
        params=mlflow_registry.params_of(checked),
        metrics={"candidate.log_loss": 0.5},
        tags={"evergreen.verdict": "PROMOTE"},
        model=Model("small", Path("candidate.zip"), bundle.digest(content), TRUSTED, ("candidate", "staging")),
    )
    with Worker(Settings("sqlite:///mlflow.db", 60, 0), root=elsewhere) as worker:
        answer = worker.record(record)
    patch.undo()
    return answer


@pytest.fixture(scope="module")
def seen(recorded: Recorded | Unrecorded, elsewhere: Path) -> Any:
    assert isinstance(recorded, Recorded), recorded
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [sys.executable, "-c", READER], capture_output=True, text=True, cwd=elsewhere, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_registered_model_predicts_raw_rows_as_the_bundle_does(fitted: tuple[bytes, Any], seen: Any) -> None:
    expected = fitted[1].predict_proba(bundles.rows())
    assert np.array_equal(seen["probabilities"], expected)
    assert np.array_equal(seen["raw"], expected)
    assert np.array_equal(seen["labels"], expected.argmax(axis=1))


def test_its_example_is_accepted_and_its_code_came_with_it(seen: Any) -> None:
    assert len(seen["example"]) == 5
    assert seen["own"], "the model's preprocessing is the project's own"
    assert not [file for file in seen["own"] if Path(file).is_relative_to(ROOT)]


def test_the_version_bears_the_bundles_digest(fitted: tuple[bytes, Any], seen: Any) -> None:
    assert seen["version"] == {"evergreen.bundle": bundle.digest(fitted[0])}


def test_the_run_shows_what_was_recorded(seen: Any) -> None:
    assert seen["run"] == ["7f3c2a", "FINISHED", 10_000, 12_500]
    assert seen["metrics"] == {"candidate.log_loss": 0.5}
    assert seen["tags"]["evergreen.verdict"] == "PROMOTE"
    assert seen["params"]["train.parameters.max_iter"] == "5"
    assert "s3cret" not in str(seen)


class Broken(BaseHTTPRequestHandler):
    """Answers 500 with everything that it was sent."""

    def do_GET(self) -> None:
        self.send_response(500)
        self.end_headers()
        self.wfile.write(str(self.headers).encode())

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def broken() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def unrecorded(uri: str, root: Path = ROOT) -> str:
    with Worker(Settings(uri, 1, 0), root) as worker:
        answer = worker.alias("small", "sha256:0", "production")
    assert isinstance(answer, Unrecorded)
    assert "\n" not in str(answer) and "s3cret" not in str(answer)
    return str(answer)


def test_a_dead_port_is_a_line(unused_port: int) -> None:
    said = unrecorded(f"http://user:s3cret@127.0.0.1:{unused_port}")
    assert said.startswith(f"MLflow (http://***@127.0.0.1:{unused_port}) was left out: Connection refused.")


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_server_that_accepts_and_stalls_is_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = unrecorded(f"http://user:s3cret@127.0.0.1:{server.getsockname()[1]}")
    assert "no answer in time" in said


def test_a_server_that_answers_500_is_a_line(broken: int) -> None:
    assert "it answers 500" in unrecorded(f"http://user:s3cret@127.0.0.1:{broken}")


def test_a_locked_store_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    connection.execute("BEGIN EXCLUSIVE")
    assert "database is locked" in unrecorded("sqlite:///mlflow.db", tmp_path)
    connection.close()


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_registry, "STARTING", 0.0)
    with Worker(Settings("http://127.0.0.1:9", 0.05, 0)) as worker:
        answer = worker.alias("small", "sha256:0", "production")
    assert isinstance(answer, Unrecorded)
    assert answer.reason.startswith("no answer in")
    assert worker.process.returncode == -signal.SIGKILL


def test_a_process_that_breaks_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert "No module named" in unrecorded("sqlite:///mlflow.db", tmp_path)


def test_an_exception_in_the_block_ends_the_process() -> None:
    with pytest.raises(KeyboardInterrupt), Worker(Settings("http://127.0.0.1:9", 1, 0)) as worker:
        raise KeyboardInterrupt
    assert worker.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(("timeout", "retries", "patience"), [(10, 1, 70), (10, 0, 60), (60, 5, 100)])
def test_patience_is_bounded(timeout: float, retries: int, patience: float) -> None:
    found = Worker(Settings("http://127.0.0.1:9", timeout, retries))._patience()
    assert patience - 1 < found <= patience


PART = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), min_size=1)


@given(PART, PART)
def test_user_and_password_never_get_out(user: str, password: str) -> None:
    user, password = f"us3r{user}", f"s3cret{password}"
    uri = f"https://{quote(user, safe='')}:{quote(password, safe='')}@mlflow.example/x"
    for told in (f"can't reach {uri}/api", f"{password} was refused", f"{quote(password, safe='')} is wrong"):
        said = mlflow_registry.without_secrets(told, uri)
        assert "s3cret" not in said and "us3r" not in said
    assert mlflow_registry.masked(uri) == "https://***@mlflow.example/x"


def test_params_are_those_that_decide_the_outcome_without_secrets() -> None:
    found = mlflow_registry.params_of(params.parse(bundles.PARAMS))
    assert found["data.source.url"] == "postgresql://***@db.example/x"
    assert found["gate.metric"] == "log_loss"
    assert found["train.tune"] == "null"
    assert not [name for name in found if name.startswith(("data.columns", "tracking", "drift"))]


EVALUATION = {
    "verdict": {"verdict": "HOLD", "first": False, "reasons": ["not proven", "more rows"]},
    "models": {"candidate": {"bundle": "sha256:9c"}},
    "metrics": {
        "log_loss": {"candidate": 0.5, "production": 0.6, "difference": -0.1},
        "f1": {"candidate": 0.7, "production": None, "difference": None},
    },
}


def test_metrics_are_named_by_side_and_what_is_unknown_is_left_out() -> None:
    drift = {"share": 0.25, "weighted_share": 0.2}
    assert mlflow_registry.metrics_of(EVALUATION, drift, {"train": 6}) == {
        "candidate.log_loss": 0.5,
        "production.log_loss": 0.6,
        "difference.log_loss": -0.1,
        "candidate.f1": 0.7,
        "drift.share": 0.25,
        "drift.weighted_share": 0.2,
        "seconds.train": 6.0,
    }
    assert "drift.share" not in mlflow_registry.metrics_of(EVALUATION, None, {})


def test_tags_say_where_a_run_comes_from_and_how_it_ended() -> None:
    batches = [{"from": "2013-02-01", "to": "2013-02-28"}, {"from": "2013-01-01", "to": "2013-01-31"}]
    undated = {"from": None, "to": None}
    found = mlflow_registry.tags_of(
        EVALUATION, {"batches": [*batches, undated]}, data="md5", commit=None, dirty=True, triggers=["new_rows", "age"]
    )
    assert (found["evergreen.data.from"], found["evergreen.data.to"]) == ("2013-01-01", "2013-02-28")
    assert found["evergreen.reasons"] == "not proven; more rows"
    assert found["evergreen.triggers"] == "new_rows, age"
    assert found["evergreen.bundle"] == "sha256:9c"
    assert found["evergreen.dirty"] == "true"
    assert "mlflow.source.git.commit" not in found
