import base64
from urllib.parse import quote, quote_plus

import pytest

from scripts.core.masking import MASK, masked, of_url

TOKEN = "s3cr+t/t0ken=ü~x"


@pytest.mark.parametrize("before", ["", "a", "ab", "user:", "user:x:"])
@pytest.mark.parametrize("behind", ["", "z", "zz"])
def test_a_secret_is_masked_in_every_form(before: str, behind: str) -> None:
    whole = f"{before}{TOKEN}{behind}".encode()
    forms = [TOKEN, quote(TOKEN), quote(TOKEN, safe=""), quote_plus(TOKEN), quote(TOKEN, safe="").lower()]
    forms += [base64.b64encode(whole).decode(), base64.urlsafe_b64encode(whole).decode()]
    for form in forms:
        said = masked(f"failed with {form} today", [TOKEN])
        assert MASK in said and said.startswith("failed with ") and said.endswith(" today")
        assert TOKEN not in said
        assert not any(piece in said for piece in (form[8:16], form[-12:-6]))


def test_short_words_are_left() -> None:
    assert masked("a bad day", ["a", "bad"]) == "a bad day"
    assert masked("as it is", []) == "as it is"


def test_the_longest_form_goes_first() -> None:
    assert masked("token-and-more", ["token", "token-and-more"]) == MASK


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("slack://tokenA123/tokenB456/tokenC789/#ops", ["tokena123", "tokenB456", "tokenC789"]),
        ("mailto://me:p%40ssword@example.org?to=you@example.org", ["p%40ssword", "you@example.org", "me:p@ssword"]),
        ("json://127.0.0.1:8080/hook/abcdef?token=qwertz", ["abcdef", "qwertz", "127.0.0.1:8080"]),
    ],
)
def test_the_parts_of_an_address_are_secrets(url: str, parts: list[str]) -> None:
    found = set(of_url(url))
    assert url in found and set(parts) <= found


def test_an_address_that_is_none_is_one_secret() -> None:
    assert list(of_url("json://[bad/x")) == ["json://[bad/x"]
