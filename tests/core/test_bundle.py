"""Equal models have equal bytes, and no altered byte is believed."""

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core import bundle
from scripts.core.errors import OUTSIDE, Mistake

NAME = "models/candidate.zip"
ROWS = np.array([7, 2**64 - 1, 0], dtype=np.uint64)


def packed(model: bytes = b"a model", **manifest: Any) -> bytes:
    return bundle.pack({"format": 1, **manifest}, model, b"a parquet file", bundle.rows_bytes(ROWS))


CONTENT = packed()
DIGEST = bundle.digest(CONTENT)
SOME = np.random.default_rng(0).permutation(len(CONTENT))


def refused(content: bytes, expected: str | None) -> str:
    with pytest.raises(Mistake) as raised:
        bundle.unpack(content, expected, NAME)
    (line,) = raised.value.lines
    assert line.startswith(f"{NAME}: ") and raised.value.code == OUTSIDE
    return line


@given(
    st.binary(),
    st.binary(),
    st.lists(st.integers(0, 2**64 - 1)),
    st.dictionaries(st.text(), st.text() | st.floats(0, 1)),
)
def test_what_is_packed_is_unpacked(
    model: bytes, reference: bytes, hashes: list[int], manifest: dict[str, Any]
) -> None:
    trained = np.array(hashes, dtype=np.uint64)
    content = bundle.pack(manifest, model, reference, bundle.rows_bytes(trained))
    opened = bundle.unpack(content, bundle.digest(content))
    assert (opened.model, opened.reference, opened.digest) == (model, reference, bundle.digest(content))
    assert opened.rows.tolist() == sorted(hashes)
    assert {key for key in opened.manifest if key != "digests"} == set(manifest) - {"digests"}
    assert bundle.unpack(content, None).digest == opened.digest
    assert opened.manifest["digests"][bundle.MODEL] == bundle.digest(model)


def test_equal_members_have_equal_bytes_and_others_have_not() -> None:
    assert packed() == CONTENT
    assert packed(model=b"another") != CONTENT
    assert packed(name="x") != CONTENT
    rows = (bundle.rows_bytes(order) for order in (ROWS, ROWS[::-1]))
    assert next(rows) == next(rows)


def test_the_zip_names_no_time_and_no_machine() -> None:
    with zipfile.ZipFile(io.BytesIO(CONTENT)) as file:
        assert {(info.date_time, info.create_system, info.compress_type) for info in file.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 3, zipfile.ZIP_STORED)
        }


@pytest.mark.parametrize("expected", [DIGEST, None], ids=["declared", "candidate"])
def test_every_flipped_bit_is_found(expected: str | None) -> None:
    for place in SOME[:200]:
        altered = bytearray(CONTENT)
        altered[place] ^= 1 << int(place) % 8
        refused(bytes(altered), expected)


@pytest.mark.parametrize("expected", [DIGEST, None], ids=["declared", "candidate"])
def test_every_truncation_and_every_addition_is_found(expected: str | None) -> None:
    for place in [*SOME[:100], 0, len(CONTENT) - 1]:
        refused(CONTENT[:place], expected)
    for other in (CONTENT + b"\0", b"\0" + CONTENT, CONTENT + CONTENT):
        refused(other, expected)


def test_another_bundle_in_its_place_is_found_and_the_cure_named() -> None:
    line = refused(packed(model=b"another"), DIGEST)
    assert f"models/production.json declares {DIGEST[:19]}" in line
    assert f"Bring the declared one back: dvc checkout {NAME} (or dvc pull)." in line


@pytest.mark.parametrize("member", [bundle.MODEL, bundle.REFERENCE, bundle.ROWS])
def test_a_member_of_another_bundle_is_found(member: str) -> None:
    with zipfile.ZipFile(io.BytesIO(CONTENT)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members[member] = bundle.rows_bytes(ROWS[:1])
    assert f"its member {member} was altered" in refused(bundle.archive(members), None)


def rewritten(manifest: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(CONTENT)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    return bundle.archive({**members, bundle.MANIFEST: manifest})


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b'{"digests": []}', b'{"digests": {}}', b"\xff"])
def test_a_manifest_that_vouches_for_nothing_is_refused(manifest: bytes) -> None:
    refused(rewritten(manifest), None)


def test_members_that_are_missing_or_too_many_are_refused() -> None:
    assert "is no bundle: it holds ['manifest.json']" in refused(bundle.archive({bundle.MANIFEST: b"{}"}), None)
    with zipfile.ZipFile(io.BytesIO(CONTENT)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    assert "is no bundle" in refused(bundle.archive({**members, "../evil.py": b"x"}), None)
    doubled = io.BytesIO(CONTENT)
    with zipfile.ZipFile(doubled, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr(bundle.MODEL, b"another")
    refused(doubled.getvalue(), None)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "empty zip"])
@pytest.mark.parametrize("expected", [DIGEST, None], ids=["declared", "candidate"])
def test_what_is_no_bundle_at_all_is_refused(content: bytes, expected: str | None) -> None:
    refused(content, expected)


def test_nothing_is_parsed_before_the_digest_is_what_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parsed(BaseException):
        """Nothing catches it."""

    def parse(*_: object, **__: object) -> None:
        raise Parsed

    monkeypatch.setattr(zipfile, "ZipFile", parse)
    monkeypatch.setattr(json, "loads", parse)
    monkeypatch.setattr(np, "load", parse)
    refused(CONTENT + b"\0", DIGEST)
    refused(CONTENT, "")
    refused(CONTENT, "sha256:")
    with pytest.raises(Parsed):
        bundle.unpack(CONTENT, DIGEST)


def test_no_pickle_is_ever_loaded() -> None:
    out = io.BytesIO()
    np.save(out, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    content = bundle.pack({}, b"", b"", out.getvalue())
    with pytest.raises(ValueError, match="allow_pickle"):
        bundle.unpack(content, bundle.digest(content))
