"""How far apart the runs of a schedule are, about: enough to tell a missed one."""

from datetime import timedelta


def spacing(cron: str) -> timedelta:
    """The longest time between two runs, for the crons that people write; an hour where it can't be told."""
    fields = cron.split()
    if len(fields) != 5:
        return timedelta(hours=1)
    _, hour, day, month, weekday = fields
    for field, whole, step in ((month, 366, 31), (day, 31, 1), (weekday, 7, 1)):
        if field != "*":
            return timedelta(days=_apart(field, whole) * (step if field.startswith("*/") else 1))
    return timedelta(hours=_apart(hour, 24)) if hour != "*" else timedelta(hours=1)


def _apart(field: str, whole: int) -> int:
    """Between two values of a field, in its own units; `whole` is where the field begins anew."""
    if field.startswith("*/") and field[2:].isdigit():
        return max(1, int(field[2:]))
    return max(1, whole // (field.count(",") + 1))
