"""Reports as the stages write them, for tests of what is said about them."""

from typing import Any

from scripts.core import declaration

BUNDLE, OLD = "sha256:" + "9c1f" * 16, "sha256:" + "41d0" * 16
HOSTILE = (
    "$(rm -rf /) `whoami`",
    "::set-env name=X::1",
    "**bold** _under_ ~~gone~~ [link](javascript:alert(1)) ![x](http://evil.example/x.png)",
    "<script>alert(1)</script></details><img src=x onerror=alert(1)>",
    "@everyone @octocat #1 GH-2 https://evil.example www.evil.example",
    "<!channel> <!-- evergreen: {} -->",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "a | b\n| c |\r\n# heading",
    "```\nfence",
    "\u202egnp.exe\x1b[31m",
)


def evaluation(verdict: str = "PROMOTE", *, first: bool = False, slices: int = 3, **other: Any) -> dict[str, Any]:
    entries = {
        "log_loss": entry(0.5610, 0.5759, (-0.028, -0.002), greater=False, decides=True),
        "roc_auc": entry(0.7641, 0.7533, (0.001, 0.020), greater=True),
        "brier_score": entry(0.1861, 0.1912, (-0.010, 0.001), greater=False),
    }
    if first:
        for each in entries.values():
            each |= dict.fromkeys(("production", "difference", "interval", "reading"))
    rows = [slice_(f"value {number}") for number in range(slices)]
    return {
        "verdict": {"verdict": verdict, "first": first, "reasons": [reason(verdict, first)]},
        "models": {
            "candidate": {"bundle": BUNDLE, "model": "sha256:1"},
            "production": None if first else {"version": 4, "bundle": OLD, "model": "sha256:0"},
        },
        "holdout": {
            "rows": 6512,
            "blocks": 7,
            "from": "2013-06-24T05:00:00",
            "to": "2013-06-30T23:59:00",
            "fingerprint": "sha256:77ab",
            "leaked": 0,
        },
        "metrics": entries,
        "needed": None,
        "guardrails": [
            {
                "metric": "roc_auc",
                "limit": 0.02,
                "relative": None,
                "worse_by": -0.01,
                "worse_by_relative": -0.01,
                "broken": False,
            }
        ],
        "limits": [{"metric": "roc_auc", "limit": 0.55, "value": 0.7641, "broken": False}],
        "slices": {"compared": slices, "max_worse": 0.05, "broken": [], "too_small": [], "rows": rows},
        "self_tests": [
            {"name": "production against itself", "expected": "INVALID", "verdict": "INVALID", "passed": True}
        ],
        "method": {"confidence": 0.95, "resamples": 2000, "min_improvement": 0.0, "block": "1D", "seed": 0},
        "predictions": {"file": "reports/predictions.parquet", "digest": "sha256:2"},
    } | other


def reason(verdict: str, first: bool) -> str:
    if first:
        return "first model: there is no production to compare with; log_loss 0.5610 on 6,512 rows"
    side = "better" if verdict == "PROMOTE" else "worse"
    return f"log_loss {side} by 0.0149 (95% interval 0.0020 to 0.0280)"


def entry(
    candidate: float, production: float, interval: tuple[float, float], *, greater: bool, decides: bool = False
) -> dict[str, Any]:
    low, high = interval if greater else (-interval[1], -interval[0])
    return {
        "decides": decides,
        "greater_is_better": greater,
        "candidate": candidate,
        "production": production,
        "difference": candidate - production,
        "interval": list(interval),
        "candidate_interval": [candidate - 0.02, candidate + 0.02],
        "reading": "better" if low > 0 else "worse" if high < 0 else "unclear",
    }


def slice_(value: str, column: str = "origin", state: str = "ok") -> dict[str, Any]:
    numbers = {"candidate": 0.56, "production": 0.57, "difference": -0.01, "interval": [-0.03, 0.01]}
    return {"column": column, "value": value, "rows": 2000, "blocks": 7, **numbers, "state": state}


def drift(columns: int = 5) -> dict[str, Any]:
    found = [column(f"column_{number}", drifted=number < 2) for number in range(columns)]
    return {
        "production": 4,
        "columns": found,
        "drifted": [one["column"] for one in found if one["drifted"]],
        "share": 2 / columns,
        "weighted_share": 0.21,
        "prediction": {"distance": 0.08, "threshold": 0.2, "drifted": False},
        "performance": {"metric": "log_loss", "now": 0.5759, "at_release": 0.452, "interval": [0.55, 0.6], "rows": 900},
    }


def column(name: str, *, drifted: bool = False) -> dict[str, Any]:
    return {
        "column": name,
        "kind": "number",
        "method": "psi",
        "distance": 0.31 if drifted else 0.05,
        "threshold": 0.2,
        "effect": 0.2,
        "chance": 0.01,
        "drifted": drifted,
        "importance": 0.1,
        "missing_then": 0.0,
        "missing_now": 0.02,
        "missing_drifted": False,
    }


def validation(**other: Any) -> dict[str, Any]:
    warning = {"batch": "2013-06.parquet", "column": "wind_gust", "rule": "max_missing", "message": "76% missing"}
    batches = [{"name": "2013-06.parquet", "rows": 28243, "labelled": 28243, "from": None, "to": None}]
    known = {"passed": True, "rows": 194401, "checks": 29, "batches": batches, "failures": [], "warnings": [warning]}
    return known | other


def run(**other: Any) -> dict[str, Any]:
    fired = trigger("new_rows", "fired", "28,243 new rows of 20,000", 1.4)
    quiet = trigger("max_age", "quiet", "age 30 of 90D", 0.33)
    return {"run": "7f3c2a10", "verdict": "PROMOTE", "production": 4, "triggers": [fired, quiet]} | other


def trigger(name: str, state: str, says: str, distance: float) -> dict[str, Any]:
    return {"name": name, "state": state, "value": distance, "limit": 1.0, "says": says, "distance": distance}


def manifest() -> dict[str, Any]:
    rows = {"rows": 166158, "from": "2013-01-01T05:15:00", "to": "2013-06-23T23:59:00"}
    return {"trained_on": rows, "libraries": {"scikit-learn": "1.9.1"}}


def declared(version: int = 5) -> declaration.Declaration:
    replaces = declaration.Replaced(version=version - 1, bundle=OLD) if version > 1 else None
    return declaration.Declaration(version=version, bundle=BUNDLE, replaces=replaces)
