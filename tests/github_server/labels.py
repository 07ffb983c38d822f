"""The repository's labels."""

from tests.github_server.answers import Answer, invalid, not_found, too_long
from tests.github_server.issues import LABEL_NAME, LABEL_TEXT, READ, WRITE, label_shape
from tests.github_server.routes import Call, route
from tests.github_server.state import Label


def _label(call: Call) -> Label:
    label = call.state.labels.get(call.names["name"].lower())
    if label is None:
        raise not_found()
    return label


def _checked(call: Call) -> None:
    color = call.given.get("color", "ededed")
    if len(color) != 6 or any(letter not in "0123456789abcdef" for letter in color.lower()):
        raise invalid("Label", "invalid", "color")
    if len(call.given.get("description") or "") > LABEL_TEXT:
        raise too_long("Label", "description", LABEL_TEXT)


@route("GET", "labels", READ)
def listed(call: Call) -> Answer:
    labels = sorted(call.state.labels.values(), key=lambda label: label.name.lower())
    return call.paged(labels, lambda label: label_shape(call.at, label), f"/repos/{call.at.repository}/labels")


@route("POST", "labels", WRITE)
def created(call: Call) -> Answer:
    name = call.text("Label", "name")
    _checked(call)
    if len(name) > LABEL_NAME:
        raise too_long("Label", "name", LABEL_NAME)
    if name.lower() in call.state.labels:
        raise invalid("Label", "already_exists", "name")
    label = Label(call.state.id(), name, call.given.get("color", "ededed").lower(), call.given.get("description"))
    call.state.labels[name.lower()] = label
    return Answer(201, label_shape(call.at, label))


@route("GET", "labels/{name}", READ)
def one(call: Call) -> Answer:
    return Answer(200, label_shape(call.at, _label(call)))


@route("PATCH", "labels/{name}", WRITE)
def changed(call: Call) -> Answer:
    label = _label(call)
    _checked(call)
    label.color = call.given.get("color", label.color)
    label.description = call.given.get("description", label.description)
    return Answer(200, label_shape(call.at, label))


@route("DELETE", "labels/{name}", WRITE)
def deleted(call: Call) -> Answer:
    del call.state.labels[_label(call).name.lower()]
    return Answer(204)
