import json

import pytest

from scripts.core import objects
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.objects import Object
from tests import stored

DIGEST = "0123456789abcdef0123456789abcdef"
DATA = Object("data", f"{DIGEST}.dir", None, "data.dvc")


def test_a_pointer_names_what_lies_beside_it() -> None:
    text = stored.pointer("production.zip", b"production")
    (found,) = objects.of_pointer(text, "models/production.zip.dvc")
    digest = objects.digest(b"production")
    assert found == Object("models/production.zip", digest, 10, "models/production.zip.dvc")
    assert not found.made_anew and not found.folder


def test_a_folder_has_members_and_its_size_is_not_that_of_its_list() -> None:
    listing = stored.listing(stored.BATCHES)
    (top,) = objects.of_pointer(stored.pointer("data", listing, stored.BATCHES), "data.dvc")
    assert top.folder and top.size is None and objects.genuine(top.oid, listing)
    assert [(each.path, each.oid) for each in objects.members(listing, top)] == [
        (f"data/{name}", objects.digest(content)) for name, content in stored.BATCHES.items()
    ]


def test_of_the_lock_count_outputs_that_dvc_keeps() -> None:
    lock = stored.lock({"evaluate": {**stored.OUTPUTS, **stored.BY_GIT, "scripts/store.py": b"planted"}})
    assert {each.path for each in objects.of_lock(lock, stored.PIPELINE)} == set(stored.OUTPUTS)
    assert all(each.made_anew for each in objects.of_lock(lock, stored.PIPELINE))
    kept = objects.outputs(stored.PIPELINE)
    assert {path for path, cached in kept.items() if not cached} == set(stored.BY_GIT)


def test_what_a_stage_had_read() -> None:
    lock = stored.lock({"validate": {}}, {"validate": {"data": f"{DIGEST}.dir"}})
    assert objects.depended(lock, "validate") == {"data": f"{DIGEST}.dir"}
    assert objects.depended(lock, "train") == {}


def test_names_are_laid_out_as_dvc_does_and_read_back() -> None:
    assert objects.laid(f"{DIGEST}.dir") == f"files/md5/01/{DIGEST[2:]}.dir"
    for oid in (DIGEST, f"{DIGEST}.dir"):
        assert objects.oid_of(objects.laid(oid)) == oid
    for other in ("files/md5/01/.x.77.tmp", "files/md5/01/23", "README.md", f"x/{objects.laid(DIGEST)}"):
        assert objects.oid_of(other) is None


def test_what_everybody_knows_is_what_it_is_called() -> None:
    assert all(objects.genuine(oid, content) for oid, content in objects.KNOWN.items())


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a//b", ".", "a\\..\\b", "a\nb", ""])
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    assert not objects.inside(path)
    listing = json.dumps([{"md5": DIGEST, "relpath": path}]).encode()
    with pytest.raises(Mistake, match="no list of files"):
        objects.members(listing, DATA)
    pointer = f'outs:\n- md5: {DIGEST}\n  size: 1\n  path: "../{path.encode("unicode_escape").decode()}"\n'
    with pytest.raises(Mistake, match=r"data\.dvc: can't be read"):
        objects.of_pointer(pointer, "data.dvc")


@pytest.mark.parametrize(
    "listing", [b"", b"{}", b"[1]", b'[{"md5": "x", "relpath": "a"}]', b'[{"relpath": "a"}]', b"\xff"]
)
def test_a_list_that_is_none_is_told(listing: bytes) -> None:
    with pytest.raises(Mistake, match=r"data.*is no list of files"):
        objects.members(listing, DATA)


@pytest.mark.parametrize(
    "text",
    ["", "outs: 3", "outs: [3]", "<<<<<<< HEAD\nouts:", "a: [", "outs:\n- md5: zz\n  path: x", "- 1", "stages: 3"],
)
def test_what_can_not_be_read_is_told_with_the_cure(text: str) -> None:
    for name, read in (("data.dvc", objects.of_pointer), ("dvc.lock", lambda text, _: objects.locked(text))):
        if name == "dvc.lock" and text.startswith("outs:"):
            continue
        if name == "data.dvc" and text == "stages: 3":
            continue
        with pytest.raises(Mistake) as raised:
            read(text, name)
        assert raised.value.lines == (
            f"{name}: can't be read. Finish the merge, or restore it: git checkout -- {name}",
        )
        assert raised.value.code == OUTSIDE


def test_many_objects_are_named_in_few_words() -> None:
    many = [Object(f"data/{number}", DIGEST, None, "data.dvc") for number in range(7)]
    assert objects.listed(many, 2) == "data/0 (01234567), data/1 (01234567) and 5 more"
