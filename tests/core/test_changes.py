from scripts.core import changes
from scripts.core.changes import Change, Changes


def test_settings_differ_by_dotted_name() -> None:
    before = {"train": {"parameters": {"max_iter": 100}, "seed": 0}, "gate": {"metric": "log_loss", "slices": ["a"]}}
    after = {
        "train": {"parameters": {"max_iter": 150}, "seed": 0},
        "gate": {"metric": "log_loss", "slices": ["a", "b"]},
    }
    assert changes.of_settings(before, before) == ()
    assert changes.of_settings(before, after) == (
        Change("train.parameters.max_iter", "100", "150"),
        Change("gate.slices", '["a"]', '["a", "b"]'),
    )


def test_a_setting_that_comes_or_goes_is_a_change() -> None:
    found = changes.of_settings({"a": {"old": 1}, "empty": {}}, {"a": {"new": None}})
    assert [(one.name, one.before, one.after) for one in found] == [
        ("a.new", "not set", "null"),
        ("a.old", "1", "not set"),
        ("empty", "{}", "not set"),
    ]


def test_a_password_in_an_address_is_masked() -> None:
    before, after = ({"url": f"postgresql://reader:{word}@db/x"} for word in ("s3cret", "other"))
    assert "s3cret" not in str(changes.of_settings(before, after))
    assert "***@db/x" in str(changes.of_settings(before, after))


def test_batches_differ_by_rows() -> None:
    before = [{"name": "01", "rows": 1000}, {"name": "02", "rows": 10}]
    after = [{"name": "01", "rows": 1000}, {"name": "02", "rows": 11}, {"name": "03", "rows": 2000}]
    assert changes.of_batches(before, after) == (
        Change("02", "10 rows", "11 rows"),
        Change("03", "not there", "2,000 rows"),
    )
    assert changes.of_batches(after, before)[1] == Change("03", "2,000 rows", "not there")


def test_what_is_not_known_is_no_change() -> None:
    assert not Changes().any
    assert not Changes(params=(), data=(), code=()).any
    assert Changes(code=("scripts/core/features.py",)).any
