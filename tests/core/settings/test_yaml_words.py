"""The words of every kind of mistake: what, where, and the cure."""

import pytest

from tests.core.settings.test_yaml_file import changed, line_of, mistakes

URL = "kind: url\n    url: https://x/y.csv"
CASES = [
    # unknown settings, at each level
    ("tracking:", "trackin:", "trackin is not a setting. Did you mean tracking?"),
    (
        "min_improvement: 0.0",
        "min_improvment: 0.0",
        "gate.min_improvment is not a setting. Did you mean gate.min_improvement?",
    ),
    (
        "{share: 0.25}",
        "{shar: 0.25}",
        "triggers.data_drift.shar is not a setting. Did you mean triggers.data_drift.share?",
    ),
    (
        "carrier: {kind: category, max_missing: 0}",
        "carrier: {kind: category, max_misssing: 0}",
        "data.columns.carrier.max_misssing is not a setting. Did you mean data.columns.carrier.max_missing?",
    ),
    (
        "roc_auc: {max_worse: 0.02}",
        "roc_auc: {max_wors: 0.02}",
        "gate.guardrails.roc_auc.max_wors is not a setting. Did you mean gate.guardrails.roc_auc.max_worse?",
    ),
    (
        "kind: replay",
        f"{URL}\n    tiemout: 3",
        "data.source.tiemout is not a setting. Did you mean data.source.timeout?",
    ),
    ("kind: replay", "kind: files\n    path: x\n    urll: y", "data.source.urll is not a setting. Known: kind, path."),
    ("kind: replay", "kind: replay\n    path: x", "data.source.path is not a setting. Known: kind."),
    ("promotion:", "7: 8\npromotion:", "7 is not a setting. Known: alerts, backtest, compute, data, drift, "),
    # missing
    (
        "  metric: log_loss\n",
        "",
        "gate.metric is missing. Add it; `python -m scripts.params --table` says what it means.",
    ),
    ("kind: replay", "kind: url", "data.source.url is missing. Add it;"),
    # wrong types
    ("resamples: 2000", "resamples: 2000.5", "gate.resamples must be a whole number, is 2000.5. Write it in digits"),
    ("resamples: 2000", "resamples: many", "gate.resamples must be a whole number, is 'many'. Write it in digits"),
    ("effect: 0.2", "effect: strong", "drift.effect must be a number, is 'strong'. Write it in digits"),
    ("effect: 0.2", "effect: .nan", "drift.effect must be a finite number, is nan. Write it in digits."),
    ("min: -40", "min: -.inf", "data.columns.temp.min must be a finite number, is -inf."),
    (
        "allow_override: true",
        "allow_override: 'no'",
        "promotion.allow_override must be true or false, is 'no'. Write one",
    ),
    ("target: disrupted", "target: 2013", "data.target must be text, is 2013. Put it in quotes."),
    ("    carrier: {", "    2013: {", "data.columns.2013 must be text, is 2013. Put it in quotes."),
    ("positive: 1", "positive: 1.5", "data.positive must be text or a whole number, is 1.5. Put it in quotes."),
    ("slices: [origin, carrier]", "slices: origin", "gate.slices must be a list, is 'origin'. Write it as [a, b]."),
    ("window: null", "missing_values: ['', -999]", "data.missing_values.1 must be text, is -999. Put it in quotes."),
    (
        "carrier: {kind: category, max_missing: 0}",
        "carrier:",
        "data.columns.carrier must be a block of settings, is None.",
    ),
    ("source:\n    kind: replay", "source: 5", "data.source must be a block of settings, is 5. Write them under it."),
    ("{share: 0.25}", "0.25", "triggers.data_drift must be a block of settings, is 0.25. Write them under it, or {}"),
    ("learning_rate: 0.1", "learning_rate: .nan", "train.parameters.learning_rate must be a finite number, is nan."),
    ("learning_rate: 0.1", "learning_rate: 2024-01-01", "train.parameters.learning_rate must be a number, text, true"),
    # ranges
    ("share: 0.25", "share: 25", "triggers.data_drift.share must be between 0 and 1, is 25. Write 0.25 for 25 %."),
    ("share: 0.25", "share: -1", "triggers.data_drift.share must be at least 0, is -1."),
    ("confidence: 0.95", "confidence: 95", "gate.confidence must be below 1, is 95. Write 0.95 for 95 %."),
    ("confidence: 0.95", "confidence: 0.2", "gate.confidence must be at least 0.5, is 0.2."),
    ("threads: 2", "threads: 0", "train.threads must be at least 1, is 0."),
    ("effect: 0.2", "effect: 0", "drift.effect must be above 0, is 0."),
    ("resamples: 2000", "resamples: 999", "gate.resamples must be at least 1000, is 999."),
    ("holdout: 14D", "holdout: 0D", "data.holdout must be a time span of more than nothing, such as 1D, is '0D'."),
    ("age: 90D", "age: 3 months", "triggers.max_age.age must be a time span such as 90D, 12h or 30min, is '3 months'."),
    # choices
    (
        "task: binary",
        "task: bynary",
        "data.task must be one of 'binary', 'multiclass' or 'regression', is 'bynary'. Did you",
    ),
    ("kind: replay", "kind: filez", "data.source needs a kind that is one of 'replay', 'files', 'url', 'sql'."),
    ("kind: replay", "path: x", "data.source needs a kind that is one of replay, files, url, sql."),
    ("estimator: sklearn.ensemble.Hist", "estimator: Hist", "train.estimator must be a dotted path such as sklearn."),
    ("metric: log_loss", "metric: log_los", "gate.metric 'log_los' is no known metric. Did you mean log_loss?"),
    ("metrics: [roc_auc,", "metrics: [roc_auk,", "gate.metrics.0 'roc_auk' is no known metric. Did you mean roc_auc?"),
    ("roc_auc: 0.55", "roc_auq: 0.55", "gate.limits.roc_auq 'roc_auq' is no known metric. Did you mean roc_auc?"),
    (
        "threads: 2",
        "tune: {space: {max_iter: [1]}, metric: acuracy}",
        "train.tune.metric 'acuracy' is no known metric. Did",
    ),
    ("threads: 2", "tune: {space: {}}", "train.tune.space is empty. Fill it in, or remove it."),
    ("threads: 2", "tune: {space: {max_iter: []}}", "train.tune.space.max_iter is empty. Fill it in, or remove it."),
    (
        "compute:\n  engine: joblib",
        "compute:\n  engine: joblib\n  address: tcp://a:8786",
        "compute has an address, which is of a Dask scheduler: set engine to dask, or address to null.",
    ),
    ("{max_worse: 0.02}", "{}", "gate.guardrails.roc_auc guards nothing: give max_worse or max_worse_relative."),
    (
        "window: null",
        "timezone: Europe/Pariss",
        "data.timezone must be a time zone such as Europe/Paris, is 'Europe/Pariss'.",
    ),
    ("window: null", "separator: ';;'", "data.separator must be one character that can stand in no value, such as"),
    # settings that do not fit each other
    (
        "slices: [origin, carrier]",
        "slices: [origin, carier]",
        "gate.slices 'carier' is not a column. Did you mean carrier?",
    ),
    ("effect: 0.2", "effect: 0.2\n  effects: {tmp: 0.3}", "drift.effects 'tmp' is not a column. Did you mean temp?"),
    ("{kind: number, min: 0, max: 1439,", "{kind: number, min: 5, max: 1,", "has min 5 above max 1. Exchange them."),
]


@pytest.mark.parametrize(("before", "after", "said"), CASES, ids=[after.strip()[:40] for _, after, _ in CASES])
def test_a_mistake_is_told_in_one_line_that_points_at_it(before: str, after: str, said: str) -> None:
    text = changed(before, after)
    (line,) = mistakes(text)
    assert said in line
    told = int(line.split(":")[1])
    if "is missing" in said or "needs a kind" in said:  # told of the block that lacks it
        assert text.splitlines()[told - 1].strip() in ("gate:", "source:")
    elif "tune" not in after:
        assert line_of(after.splitlines()[0], text) <= told <= line_of(after.splitlines()[-1], text)


def test_a_metric_of_another_task_is_told_for_every_setting_that_names_it() -> None:
    lines = mistakes(changed("task: binary", "task: regression"))
    assert [line.split(" ")[1] for line in lines] == [
        "gate.metric",
        "gate.metrics",
        "gate.metrics",
        "gate.guardrails.roc_auc",
        "gate.guardrails.brier_score",
        "gate.limits.roc_auc",
    ]
    assert all("is no metric for a regression task. Use one of mean_absolute_error" in line for line in lines)


def test_a_table_without_time_has_no_blocks() -> None:
    lines = mistakes(changed("time: sched_dep", "time: null").replace("holdout: 14D", "holdout: 0.2"))
    assert len(lines) == 1
    assert "gate.block needs a time column. Name it in data.time, or set gate.block to null." in lines[0]
