"""A release's files for whoever wants the model: resumed where a line broke off, checked before they get their name."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.report import release_files

ATTEMPTS = 5
PAUSE = 0.5  # seconds before the second attempt, doubled for each further one
CHUNK = 1 << 16
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]*")  # what GitHub lets a file be called
PASSING = frozenset({408, 429, 500, 502, 503, 504})


class Broken(Exception):
    """An answer that may be another one a moment later."""


@dataclass(frozen=True)
class Source:
    repository: str
    token: str | None = field(default=None, repr=False)
    api: str = "https://api.github.com"
    timeout: float = 30.0
    sleep: Callable[[float], None] = time.sleep

    def release(self, version: int | None) -> Mapping[str, Any]:
        """The release of a version, or the latest."""
        path = "latest" if version is None else f"tags/v{version}"
        which = "a release" if version is None else f"v{version}"
        found = self._persistently(lambda: self._json(f"{self.api}/repos/{self.repository}/releases/{path}", which))
        if not isinstance(found, Mapping) or not isinstance(found.get("assets"), list):
            raise Mistake(
                f"{self.repository}: answered with something that is no release. Try again later.", code=OUTSIDE
            )
        return found

    def sums(self, release: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
        """Digests by file name, as the release's own list has them."""
        asset = next((one for one in release["assets"] if one["name"] == release_files.SUMS), None)
        if asset is None:
            raise Mistake(f"{release['tag_name']}: has no {release_files.SUMS}: nothing can be checked.", code=OUTSIDE)
        content = self._persistently(lambda: self._whole(asset))
        _check(asset, hashlib.sha256(content).hexdigest(), len(content), None)
        return release_files.parsed(content.decode(errors="replace")), content

    def fetch(self, asset: Mapping[str, Any], expected: str, folder: Path) -> bool:
        """Put a file in place, with its digest checked; False when it was there already."""
        name = str(asset["name"])
        if not NAME.fullmatch(name):
            raise Mistake(f"{name!r}: is no name that a file of a release can have. Nothing was written.", code=OUTSIDE)
        path, part = folder / name, folder / f"{name}.part"
        if path.is_file() and f"sha256:{_digest(path)}" == expected:
            return False
        resumed = part.exists()
        self._persistently(lambda: self._resume(asset, part), part)
        try:
            _check(asset, _digest(part), part.stat().st_size, expected)
        except Mistake:
            part.unlink()
            if not resumed:
                raise
            return self.fetch(asset, expected, folder)  # what was there already may have been of another file
        part.replace(path)
        return True

    def _resume(self, asset: Mapping[str, Any], part: Path) -> None:
        """Append what is still missing."""
        import requests

        size = int(asset["size"])
        held = part.stat().st_size if part.exists() else 0
        if held > size:
            part.unlink()
            held = 0
        if part.exists() and held == size:
            return
        headers = self._headers("application/octet-stream") | ({"Range": f"bytes={held}-"} if held else {})
        with requests.get(str(asset["url"]), headers=headers, timeout=self.timeout, stream=True) as answer:
            if answer.status_code == 416:
                part.unlink(missing_ok=True)
                raise Broken("answers 416")
            self._checked(answer.status_code, str(asset["name"]))
            goes_on = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {held}-")
            with part.open("ab" if goes_on else "wb") as file:
                for chunk in answer.iter_content(CHUNK):
                    file.write(chunk)
        if part.stat().st_size < size:
            raise Broken("ended too early")

    def _whole(self, asset: Mapping[str, Any]) -> bytes:
        import requests

        headers = self._headers("application/octet-stream")
        answer = requests.get(str(asset["url"]), headers=headers, timeout=self.timeout)
        self._checked(answer.status_code, str(asset["name"]))
        if len(answer.content) < int(asset["size"]):
            raise Broken("ended too early")
        return answer.content

    def _json(self, url: str, what: str) -> Any:
        import requests

        answer = requests.get(url, headers=self._headers("application/vnd.github+json"), timeout=self.timeout)
        self._checked(answer.status_code, what)
        try:
            return answer.json()
        except ValueError:
            raise Broken("answers with no JSON") from None

    def _checked(self, status: int, what: str) -> None:
        if status < 300:
            return
        if status in PASSING:
            raise Broken(f"answers {status}")
        private = " A private repository needs a token: GITHUB_TOKEN=..." if self.token is None else ""
        said = {401: "the token is wrong or has expired", 403: "access is refused", 404: "is not there"}
        why = said.get(status, f"answers {status}")
        raise Mistake(f"{self.repository}: {what}: {why}. Check repository and version.{private}", code=OUTSIDE)

    def _headers(self, accept: str) -> dict[str, str]:
        """The token goes to the API alone: requests leaves it out when it is sent on to another host."""
        return {"Accept": accept} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def _persistently(self, act: Callable[[], Any], part: Path | None = None) -> Any:
        import requests

        why = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                return act()
            except Broken as broken:
                why = str(broken)
            except requests.RequestException as error:
                why = f"no answer, {type(error).__name__}"
        kept = (
            f" What came is kept in {part}: run it again, and it goes on from there." if part else " Try again later."
        )
        raise Mistake(f"{self.repository}: {why} ({ATTEMPTS} attempts).{kept}", code=OUTSIDE)


def wanted(release: Mapping[str, Any], everything: bool) -> Sequence[Mapping[str, Any]]:
    """The assets that a person asks for: the model and its packages, or all; never one that is not whole."""
    assets = [one for one in release["assets"] if one.get("state") == "uploaded" and one["name"] != release_files.SUMS]
    if everything:
        return assets
    found = [one for one in assets if one["name"].endswith(".skops") or one["name"] == "requirements.txt"]
    if not any(one["name"].endswith(".skops") for one in found):
        raise Mistake(f"{release['tag_name']}: holds no model. Choose another version.", code=OUTSIDE)
    return found


def _check(asset: Mapping[str, Any], digest: str, size: int, expected: str | None) -> None:
    """Mistake unless size and digest are what GitHub and the release's own list say."""
    name, found = asset["name"], f"sha256:{digest}"
    if size != int(asset["size"]):
        raise Mistake(
            f"{name}: has {size:,} bytes of {int(asset['size']):,}. It was removed: run it again.", code=OUTSIDE
        )
    for who, said in (("GitHub", asset.get("digest")), (release_files.SUMS, expected)):
        if said is not None and said != found:
            raise Mistake(
                f"{name}: has the digest {found[:19]}, {who} says {said[:19]}. It was removed: don't use this release.",
                code=OUTSIDE,
            )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
