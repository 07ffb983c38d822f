from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core.tables.findings import Finding
from tests.core.small_table import data, frame, judged_together


def labelled(counts: dict[Any, int], seed: int = 0) -> pd.DataFrame:
    """Rows with so many of each label, in turn."""
    labels = [label for label, count in counts.items() for _ in range(count)]
    return frame(len(labels), seed).assign(y=labels)


def found(*tables: pd.DataFrame, **rules: Any) -> list[tuple[str | None, str, str]]:
    return [(finding.batch, finding.rule, finding.level) for finding in judged_together(*tables, **rules)]


def one(*tables: pd.DataFrame, **rules: Any) -> Finding:
    (finding,) = judged_together(*tables, **rules)
    return finding


@pytest.mark.parametrize("counts", [{0: 100, 1: 100}, {0: 198, 1: 6}, {"no": 100, "yes": 50}])
def test_two_classes_in_good_shares_pass(counts: dict[Any, int]) -> None:
    assert not found(labelled(counts))


def test_one_class_fails_and_does_not_hide_in_other_batches() -> None:
    assert found(labelled({1: 200})) == [("a.parquet", "one_class", "fail"), (None, "one_class", "fail")]
    good = [frame(2000, seed=seed) for seed in range(3)]
    assert found(*good, labelled({1: 200}, seed=9)) == [("d.parquet", "one_class", "fail")]


def test_the_shares_of_the_classes_have_limits() -> None:
    finding = one(frame(1900), labelled({0: 199, 1: 1}, seed=1))
    assert (finding.batch, finding.rule, finding.limit, finding.share) == ("b.parquet", "max_class_share", 0.99, 0.995)
    finding = one(frame(1900), labelled({0: 195, 1: 5}, seed=1), min_class_share=0.03)
    assert (finding.rule, finding.count, finding.limit) == ("min_class_share", 5, 0.03)
    assert found(frame(1900), labelled({0: 199, 1: 1}, seed=1), balance_level="warn") == [
        ("b.parquet", "max_class_share", "warn")
    ]


def test_of_many_classes_the_second_counts() -> None:
    many = labelled(dict.fromkeys(range(48), 10))
    assert not found(many, given=data(task="multiclass"), min_class_share=0.02)


def test_few_labels_say_nothing_of_a_share() -> None:
    young = labelled({1: 200}, seed=1)
    young.loc[50:, "y"] = np.nan
    assert not found(frame(1900), young, min_labelled=0.0)


def test_a_class_of_three_rows_is_warned_of() -> None:
    finding = one(labelled({"a": 100, "b": 80, "c": 3}), given=data(task="multiclass"))
    assert (finding.batch, finding.rule, finding.level, finding.examples) == (None, "rare_class", "warn", ("'c': 3",))


def test_a_binary_task_has_two_labels() -> None:
    finding = one(labelled({0: 100, 1: 80, 2: 20}))
    assert (finding.batch, finding.rule, finding.examples) == (None, "two_classes", ("'2': 20", "'1': 80", "'0': 100"))


def test_the_positive_label_is_one_of_them() -> None:
    table = labelled({"no": 100, "yes": 80})
    assert found(table, given=data(positive="yes")) == []
    assert found(table, given=data(positive=1)) == [(None, "positive", "fail")]
    assert found(frame(), given=data(positive=1)) == []


def test_a_label_is_one_whether_others_are_missing_or_not() -> None:
    some = frame(seed=1).astype({"y": "float64"})
    some.loc[3, "y"] = np.nan
    assert not found(frame(), some, given=data(positive=1))


def test_labels_come_with_time() -> None:
    young = frame(seed=1).astype({"y": "float64"})
    young.loc[150:, "y"] = np.nan  # the newest 50 hours
    finding = one(frame(), young)
    assert (finding.batch, finding.column, finding.rule, finding.count) == ("b.parquet", "y", "labelled", 50)
    assert not found(frame(), young, given=data(label_delay="50h"))
    assert one(frame(), young, given=data(label_delay="25h")).message.startswith(
        "data/b.parquet: column 'y' has no label in 25 of 175 rows (14.3%, limit 10%; rows 151, "
    )
    assert not found(frame(), young, min_labelled=0.75)


def test_without_time_every_row_is_old() -> None:
    table = frame().astype({"y": "float64"}).drop(columns="at")
    table.loc[:30, "y"] = np.nan
    assert found(table, given=data(time=None, holdout=0.2)) == [("a.parquet", "labelled", "fail")]


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_table_without_any_label_fails(task: str) -> None:
    table = frame().assign(y=np.nan)
    assert found(table, given=data(task=task, label_delay="30D")) == [(None, "labels", "fail")]


def test_a_column_that_is_not_there_is_not_also_unlabelled() -> None:
    assert not found(frame().drop(columns="y"))
