import yaml

from scripts.edges.versions import dvc, pointers
from tests import stored


def test_nothing_has_the_pointer_of_a_new_copy() -> None:
    assert pointers.pointer(b"", "production.zip") == dvc.NO_FILE


def test_a_folder_has_the_pointer_and_the_list_that_dvc_gives_it() -> None:
    assert pointers.folder({}, "data") == dvc.NOTHING
    batches = dict(reversed(stored.BATCHES.items()))
    assert pointers.listing(batches) == stored.listing(stored.BATCHES)
    named = stored.pointer("data", stored.listing(stored.BATCHES), stored.BATCHES)
    assert yaml.safe_load(pointers.folder(batches, "data")) == yaml.safe_load(named)
