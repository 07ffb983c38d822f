"""What the doctor tries out: the store, MLflow, the channels of alerts. No answer is awaited long."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.core.alerts import Alert
from scripts.core.doctor.findings import Unseen
from scripts.core.doctor.outside import Tried
from scripts.core.errors import Mistake
from scripts.edges import alerts
from scripts.edges.alerts import Channel
from scripts.edges.registry.mlflow_registry import masked, without_secrets
from scripts.edges.stores import branch_store
from scripts.edges.stores.branch_store import Branch
from scripts.edges.stores.store import Place
from scripts.edges.stores.store_folder import Folder

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"  # what DVC calls a file with nothing in it
SQLITE = "sqlite:///"
LOOK = "/api/2.0/mlflow/experiments/search"


def store(place: Place) -> Tried:
    """Reached, and written to: with the empty file, which is an object that every store may hold."""
    if isinstance(place, Branch):  # to look into it is to bring it here, which is for who holds the lock
        there = "is there" if branch_store.is_there() else "is made by the first push"
        return Tried(place.name, f"{there}; DVC_REMOTE_URL is not set")
    if isinstance(place, Folder) and not place.root.exists():
        return Tried(place.name, "is made by the first push")
    try:
        place.reach()
        place.write(EMPTY, b"")
        if place.size(EMPTY) != 0:
            return Tried(place.name, "took an object and has not got it", "Look at the store's own log.")
    except Mistake as mistake:
        return Tried(place.name, *said(mistake, place.name))
    return Tried(place.name, "can be read and written")


def said(mistake: Mistake, where: str) -> tuple[str, str]:
    """What is wrong, and the cure."""
    says, _, cure = str(mistake).removeprefix(f"{where}: ").partition(". ")
    return says.rstrip("."), cure or "Mend that, and try again."


def mlflow(uri: str, timeout: float, environment: Mapping[str, str]) -> Tried | Unseen:
    where = masked(uri)
    if uri.startswith(SQLITE):
        return _file(where, Path(uri.removeprefix(SQLITE).partition("?")[0]))
    if not uri.startswith(("http://", "https://")):
        return Unseen(f"{where}: only the next run can tell whether it answers", "Run: make retrain.")
    return _server(where, uri, timeout, environment)


def _file(where: str, path: Path) -> Tried:
    there = path if path.exists() else next((up for up in path.resolve().parents if up.exists()), Path("/"))
    if os.access(there, os.W_OK):
        return Tried(where, "a file on this machine; MLFLOW_TRACKING_URI names a server")
    return Tried(where, "can't be written", f"Allow it: chmod u+w {there}")


def _server(where: str, uri: str, timeout: float, environment: Mapping[str, str]) -> Tried:
    import requests

    user, password = environment.get("MLFLOW_TRACKING_USERNAME"), environment.get("MLFLOW_TRACKING_PASSWORD")
    token = environment.get("MLFLOW_TRACKING_TOKEN")
    auth: Any = (user, password) if user and password else None
    headers = {"Authorization": f"Bearer {token}"} if token and not auth else {}
    try:
        answer = requests.get(
            uri.rstrip("/") + LOOK, {"max_results": "1"}, headers=headers, auth=auth, timeout=timeout, stream=True
        )
        status = answer.status_code
        answer.close()
    except (requests.RequestException, ValueError) as error:
        said = "no answer in time" if isinstance(error, requests.Timeout) else _cause(error, uri)
        return Tried(where, said, "Check MLFLOW_TRACKING_URI and the server. Models don't wait for it.")
    if status in (401, 403):
        cure = "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
        return Tried(where, f"answers {status}: these credentials are not enough", cure)
    if status != 200:
        return Tried(
            where, f"answers {status}", "Check that MLFLOW_TRACKING_URI is the server's first page, and its log."
        )
    return Tried(where, "answers")


def _cause(error: Exception, uri: str) -> str:
    """What the network said, without the address, which may bear a password."""
    known = {"Name or service not known": "no such host", "Temporary failure in name resolution": "no such host"}
    known |= {"Connection refused": "nothing listens there", "Connection reset": "the connection was cut"}
    text = without_secrets(str(error), uri)
    return next((said for words, said in known.items() if words in text), f"no connection ({type(error).__name__})")


def channels(text: str, wanted: Mapping[str, Sequence[str]], test: Alert | None, timeout: float) -> list[Tried]:
    """Each channel of APPRISE_URLS: whether its address can be read or, with a test to send, whether it was taken."""
    found = alerts.channels(text)
    out = [Tried(*_split(problem)) for problem in [*found.problems, *alerts.unheard(found.known, wanted)]]
    if test is None:
        return out + [_readable(channel) for channel in found.known]
    for sent in alerts.send(found.known, [(test, (alerts.ALL,))], timeout):
        where = str(sent.channel)
        if sent.problem:
            out.append(Tried(where, sent.problem, f"Mend entry {sent.channel.number} of {alerts.VARIABLE}."))
        else:
            out.append(Tried(where, "took the test: look whether it arrived"))
    return out


def _split(line: str) -> tuple[str, str, str]:
    where, _, rest = line.partition(": ")
    says, _, cure = rest.partition(". ")
    return where, says, cure or "Mend that."


def _readable(channel: Channel) -> Tried:
    from apprise import Apprise

    if Apprise().add(channel.url):
        return Tried(str(channel), f"can be read{_tagged(channel)}; --send-test-alert sends a test")
    cure = f"Mend entry {channel.number} of {alerts.VARIABLE}: Apprise's documentation has the form."
    return Tried(str(channel), "has an address that Apprise can't read", cure)


def _tagged(channel: Channel) -> str:
    return f", tags {', '.join(channel.tags)}" if channel.tags else ""
