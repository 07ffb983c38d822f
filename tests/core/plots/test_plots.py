import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scripts.core.plots import figures, plots
from scripts.core.plots.plot_calibration import calibrated
from scripts.core.plots.plots import Month, Predictions
from tests.core import pictures
from tests.core.pictures import HOSTILE, drifted, is_picture, month, moved, part, predictions, report

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.filterwarnings("error")  # a glyph that is missing is a warning of matplotlib's


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_same_files_for_every_task(task: str, first: bool) -> None:
    found = plots.evaluation(report(first), predictions(task, first))
    assert tuple(found) == plots.FILES
    for name, content in found.items():
        if name.endswith(".png"):
            is_picture(content)
            continue
        points = json.loads(content)
        assert {point["curve"] == "calibration" for point in points} == {name == "calibration.json"}
        models = {point["model"] for point in points}
        assert models == ({"candidate"} if first else {"candidate", "production"})
        assert all({"curve", "model", "x", "y"} <= set(point) for point in points)
        assert all(sum(point["model"] == model for point in points) <= 200 for model in models)


DIGEST = """
import hashlib, pickle, sys
from scripts.core.plots import plots
given = pickle.load(sys.stdin.buffer)
made = [*plots.evaluation(*given[:2]).values(), plots.drift(given[2]), plots.year(given[3])]
print(hashlib.sha256(b"".join(made)).hexdigest())
"""


def test_the_same_bytes_in_another_process_whatever_its_settings(tmp_path: Path) -> None:
    settings = tmp_path / "matplotlibrc"
    settings.write_text("font.size: 30\naxes.facecolor: red\nlines.linewidth: 9\n")
    given = (
        report(),
        predictions("multiclass"),
        drifted([moved("a", 0.3)]),
        [month("a", 1.0, 2.0, 1)] * 3,
    )
    made = [*plots.evaluation(*given[:2]).values(), plots.drift(given[2]), plots.year(given[3])]
    env = os.environ | {"PYTHONHASHSEED": "7", "MATPLOTLIBRC": str(settings)}
    ask = [sys.executable, "-c", DIGEST]
    run = subprocess.run(ask, cwd=ROOT, env=env, input=pickle.dumps(given), capture_output=True, check=True)
    assert run.stdout.decode().strip() == hashlib.sha256(b"".join(made)).hexdigest()


def test_settings_are_put_back_and_pyplot_stays_out() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    plots.evaluation(report(), predictions("binary"))
    assert dict(matplotlib.rcParams) == before
    show = "print([m for m in sys.modules if m.startswith('matplotlib')])"
    ask = f"import sys; from scripts.core.plots import plots; {show}"
    run = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_a_thousand_slices_columns_metrics_and_classes() -> None:
    rows = [part(place, place / 1e4) for place in range(1000)]
    many = report(slices={"compared": 1000, "broken": [], "too_small": [], "rows": rows})
    many["metrics"] |= {f"m{place}": pictures.metric(0.5, 0.5) for place in range(1000)}
    for content in plots.evaluation(many, predictions("multiclass", classes=1000)).values():
        assert len(content) < 200_000
    is_picture(plots.drift(drifted([moved(f"c{place}", place / 100) for place in range(1000)])))


def test_hostile_names_are_drawn_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    count = len(HOSTILE)
    rows = [part(text, 0.1, "broken", text) for text in HOSTILE]
    hostile = report(slices={"compared": count, "broken": [], "too_small": [], "rows": rows})
    hostile["metrics"] = {text: pictures.metric(0.5, 0.6, decides=text == HOSTILE[0]) for text in HOSTILE}
    scores = np.random.default_rng(0).random((20 * count, count))
    plots.evaluation(hostile, Predictions(np.array(HOSTILE * 20), HOSTILE, scores, scores, None))
    plots.drift(drifted([moved(text, 0.3) for text in HOSTILE]))
    for figure in drawn:
        assert not any(set("\t\r\x00\x1b\u202e\ud800") & set(text) for text in pictures.texts(figure))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stands_in_titles_and_on_axes(text: str) -> None:
    is_picture(plots.year([Month(text, 1.0, 2.0, True, 1, 0.1, text)]))
    known = Predictions(np.array([text, "b"] * 9), [text, "b"], np.full((18, 2), 0.5), None, 0)
    with figures.style():
        figures.plain(text * 3, text)
        calibrated(known, {"candidate": "candidate"})


@pytest.mark.parametrize(
    "known",
    [
        Predictions(np.empty(0, int), [0, 1], np.empty((0, 2)), None, 1),
        Predictions(np.ones(50, int), [0, 1], np.full((50, 2), 0.5), None, 1),
        Predictions(np.array([0, 1] * 9), [0, 1], np.full((18, 2), np.nan), np.full((18, 2), 0.5), 1),
        Predictions(np.array([0, 1] * 9), [0, 1], None, np.full((18, 2), 0.5), 1),
        Predictions(np.array(["a"]), ["a", "b", "c"], np.ones((1, 3)) / 3, None, None),
        Predictions(np.empty(0), None, np.empty(0), None, None),
        Predictions(np.ones(5), None, np.full(5, np.nan), np.full(5, np.inf), None),
        Predictions(np.ones(5), None, np.ones(5), np.ones(5), None),
        Predictions(np.array([1e300, -1e300]), None, np.array([1e300, 1e-300]), None, None),
    ],
)
def test_what_can_not_be_drawn_is_said(known: Predictions) -> None:
    for name, content in plots.evaluation(report(), known).items():
        if name.endswith(".png"):
            is_picture(content)
        else:
            assert all(np.isfinite(point["x"] + point["y"]) for point in json.loads(content))


def test_the_digest_of_a_picture_changes_with_what_it_shows() -> None:
    made = [plots.drift(drifted([moved("a", distance)])) for distance in (0.3, 0.4)]
    assert len({hashlib.sha256(content).digest() for content in made}) == 2
