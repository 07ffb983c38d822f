"""Bring a released model to this machine: resumed if it breaks off, its digest checked before it gets its name."""

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.core import errors
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.report.release_files import SUMS, size
from scripts.edges import actions, files
from scripts.edges.hub import fetching
from scripts.edges.hub.fetching import Source


@dataclass(frozen=True)
class Asked:
    repository: str
    version: int | None  # None: the latest
    output: Path | None
    everything: bool


def download(asked: Asked, source: Source) -> tuple[Path, list[str]]:
    """The folder, and a line for each file."""
    release = source.release(asked.version)
    assets = fetching.wanted(release, asked.everything)
    sums, listed = source.sums(release)
    folder = asked.output or Path(named(release, assets))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lines = [fetched(source, asset, sums, folder) for asset in assets]
    except OSError as error:
        raise Mistake(
            f"{folder}: can't be written ({error.strerror}). Choose another --output.", code=OUTSIDE
        ) from None
    files.write(folder / SUMS, listed)
    return folder, lines


def named(release: Mapping[str, Any], assets: Sequence[Mapping[str, Any]]) -> str:
    """A folder called like the model: flight-disruption-5."""
    model = next((str(one["name"]) for one in assets if one["name"].endswith(".skops")), str(release["tag_name"]))
    return re.sub(r"[^A-Za-z0-9._-]", "-", model.removesuffix(".skops")).lstrip(".") or "model"


def fetched(source: Source, asset: Mapping[str, Any], sums: Mapping[str, str], folder: Path) -> str:
    name = str(asset["name"])
    if name not in sums:
        raise Mistake(f"{name}: is not in {SUMS}: it was added later. Nothing checks it, so it is left.", code=OUTSIDE)
    new = source.fetch(asset, sums[name], folder)
    return f"{folder / name}  {size(int(asset['size']))}{'' if new else '  (was here already)'}"


def arguments() -> Asked:
    parser = argparse.ArgumentParser(prog="python -m scripts.download", description=__doc__)
    known = os.environ.get("GITHUB_REPOSITORY") or None
    parser.add_argument("--repo", default=known, required=known is None, metavar="OWNER/NAME")
    parser.add_argument("--version", metavar="N", help="of the model; without it the latest")
    parser.add_argument("--output", type=Path, metavar="DIR", help="without it a folder called like the model")
    parser.add_argument("--all", action="store_true", help="every file of the release, not only the model")
    given = parser.parse_args()
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", given.repo):
        raise Mistake(f"--repo: {given.repo!r} is no repository. Write it as OWNER/NAME.", code=USAGE)
    number = None if given.version is None else given.version.removeprefix("v")
    if number is not None and not (number.isascii() and number.isdigit()):
        raise Mistake(f"--version: {given.version!r} is no version. Write a number, as in --version 4.", code=USAGE)
    return Asked(given.repo, None if number is None else int(number), given.output, given.all)


@errors.reported
def main() -> int:
    asked, job = arguments(), actions.job()
    token = job.token or os.environ.get("GH_TOKEN") or None
    folder, lines = download(asked, Source(asked.repository, token, job.api))
    print(*lines, sep="\n")
    print(f"Checked: size and SHA-256 of each are what the release says. To check again: cd {folder} &&")
    print(f"  sha256sum --check --ignore-missing {SUMS}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
