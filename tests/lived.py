"""Lines of a ledger as a repository's life leaves them: promotions, a way back, failures, and texts that mean harm."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.core import ledger
from scripts.core.ledger import Ledger

START = datetime(2026, 1, 5, 5, 23, tzinfo=UTC)
NOW = START + timedelta(days=200)
WEB = "https://github.com/octo/evergreen"
EVIL = "</script><script>console.error('ran')</script><img src=x onerror=\"console.error('ran')\">'\"&\u202e\x00"
SCORES = (0.48, 0.47, 0.51, 0.50, 0.46)
WON = (True, False, True, False, True)  # each month's candidate


def retrain(number: int, at: float, **other: Any) -> dict[str, Any]:
    """A run that judged a candidate; `at`: days since the start."""
    score: dict[str, Any] = {
        "decides": True,
        "candidate": SCORES[number],
        "production": round(SCORES[number] + 0.01, 4),
    }
    score |= {"difference": -0.01, "interval": [-0.02, -0.001 if WON[number] else 0.004]}
    share = 0.1 * number
    drift = {"name": "data_drift", "state": "fired" if share >= 0.25 else "quiet", "value": share, "limit": 0.25}
    rows = {"name": "new_rows", "state": "fired", "value": 9.0, "limit": 5.0, "says": f"9 new rows of 5 ({number})"}
    return {
        "time": moment(at),
        "id": f"{900 + number}-1-retrain",
        "run": f"run{number}",
        "command": "retrain",
        "ended": 0,
        "event": "schedule",
        "workflow": "retrain",
        "data": {"digest": f"data{number}", "rows": 1000 * (number + 1), "to": f"2013-0{number + 1}-28T23:59:00"},
        "production": number,
        "triggers": [rows, drift | {"distance": share / 0.25, "says": f"drifted columns weigh {share:.2f} of 0.25"}],
        "drift_share": share,
        "verdict": "PROMOTE" if WON[number] else "HOLD",
        "reasons": ["log_loss better by 0.01 (95% interval 0.001 to 0.02)"],
        "metrics": {"log_loss": score, "roc_auc": {"candidate": 0.7}},
        "bundles": {"candidate": f"sha256:{number}"},
        "total_seconds": 33.0,
        "links": {"run": f"{WEB}/actions/runs/{900 + number}"},
        **other,
    }


def proposal(number: int, action: str = "opened") -> dict[str, Any]:
    about = {"action": action, "number": number, "url": f"{WEB}/pull/{number}"}
    return {"version": number, "pull_request": about}


def release(version: int, at: float, before: int, action: str = "published", number: int = 0) -> dict[str, Any]:
    return {
        "time": moment(at),
        "id": f"{700 + version}-{at}-release",
        "command": "release",
        "ended": 0,
        "event": "push",
        "action": action,
        "version": version,
        "production": before,
        "metrics": {"log_loss": retrain(number, at)["metrics"]["log_loss"]},
        "bundles": {"candidate": f"sha256:{number}"},
        "links": {"release": f"{WEB}/releases/tag/v{version}"},
    }


def moment(at: float) -> str:
    return (START + timedelta(days=at)).isoformat()


def life() -> list[dict[str, Any]]:
    """Two promotions, a hold, a way back, idle releases, a failed run, an open proposal."""
    asked = {**proposal(1), "command": "rollback", "event": "workflow_dispatch", "reasons": ["odd scores"]}
    return [
        retrain(0, 0, production=0, drift_share=None, triggers=[], **proposal(1)),
        release(1, 1, 0),
        retrain(1, 30, production=1),
        {"time": moment(31), "id": "idle", "command": "release", "ended": 0, "action": "nothing", "version": 1},
        retrain(2, 60, production=1, **proposal(2)),
        release(2, 61, 1, number=2),
        {"time": moment(62), "id": "back", "production": 2, "ended": 0, "action": "opened", **asked},
        release(1, 63, 2, "made_latest"),
        {
            "time": moment(64),
            "id": "bad",
            "command": "retrain",
            "ended": 1,
            "errors": ["data/x.parquet: is bad. Mend it."],
        },
        {"time": moment(65), "id": "same", "command": "retrain", "ended": 0, "new": False, "production": 1},
        retrain(3, 120, production=1),
        retrain(4, 150, production=1, **proposal(3)),
    ]


def hostile() -> list[dict[str, Any]]:
    """Every text of a line is one that means harm."""
    fired = {"name": EVIL, "state": "fired", "says": EVIL}
    line = retrain(1, 170, id=EVIL, run=EVIL, event=EVIL, actor=EVIL, triggers=[fired], reasons=[EVIL], errors=[EVIL])
    links = {"run": "javascript:console.error('ran')", EVIL: f"{WEB}/{EVIL}", "data": "data:text/html,<b>", "to": WEB}
    about = {"action": "opened", "number": 9, "url": "javascript:console.error('ran')", "reason": EVIL}
    other = {"time": moment(171), "id": "other", "command": EVIL, "event": "schedule", "workflow": EVIL, "action": EVIL}
    return [
        {**line, "links": links, "pull_request": about, "warnings": [EVIL], "seconds": {EVIL: 1.0}},
        *({**other, "id": f"other{day}", "time": moment(171 + day / 10), "ended": 0} for day in range(4)),
    ]


def ledger_of(lines: list[dict[str, Any]]) -> Ledger:
    return ledger.parse(written(lines))


def written(lines: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def many(count: int) -> list[dict[str, Any]]:
    """As long a life as is looked at: runs of every day, a third of them releases."""
    out = []
    for day in range(count):
        number = day % len(SCORES)
        line = retrain(number, day, id=f"{day}-1-retrain", run=f"run{day}", production=1 + day // 3)
        line["data"]["to"] = moment(day)[:19]
        out.append(line if day % 3 else {**release(1 + day // 3, day, day // 3), "id": f"{day}-1-release"})
    return out
