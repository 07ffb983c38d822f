"""What is wrong with the store, MLflow and the alerts, and which settings are not given."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from scripts.core import environment
from scripts.core.doctor.findings import Finding, Part, Unseen

OUTSIDE, SETTINGS = Part("Outside"), Part("Settings")
CREDENTIALS = ("AWS_ROLE_ARN", "AWS_ACCESS_KEY_ID")


@dataclass(frozen=True)
class Tried:
    """Something outside that was asked; `where` bears no secret."""

    where: str
    says: str  # what it was good for, or what went wrong
    cure: str = ""  # empty: nothing went wrong


@dataclass(frozen=True)
class Services:
    store: Tried | Unseen
    mlflow: Tried | Unseen
    alerts: Sequence[Tried] | Unseen  # one for each channel


def findings(services: Services) -> list[Finding]:
    return [
        _tried("store", services.store),
        _tried("MLflow", services.mlflow),
        *_alerts(services.alerts),
    ]


def _tried(what: str, tried: Tried | Unseen) -> Finding:
    if isinstance(tried, Unseen):
        return OUTSIDE.unknown(what, tried)
    said = f"{tried.where}: {tried.says}"
    return OUTSIDE.fail(what, said, tried.cure) if tried.cure else OUTSIDE.ok(what, said)


def _alerts(tried: Sequence[Tried] | Unseen) -> Iterator[Finding]:
    if isinstance(tried, Unseen):
        yield OUTSIDE.unknown("alerts", tried)
    elif tried:
        yield from (_tried("alerts", channel) for channel in tried)
    else:
        yield OUTSIDE.unset("alerts", "nobody is alerted: APPRISE_URLS is not set")


def settings(given: Collection[str], seen: bool) -> list[Finding]:
    """`seen`: whether GitHub told which there are; otherwise they are those of this environment."""
    return [*_half(given, seen), *_missing(given, seen)]


def _half(given: Collection[str], seen: bool) -> Iterator[Finding]:
    """A fault among the repository's settings; a laptop's environment may be meant for something else."""
    for setting, lacks in environment.half_given(given):
        said, cure = f"does nothing without {' and '.join(lacks)}", f"Set {' and '.join(lacks)} too, or remove it."
        yield (SETTINGS.fail if seen else SETTINGS.warn)(setting.name, said, cure)
    if "DVC_REMOTE_URL" in given and not set(CREDENTIALS) & set(given):
        cure = "Set AWS_ROLE_ARN (no key is kept), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        yield SETTINGS.warn("DVC_REMOTE_URL", "is set, and neither a role nor a key: right for a folder alone", cure)


def _missing(given: Collection[str], seen: bool) -> Iterator[Finding]:
    """Those that nobody would ask for yet are only named."""
    where = "not set" if seen else "not set here"
    absent = environment.missing(given)
    asked_for = [setting for setting in absent if not setting.of or setting.of in given]
    for setting in asked_for:
        cure = f"gh {setting.kind} set {setting.name}, for {setting.gives}"
        yield SETTINGS.unset(setting.name, f"{where}: {setting.without}", cure)
    rest = [setting.name for setting in absent if setting not in asked_for]
    if rest:
        yield SETTINGS.unset("not needed yet", f"{where}: {', '.join(rest)}")
    if there := [name for name in environment.NAMES if name in given]:
        yield SETTINGS.ok("set", ", ".join(there))
