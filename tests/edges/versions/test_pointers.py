from scripts.edges.versions import dvc, pointers


def test_nothing_has_the_pointer_of_a_new_copy() -> None:
    assert pointers.pointer(b"", "production.zip") == dvc.NO_FILE
