"""The drift report, drawn by Evidently with the distances, limits and decisions of drift.json."""

import ctypes
import gc
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from scripts.core.drift import drift_page

if TYPE_CHECKING:
    from evidently.legacy.model.widget import BaseWidgetInfo as Widget

Record: TypeAlias = Mapping[str, Any]  # a column of drift.json
Series: TypeAlias = "pd.Series[Any]"

MOST_COLUMNS = 50  # that are drawn, so that the page stays below 5 MB
MOST_CATEGORIES = 30  # of a column; the others are drawn as one
ROWS_PER_PAGE = 25
BINS = 12  # of the small pictures
STAT_TEST = "evergreen_psi"
MISSING = "(missing)"
RESERVED = {"per"}  # what Evidently names a column of its own
HUGE = 1e150  # its square is no float any more
CLOSE = 1e-9  # range of a column, as a share of its values, below which there are no bins to draw
OVER_TIME = "DATA DRIFT"  # what Evidently calls its picture of means over time
GREY = "#4d4d4d"  # Evidently's colour for the reference


def undrawable(reference: Series, current: Series, kind: str) -> str | None:
    """Why Evidently would raise for the column, or draw it wrong; None if it can draw it."""
    if kind == "category":
        return None
    for side, name in ((reference, "the training sample"), (current, "the new rows")):
        values = side.dropna().to_numpy()
        if values.dtype.kind not in "fiu":
            return f"{values.dtype} in {name}, where numbers belong"
        if not len(values):
            return f"no value in {name}"
        if np.abs(values).max() > HUGE:
            return f"infinite or huge values in {name}"
    both = np.concatenate([reference.dropna().to_numpy(), current.dropna().to_numpy()])
    width = float(np.ptp(both)) or 1.0  # a constant is drawn one unit wide
    return "values that lie too close together" if width < CLOSE * float(np.abs(both).max()) else None


def page(
    name: str, report: Mapping[str, Any], reference: pd.DataFrame, current: pd.DataFrame, time: str | None
) -> bytes:
    """`report` is drift.json; the tables are the samples that it was made of, with the time column if there is one."""
    _import_evidently()
    from evidently.legacy.renderers.html_widgets import group_widget

    drawn = _drawn(report)
    title = f"{name}: drift against production v{report['production']}"
    table = [_table(drawn, reference, current, time)] if drawn else []
    _give_back()
    widgets = [*_summary(title, report, len(drawn)), *table, *_left_out(report)]
    return drift_page.rendered(title, [group_widget(title="", widgets=widgets), *_tests(drawn)])


def _import_evidently() -> None:
    """Without garbage collection: looking through what its three thousand modules make takes half of the import, and
    another second when the process ends, and there is nothing to be found."""
    if "evidently" in sys.modules:
        return
    was = gc.isenabled()
    gc.disable()
    try:
        import evidently  # noqa: F401
    finally:
        gc.freeze()
        if was:
            gc.enable()


def _give_back() -> None:
    """Frees what Evidently's report leaves: objects that hold each other, 40 MB of them, which the C library keeps."""
    gc.collect()
    if hasattr(library := ctypes.CDLL(None), "malloc_trim"):  # glibc's own
        library.malloc_trim(0)


def _drawn(report: Mapping[str, Any]) -> list[Record]:
    """The columns of the page: those that drifted first, by importance."""
    skipped = {entry["column"] for entry in report["skipped"]}
    columns = [column for column in report["columns"] if column["column"] not in skipped]
    return sorted(columns, key=lambda c: (not c["drifted"], -c["importance"], -c["distance"]))[:MOST_COLUMNS]


def _table(columns: Sequence[Record], reference: pd.DataFrame, current: pd.DataFrame, time: str | None) -> "Widget":
    """Evidently's table of drift by column, its test answered with our records, and our figures beside its own."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.legacy.metrics import DataDriftTable

    records = {_safe(c["column"]): c for c in columns}
    _register(records)
    then, now = _frames(records, reference, current, time)
    definition = DataDefinition(
        timestamp=None if time is None else _safe(time),
        numerical_columns=[name for name, c in records.items() if c["kind"] == "number"],
        categorical_columns=[name for name, c in records.items() if c["kind"] == "category"],
    )
    metric = DataDriftTable(
        columns=list(records),
        stattest=STAT_TEST,
        per_column_stattest_threshold={name: c["threshold"] for name, c in records.items()},
    )
    sides = [Dataset.from_pandas(side, data_definition=definition) for side in (now, then)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of correlations with a constant column, which nobody sees
        _, widgets = Report([]).run(*sides).context.get_legacy_metric(metric, None, None)
    table = _completed(widgets[-1], records, then, now)
    return table if time is not None else _timeless(table)


def _safe(name: str) -> str:
    return f"{name} " if name in RESERVED else name


def _register(records: Mapping[str, Record]) -> None:
    """The test that Evidently calls by column: what it answers is what stands in drift.json."""
    from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
    from evidently.legacy.core import ColumnType

    def recorded(reference: Series, current: Series, kind: Any, threshold: float) -> tuple[float, bool]:
        record = records[str(reference.name)]
        return record["distance"], record["drifted"]

    kinds = [ColumnType.Numerical, ColumnType.Categorical]
    register_stattest(StatTest(STAT_TEST, "PSI", kinds), recorded)


def _frames(
    records: Mapping[str, Record], reference: pd.DataFrame, current: pd.DataFrame, time: str | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both samples as Evidently takes them."""
    then: dict[str, Any] = {} if time is None else {_safe(time): reference[time].to_numpy()}
    now: dict[str, Any] = {} if time is None else {_safe(time): current[time].to_numpy()}
    for name, record in records.items():
        column = str(record["column"])
        before, after = reference[column], current[column]
        shown = _few(before, after) if record["kind"] == "category" else (before, after)
        then[name], now[name] = (side.to_numpy() for side in shown)
    return pd.DataFrame(then), pd.DataFrame(now)


def _few(reference: Series, current: Series) -> tuple[Series, Series]:
    """Few categories, none missing, and none that Plotly would take for its bold face or a link."""
    both = pd.concat([reference, current], ignore_index=True).astype("str").fillna(MISSING)
    both = both.str.replace("&", "&amp;", regex=False).str.replace("<", "&lt;", regex=False)
    counts = both.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) > MOST_CATEGORIES:
        both = both.where(both.isin(counts.index[:MOST_CATEGORIES]), f"({len(counts) - MOST_CATEGORIES} others)")
    return both.iloc[: len(reference)], both.iloc[len(reference) :]


def _completed(table: "Widget", records: Mapping[str, Record], then: pd.DataFrame, now: pd.DataFrame) -> "Widget":
    """Evidently's table in our order and words, with threshold, importance and missing values."""
    rows = {row["column_name"]: row for row in table.params["data"]}
    for name, record in records.items():
        rows[name] |= _words(record)
        if record["kind"] == "number":
            pictures = ("reference_distribution", "current_distribution")
            rows[name] |= dict(zip(pictures, _small(then[name], now[name]), strict=True))
    titles = {
        "column_name": "Column",
        "reference_distribution": "Training sample",
        "current_distribution": "New rows",
        "data_drift": "Drift",
        "distance": "Distance (PSI)",
        "threshold": "Limit",
        "importance": "Importance",
        "missing": "Missing then, now",
    }
    known = {column["field"]: column for column in table.params["columns"]}
    known["reference_distribution"]["options"]["color"] = GREY
    columns = [known.get(field, {}) | {"field": field, "title": title} for field, title in titles.items()]
    shown = {"data": [rows[name] for name in records], "columns": columns, "rowsPerPage": min(len(rows), ROWS_PER_PAGE)}
    table.params |= shown
    table.title = "Columns: those that drifted first, by their importance to the production model"
    return table


def _timeless(table: "Widget") -> "Widget":
    """Without the pictures over the order of the rows, which says nothing where there is no time."""
    for row in table.params["data"]:
        row["details"]["parts"] = [part for part in row["details"]["parts"] if part["title"] != OVER_TIME]
    kept = {part["id"] for row in table.params["data"] for part in row["details"]["parts"]}
    table.additionalGraphs = [graph for graph in table.additionalGraphs if graph.id in kept]
    return table


def _words(record: Record) -> dict[str, str]:
    cause = "" if record["distance"] > record["threshold"] else " (missing values)"
    then, now = f"{record['missing_then']:.1%}", f"{record['missing_now']:.1%}"
    return {
        "column_name": record["column"],
        "data_drift": f"Drifted{cause}" if record["drifted"] else "No",
        "distance": f"{record['distance']:.3f}",
        "threshold": f"{record['threshold']:.3f}",
        "importance": f"{record['importance']:.1%}",
        "missing": then if then == now else f"{then}, {now}",
    }


def _small(reference: Series, current: Series) -> list[dict[str, list[float]]]:
    """Both sides over the same bins: Evidently draws each over its own range, which hides a shift."""
    both = np.concatenate([reference.dropna(), current.dropna()])
    edges = np.histogram_bin_edges(both, bins=BINS, range=tuple(np.quantile(both, [0.005, 0.995])))
    counts = [np.histogram(side.clip(edges[0], edges[-1]).dropna(), bins=edges)[0] for side in (reference, current)]
    return [{"x": edges.tolist(), "y": (count / max(1, count.sum())).tolist()} for count in counts]


def _summary(title: str, report: Mapping[str, Any], drawn: int) -> list["Widget"]:
    from evidently.legacy.renderers.html_widgets import CounterData, counter

    new, sampled = report["new"], report["sampled"]
    when = f", {_minute(new['from'])} to {_minute(new['to'])}" if new["from"] else ""
    words = (
        f"{new['rows']:,} new rows{when}, {new['labelled']:,} of them labelled. Compared: {sampled['current']:,} "
        f"of them with {sampled['reference']:,} rows that production was trained on."
    )
    figures = [CounterData(label, value) for label, value in _figures(report)]
    return [counter(counters=[CounterData(words, title)]), counter(counters=figures)]


def _minute(stamp: str) -> str:
    return stamp[:16].replace("T", " ")


def _figures(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The line of large figures: what it is, and how much."""
    yield "columns drifted", f"{len(report['drifted'])} of {len(report['columns'])}"
    yield "of the importance drifted", f"{report['weighted_share']:.0%}"
    for key, label in (("prediction", "predictions"), ("target", "target")):
        if report[key]:
            verb = "drifted" if report[key]["drifted"] else "did not drift"
            yield f"{label} {verb} (limit {report[key]['threshold']:.3f})", f"{report[key]['distance']:.3f}"
    scored = report["performance"]
    if scored:
        between = "" if scored["interval"] is None else " ({:.3f} to {:.3f})".format(*scored["interval"])
        release = "" if scored["at_release"] is None else f", {scored['at_release']:.3f} at release"
        yield f"{scored['metric']} on {scored['rows']:,} new rows{between}{release}", f"{scored['now']:.3f}"


def _left_out(report: Mapping[str, Any]) -> list["Widget"]:
    from evidently.legacy.renderers.html_widgets import table_data

    rows = [[entry["column"], entry["why"]] for entry in report["skipped"]]
    skipped = {entry["column"] for entry in report["skipped"]}
    more = sum(column["column"] not in skipped for column in report["columns"]) - MOST_COLUMNS
    if more > 0:
        rows.append([f"{more} more columns", "they matter least; their figures stand in drift.json"])
    return [table_data(title="Left out", column_names=["Column", "Why"], data=rows)] if rows else []


def _tests(columns: Sequence[Record]) -> list["Widget"]:
    """Evidently's tab of tests."""
    from evidently.legacy.model.widget import BaseWidgetInfo
    from evidently.legacy.renderers.html_widgets import CounterData, counter

    if not columns:
        return []
    failed = sum(column["drifted"] for column in columns)
    counts = counter(counters=[CounterData("passed", str(len(columns) - failed)), CounterData("failed", str(failed))])
    counts.params["v2_test"] = True
    tests = [_test(column) for column in columns]
    return [counts, BaseWidgetInfo(title="", type="test_suite", size=2, params={"v2_test": True, "tests": tests})]


def _test(column: Record) -> dict[str, Any]:
    then, now = f"{column['missing_then']:.1%}", f"{column['missing_now']:.1%}"
    words = (
        f"Distance {column['distance']:.3f} (PSI), limit {column['threshold']:.3f}: the larger of the asked "
        f"{column['effect']:g} and of {column['chance']:.3f}, as far as chance alone moves samples of these sizes. "
        f"Missing {then} then, {now} now{', which is past its limit' if column['missing_drifted'] else ''}."
    )
    state = "fail" if column["drifted"] else "success"
    return {"title": column["column"], "description": words, "state": state, "groups": []}
