"""The repository itself, who asks, how much may be asked, and what this GitHub is."""

import time

from tests.github_server import shapes
from tests.github_server.answers import Answer, refused
from tests.github_server.routes import Call, route

LIMIT = 5000


@route("GET", "", "metadata=read")
def repository(call: Call) -> Answer:
    push = call.may("contents=write")
    return Answer(200, shapes.full_repository(call.at, call.state.settings, push))


@route("GET", "/user")
def user(call: Call) -> Answer:
    if call.token is None:
        raise refused(401, "Requires authentication")
    if call.actor.endswith("[bot]"):
        raise refused(403, "Resource not accessible by integration")
    counts = {"public_repos": 1, "public_gists": 0, "followers": 0, "following": 0}
    people = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username"))
    born = {"created_at": shapes.BORN, "updated_at": shapes.BORN}
    return Answer(200, shapes.user(call.at, call.actor) | counts | people | born)


@route("GET", "/rate_limit")
def rate_limit(call: Call) -> Answer:
    one = {"limit": LIMIT, "used": 0, "remaining": LIMIT, "reset": int(time.time()) + 3600}
    return Answer(200, {"resources": {"core": one, "search": one, "graphql": one}, "rate": one})


@route("GET", "/meta")
def about(call: Call) -> Answer:
    return Answer(200, {"verifiable_password_authentication": False})
