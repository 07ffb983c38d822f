"""Secrets taken out of texts, in every form in which a service may give them back."""

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote, urlsplit

MASK = "***"
LEAST = 4  # characters; shorter ones would mask words everywhere


def masked(text: str, secrets: Iterable[str]) -> str:
    """The longest forms go first, so that no part of one is left."""
    forms = {form for secret in secrets if len(secret) >= LEAST for form in _forms(secret)}
    if not forms:
        return text
    return re.sub("|".join(map(re.escape, sorted(forms, key=len, reverse=True))), MASK, text, flags=re.IGNORECASE)


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), unquote(secret))
    for raw in (secret, unquote(secret)):
        for before in range(3):  # bytes of a longer text in front of it move all letters of base64
            whole = base64.b64encode(b"\0" * before + raw.encode())
            inside = whole.rstrip(b"=")[(0, 2, 3)[before] : None if whole[-1:] != b"=" else -1].decode()
            if len(inside) >= 2 * LEAST:
                yield from (inside, inside.replace("+", "-").replace("/", "_"))


def of_url(url: str) -> Iterator[str]:
    """What of an address may be secret: all of it, who logs in, and its parts (services keep tokens in the path)."""
    yield url
    try:
        parts = urlsplit(url)
        login = [part for part in (parts.username, parts.password) if part]
    except ValueError:
        return
    yield from login
    if len(login) > 1:
        yield unquote(":".join(login))
    yield parts.netloc
    pieces = [piece for piece in parts.path.split("/") if piece]
    yield from pieces
    yield from (value for piece in parts.query.split("&") if (value := piece.partition("=")[2]))
    if parts.hostname and "." not in parts.hostname and parts.hostname != "localhost":
        yield parts.hostname  # no host but a token, as in slack://token/...
