"""A table over HTTP: retried while that can help, refused when it is a page or too big."""

import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.settings.data_params import Url

if TYPE_CHECKING:
    import requests

PASSING = frozenset({429, 500, 502, 503, 504})  # answers that may be others a moment later
NO_TABLE = re.compile(r"html|json|xml|pdf|^(image|audio|video|multipart)/", re.IGNORECASE)
PAUSE = 0.25  # seconds before the second attempt, doubled for each further one
CHUNK = 1 << 16
MB = 1_000_000


def download(source: Url) -> bytes:
    """The body; attempts cover it to its end, because a body can break off as well as a connection."""
    import requests

    for attempt in range(source.retries + 1):
        try:
            return _body(source)
        except requests.RequestException as error:
            if attempt == source.retries or not _may_pass(error):
                # The cause names the whole URL, and with it what may be secret.
                raise Mistake(f"{shown(source.url)}: {_said(error, source, attempt + 1)}", code=OUTSIDE) from None
        time.sleep(PAUSE * 2**attempt)
    raise AssertionError("the last attempt returns or raises")


def shown(url: str) -> str:
    """The URL without what may be secret: user, password, query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _body(source: Url) -> bytes:
    import requests

    with requests.get(source.url, timeout=source.timeout, stream=True) as response:
        response.raise_for_status()
        kind = response.headers.get("Content-Type", "")
        if NO_TABLE.search(kind):
            raise Mistake(
                f"{shown(source.url)}: answers with {kind.split(';')[0]}, not with CSV or Parquet."
                " Check data.source.url: it may need a login."
            )
        announced = response.headers.get("Content-Length", "")
        _fits(source, int(announced) if announced.isdecimal() else 0)
        body = bytearray()
        for chunk in response.iter_content(CHUNK):
            body += chunk
            _fits(source, len(body))
        return bytes(body)


def _fits(source: Url, size: int) -> None:
    if size > source.max_mb * MB:
        raise Mistake(
            f"{shown(source.url)}: is larger than {source.max_mb:g} MB."
            " Raise data.source.max_mb, or cut it into batches."
        )


def _may_pass(error: "requests.RequestException") -> bool:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code in PASSING
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing) and not isinstance(error, requests.exceptions.SSLError)


def _said(error: "requests.RequestException", source: Url, attempts: int) -> str:
    import requests

    times = f"{attempts} attempt{'s' * (attempts > 1)}"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return _status(error.response.status_code, times)
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return f"no answer within {source.timeout:g} s ({times}). Run again later, or raise data.source.timeout."
    if isinstance(error, requests.exceptions.SSLError):
        return "its TLS certificate is not accepted. Check the host in data.source.url."
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the download broke off ({times}). Run again later."
    if isinstance(error, requests.ConnectionError):
        found = re.search(r"\[Errno -?\d+\] ([\w ]+)", str(error))
        reason = found[1] if found else "the connection broke"
        return f"can't be reached ({reason}, {times}). Check the host and the network."
    return f"can't be asked for ({type(error).__name__}). Check data.source.url."


def _status(code: int, times: str) -> str:
    if code in (401, 403):
        return f"HTTP {code}, access refused. Check the credentials in data.source.url."
    if code in PASSING:
        return f"HTTP {code} ({times}). The server is in trouble: run again later."
    return f"HTTP {code}. Check data.source.url."
