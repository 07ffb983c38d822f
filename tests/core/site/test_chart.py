import json
from typing import Any

import pytest

from scripts.core.site.chart import figure, legend
from scripts.core.site.style import DARK, LIGHT
from scripts.core.site.timeline import timeline
from tests import lived
from tests.lived import life


def traces(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {trace["name"]: trace for trace in figure(timeline(lived.ledger_of(lines).lines))["data"]}


def test_the_figure_shows_what_the_ledger_says() -> None:
    found = traces(life())
    assert found["production"]["y"] == [0.49, 0.48, 0.52, 0.51, 0.47]
    assert found["candidate, promoted"]["y"] == [0.48, 0.51, 0.46]
    assert found["candidate, not promoted"]["y"] == [0.47, 0.50]
    assert found["drift over the limit"]["y"] == [0.30000000000000004, 0.4]
    assert found["new version"]["text"] == ["v1"]
    assert found["back to an earlier version"]["text"] == ["v2, v1"]


def test_bars_are_the_interval_from_productions_score() -> None:
    found = traces(life())["candidate, not promoted"]
    ends = zip(found["y"], found["error_y"]["array"], found["error_y"]["arrayminus"], strict=True)
    low, high = next((y - below, y + above) for y, above, below in ends)
    assert (low, high) == pytest.approx((0.46, 0.484))


def test_kinds_differ_in_form_and_not_in_colour_alone() -> None:
    signs = [sign for sign, _, _ in legend(timeline(lived.ledger_of(life()).lines))]
    assert len(signs) == 7 == len(set(signs))


def test_names_of_versions_do_not_touch() -> None:
    lines = [lived.release(version, version, version - 1) for version in range(1, 200)]
    named = [text for text in traces([lived.retrain(0, 0), *lines])["new version"]["text"] if text]
    assert named[-1] == "v199" and 8 <= len(named) <= 13


def test_texts_of_the_ledger_are_texts_to_plotly() -> None:
    shown = json.dumps(figure(timeline(lived.ledger_of([*life(), *lived.hostile()]).lines)))
    assert "<img" not in shown and "&lt;img" in shown


def test_every_colour_is_one_of_the_style() -> None:
    text = json.dumps(figure(timeline(lived.ledger_of(life()).lines)))
    used = {part.split(")")[0] for part in text.split("var(--")[1:]}
    assert used <= set(LIGHT) and set(LIGHT) == set(DARK)


def test_plotly_knows_all_that_the_figure_says() -> None:
    import plotly.graph_objects as go

    painted = json.loads(_painted(json.dumps(figure(timeline(lived.ledger_of(life()).lines)))))
    go.Figure(data=painted["data"], layout=painted["layout"])


def _painted(text: str) -> str:
    for name, value in LIGHT.items():
        text = text.replace(f"var(--{name})", value)
    return text
