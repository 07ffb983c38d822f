import json
from typing import Any

import pytest

from scripts.core import declaration
from scripts.core.declaration import Declaration
from scripts.core.errors import USAGE, Mistake
from scripts.core.gate.anchor_list import Anchor, Anchors, beside, parse, render, wanted
from tests.core.known_evidence import gate


def declared(version: int, bundle: str | None = None) -> Declaration:
    return Declaration(version=version, bundle=bundle or f"sha256:{version}") if version else declaration.none()


def line(*versions: int) -> list[Declaration]:
    """A history, the newest first."""
    return [declared(version) for version in versions]


def chosen(*versions: int, **rules: Any) -> list[tuple[int, bool, bool]]:
    found = wanted(declared(versions[0]), line(*versions), gate(**rules))
    assert found.unknown is None
    return [(each.version, each.pinned, each.taken_back) for each in found.anchors]


def test_the_newest_that_were_production_before_are_anchors() -> None:
    assert chosen(5, 4, 3, 2, 1, 0) == [(4, False, False), (3, False, False), (2, False, False)]
    assert [version for version, *_ in chosen(5, 4, 3, 2, 1, 0, anchors=1)] == [4]
    assert chosen(5, 4, 3, 2, 1, 0, anchors=0) == []
    assert [version for version, *_ in chosen(2, 1, 0)] == [1]


def test_the_first_model_has_none_and_nobody_misses_them() -> None:
    assert wanted(declaration.none(), line(0), gate(pinned=7)) == Anchors()
    assert wanted(declared(1), line(1, 0), gate()) == Anchors(production=1)
    assert wanted(declared(1), line(0), gate()) == Anchors(production=1), "promoted, and not committed yet"


def test_a_production_that_is_not_committed_yet_makes_no_difference() -> None:
    assert wanted(declared(4), line(3, 2, 1, 0), gate()) == wanted(declared(4), line(4, 3, 2, 1, 0), gate())


def test_after_a_rollback_the_model_that_was_taken_back_is_an_anchor_that_says_so() -> None:
    assert chosen(4, 5, 4, 3, 2, 1, 0) == [(5, False, True), (3, False, False), (2, False, False)]
    assert chosen(3, 5, 4, 3, 0)[:2] == [(5, False, True), (4, False, False)], "v4 was passed over, not taken back"
    assert chosen(6, 4, 5, 4, 0) == [(4, False, False), (5, False, True)], "it stays so when others follow"
    assert chosen(6, 5, 4, 5, 4, 0) == [(5, False, False), (4, False, False)], "unless it came back for good"


def test_a_pinned_version_is_one_more_and_counts_whatever_became_of_it() -> None:
    assert chosen(6, 5, 4, 3, 2, 1, 0, pinned=1)[-1] == (1, True, False)
    assert len(chosen(6, 5, 4, 3, 2, 1, 0, pinned=1)) == 4
    assert chosen(6, 5, 4, 3, 2, 1, 0, pinned=4)[1] == (4, True, False), "it is not listed twice"
    assert chosen(6, 5, 4, 0, anchors=0, pinned=4) == [(4, True, False)]
    assert chosen(6, 5, 4, 0, anchors=0, pinned=6) == [], "production is compared anyhow"
    back = wanted(declared(4), line(4, 5, 4, 0), gate(pinned=5)).anchors[0]
    assert (back.pinned, back.taken_back, back.counts) == (True, True, True)
    assert not wanted(declared(4), line(4, 5, 4, 0), gate()).anchors[0].counts


def test_a_pinned_version_that_never_was_production_is_one_line_with_the_cure() -> None:
    with pytest.raises(Mistake) as raised:
        wanted(declared(3), line(3, 2, 1, 0), gate(pinned=9))
    assert raised.value.lines == (
        "params.yaml: gate.pinned: v9 never was production. Choose one of v1, v2, v3, or null.",
    )
    assert raised.value.code == USAGE


def test_a_history_that_begins_with_a_later_version_is_named() -> None:
    found = wanted(declared(4), line(4), gate())
    assert found.anchors == () and "no declaration before that of v4" in str(found.unknown)


def test_the_list_is_read_back_as_it_was_written() -> None:
    anchors = Anchors(production=4, anchors=(Anchor(version=3, bundle="sha256:3", missing="gone"),), unknown="no")
    assert parse(render(anchors)) == anchors
    assert json.loads(render(anchors))["anchors"][0]["missing"] == "gone"
    assert anchors.anchors[0].file == "v3.zip"


def test_what_lies_beside_production_is_used_and_what_it_lacks_is_said() -> None:
    listed = render(wanted(declared(4), line(4, 3, 2, 1, 0), gate()))
    assert beside(listed, declared(4), gate()) == parse(listed)
    assert beside(None, declaration.none(), gate()) == beside(listed, declaration.none(), gate()) == Anchors()
    assert beside(listed, declared(4), gate(anchors=0)) == Anchors()
    assert beside(None, declared(1), gate()).unknown is None
    assert "has nothing, and production is v4" in str(beside(None, declared(4), gate()).unknown)
    rolled_back = beside(listed, declared(2), gate())
    assert [each.version for each in rolled_back.anchors] == [3, 1], "production is no anchor of its own"
    assert "before v4, and production is v2" in str(rolled_back.unknown)
    assert "lacks v9, which gate.pinned names" in str(beside(listed, declared(4), gate(pinned=9)).unknown)
    assert beside(listed, declared(4), gate(pinned=2)).unknown is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"anchors": [{}]}', b'{"more": 1}', b"\xff"])
def test_a_list_that_cant_be_read_is_said_and_ends_nothing(content: bytes) -> None:
    found = beside(content, declared(4), gate())
    assert found.anchors == () and str(found.unknown).startswith("models/anchors/anchors.json: can't be read (")
