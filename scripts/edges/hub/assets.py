"""Files of a release: sent once, then looked at and fetched again, because an upload's answer proves nothing."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges.hub.github import PAUSE, GitHub, Limited, Refused, Unsure, cure, wait_of

Result = TypeVar("Result")
SENDS = 4  # times that a file is sent before it is given up
TYPES = {"json": "application/json", "html": "text/html", "md": "text/markdown", "txt": "text/plain"}


@dataclass(frozen=True)
class Wanted:
    """An asset as it must be."""

    name: str
    content: bytes

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.content).hexdigest()

    def is_(self, asset: Mapping[str, Any]) -> bool:
        """Whether GitHub says of an asset that it is whole and holds this; an old server names no digest."""
        digest = asset.get("digest")
        known = digest is None or digest == self.digest
        return bool(asset["state"] == "uploaded" and asset["size"] == len(self.content) and known)


@dataclass(frozen=True)
class Assets:
    """Those of one release."""

    github: GitHub
    release: int
    upload_url: str  # as GitHub gives it, with or without {?name,label}
    guard: Callable[[], None] = lambda: None  # raises when the release is not this publisher's to change

    def listed(self) -> list[Mapping[str, Any]]:
        return list(self.github.pages(f"{{repo}}/releases/{self.release}/assets"))

    def put(self, wanted: Mapping[str, Wanted]) -> None:
        """Make the release hold these files and no others; one that is whole stays, a half one is sent anew."""
        for name in self._lacking(wanted):
            self._put(name, wanted)

    def _lacking(self, wanted: Mapping[str, Wanted]) -> list[str]:
        """The names of those that are not there; what is half, other or of no use is deleted."""
        whole = set()
        for asset in self.listed():
            its = wanted.get(str(asset["name"]))
            if its is not None and its.is_(asset):
                whole.add(its.name)
            else:
                self._delete(int(asset["id"]))
        return [name for name in wanted if name not in whole]

    def _put(self, name: str, wanted: Mapping[str, Wanted]) -> None:
        sent = False

        def send() -> None:
            nonlocal sent
            if sent and name not in self._lacking(wanted):
                return
            sent = True
            self._send(wanted[name])

        self._persistently(send)

    def check(self, wanted: Mapping[str, Wanted]) -> None:
        """Mistake unless the release holds exactly these files, whole, by GitHub's own account."""
        found = {str(asset["name"]): asset for asset in self.listed()}
        for name in sorted(found.keys() ^ wanted.keys()):
            raise _wrong(name, "is missing" if name in wanted else "does not belong there")
        for name, asset in found.items():
            if not wanted[name].is_(asset):
                raise _wrong(name, f"is {asset['state']} with {asset['size']:,} bytes")

    def fetched(self, wanted: Mapping[str, Wanted]) -> dict[str, bytes]:
        """Every file as whoever downloads it gets it; a Mistake when one has other bytes."""
        found = {str(asset["name"]): asset for asset in self.listed()}
        contents = {}
        for name, each in wanted.items():
            if name not in found:
                raise _wrong(name, "is missing")
            contents[name] = self._persistently(partial(self._bytes, found[name]))
            if Wanted(name, contents[name]).digest != each.digest:
                raise _wrong(name, "came back with other bytes")
        return contents

    def _persistently(self, act: Callable[[], Result]) -> Result:
        for attempt in range(SENDS):
            try:
                return act()
            except Unsure:
                if attempt == SENDS - 1:
                    raise
                self.github.sleep(PAUSE * 2**attempt)
            except Limited as limited:
                if attempt == SENDS - 1:
                    raise
                self.github.sleep(limited.wait)
        raise AssertionError

    def _delete(self, asset: int) -> None:
        self.guard()
        try:
            self.github.write("DELETE", f"{{repo}}/releases/assets/{asset}")
        except Refused as refused:
            if refused.status != 404:  # it is gone already
                raise

    def _send(self, wanted: Wanted) -> None:
        import requests

        url = self.upload_url.partition("{")[0]
        kind = TYPES.get(wanted.name.rpartition(".")[2], "application/octet-stream")
        try:
            answer = requests.post(
                url,
                params={"name": wanted.name},
                data=wanted.content,
                headers=self._headers() | {"Content-Type": kind, "Accept": "application/vnd.github+json"},
                timeout=self._patience(len(wanted.content)),
                allow_redirects=False,
            )
        except (requests.RequestException, ConnectionError) as error:
            raise Unsure(f"GitHub: upload of {wanted.name}: no answer ({type(error).__name__}).") from None
        _sent(answer, wanted)

    def _bytes(self, asset: Mapping[str, Any]) -> bytes:
        """The token goes to GitHub alone: it is left out when GitHub sends on to a store on another host."""
        import requests

        name = asset["name"]
        headers = self._headers() | {"Accept": "application/octet-stream"}
        try:
            answer = requests.get(str(asset["url"]), headers=headers, timeout=self._patience(int(asset["size"])))
        except (requests.RequestException, ConnectionError) as error:
            raise Unsure(f"GitHub: download of {name}: broke off ({type(error).__name__}). Try again later.") from None
        _checked(answer.status_code, dict(answer.headers), f"download of {name}", answer.text)
        return answer.content

    def _headers(self) -> dict[str, str]:
        token = self.github.settings.token
        return {"Authorization": f"token {token}"} if token else {}

    def _patience(self, size: int) -> float:
        """Seconds without any byte; a slow line gets more of them for a large file."""
        return self.github.settings.timeout + size / 1_000_000


def _sent(answer: Any, wanted: Wanted) -> None:
    _checked(answer.status_code, dict(answer.headers), f"upload of {wanted.name}", answer.text)
    try:
        made = answer.json()
        whole = wanted.is_(made)
    except (ValueError, LookupError, TypeError):
        whole = False
    if not whole:
        raise Unsure(f"GitHub: upload of {wanted.name}: answered with something else. Try again later.")


def _checked(status: int, headers: Mapping[str, str], what: str, text: str) -> None:
    if status < 300:
        return
    said = " ".join(text[:300].split()) if 400 <= status < 500 else ""
    if status == 429 or (status == 403 and ("rate limit" in said.lower() or "abuse" in said.lower())):
        raise Limited(status, wait_of(headers), f"GitHub: {what}: rate limit ({status}). Try again later.")
    if status >= 500 or status < 400 or status in (408, 422):  # 422: a file of this name is there already, so look
        raise Unsure(f"GitHub: {what}: answered {status}. Try again later.")
    raise Refused(status, said, f"GitHub: {what}: {status}. {cure(status, headers)}.")


def _wrong(name: str, why: str) -> Mistake:
    return Mistake(f"release asset {name}: {why}. Nothing was published: run it again.", code=OUTSIDE)
