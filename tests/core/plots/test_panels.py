import numpy as np
import pytest

from scripts.core.plots import figures, panels
from scripts.core.plots.curves import ROC, Curve
from tests.core.pictures import texts

pytestmark = pytest.mark.filterwarnings("error")

NAMES = {"candidate": "candidate", "production": "production v4"}
ENDS = np.array([0.0, 1.0])
DRAWN = [Curve(ROC, "production", ENDS, ENDS, 0.7), Curve(ROC, "candidate", ENDS, ENDS, 0.7534)]


def test_the_candidate_is_spoken_of_first_with_the_same_decimals() -> None:
    assert panels.both(DRAWN, NAMES) == "0.753 (candidate), 0.700 (production v4)"


def test_names_stand_in_the_panel_in_their_colours() -> None:
    with figures.style():
        page = figures.sheet(3.0, "title")
        axes = panels.panel(page, (0.5, 0.0, 3.0, 3.0), "across", "up")
        panels.called(axes, DRAWN, NAMES, "ROC AUC", (0.9, 0.3), 3.0)
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert colours["candidate 0.753"] == panels.INKS["candidate"]
    assert {"ROC AUC", "production v4 0.700", "across", "up"} <= set(texts(page.figure))
