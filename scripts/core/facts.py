"""What the triggers are decided on, gathered from reports and declarations."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from scripts.core import code
from scripts.core.declaration import Declaration
from scripts.core.params import Params
from scripts.core.triggers import Facts


def facts(
    params: Params,
    declaration: Declaration,
    validation: Mapping[str, Any],
    drift: Mapping[str, Any] | None,
    *,
    manifest: Mapping[str, Any] | None,
    sources: str,
    gate: str | None,
    reason: str | None,
) -> Facts:
    """`manifest` is production's; `sources` the digest of the training code, `gate` of the gate of the last run.

    Without `drift` (not measured yet) the new rows are those of batches that are wholly new: the least there can be.
    """
    if not declaration.version or manifest is None:
        return Facts(production=False, reason=reason)
    return Facts(
        production=True,
        drift=drift,
        new_rows=drift["new"]["labelled"] if drift else new_rows(declaration, validation),
        age=age(declaration, validation),
        changed=code.changed(params, manifest, sources, gate),
        reason=reason,
    )


def new_rows(declaration: Declaration, validation: Mapping[str, Any]) -> int | None:
    """Labelled rows of batches that begin after production's hold-out; None without times."""
    judged = declaration.judged_on
    if judged is None or judged.to is None:
        return None
    until = datetime.fromisoformat(judged.to)
    timed = [batch for batch in validation["batches"] if batch["from"]]
    return int(sum(batch["labelled"] for batch in timed if datetime.fromisoformat(batch["from"]) > until))


def age(declaration: Declaration, validation: Mapping[str, Any]) -> timedelta | None:
    """From the newest row that production was judged on to the newest row there is; None without times."""
    judged, newest = declaration.judged_on, newest_row(validation)
    if judged is None or judged.to is None or newest is None:
        return None
    return max(datetime.fromisoformat(newest) - datetime.fromisoformat(judged.to), timedelta(0))


def newest_row(validation: Mapping[str, Any]) -> str | None:
    return max((batch["to"] for batch in validation["batches"] if batch["to"]), default=None)


def arrival(validation: Mapping[str, Any], arrived: Mapping[str, int] | None, seen: set[str]) -> str:
    """What was new, in words: the batches brought just now, else those that no whole run has seen."""
    rows = {batch["name"]: batch["rows"] for batch in validation["batches"]}
    new = [name for name in rows if name in (arrived or {}) or name not in seen]
    if not new:
        return f"no new batch: {validation['rows']:,} rows in {len(rows)}"
    names = new[0] if len(new) == 1 else f"{new[0]} to {new[-1]}"
    return f"{names.replace('.parquet', '').replace('.csv', '')} arrived: {sum(rows[name] for name in new):,} rows"


def told(
    validation: Mapping[str, Any], drift: Mapping[str, Any] | None, evaluation: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The run in a few values, for the ledger and the alerts."""
    batches = validation["batches"]
    return {
        "rows": validation["rows"],
        "data_from": min((batch["from"] for batch in batches if batch["from"]), default=None),
        "data_to": newest_row(validation),
        "drift_share": drift["weighted_share"] if drift else None,
        "reasons": evaluation["verdict"]["reasons"] if evaluation else [],
    }
