"""The year as GitHub shows it: twelve scheduled runs of the real workflow files, merges and one rollback.

Runs on a stand-in for GitHub, on this machine alone; leaves what people would have seen in a folder.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.layout import ROOT
from tests.workflows.act import Ran
from tests.workflows.world import World, world

INTO = Path("demo/github")
MONTHS = 12
ROLLED_BACK = 8  # the month after which a person wants the earlier model back


class Red(Exception):
    """A workflow that should have been green was not."""


@dataclass
class Year:
    """What happened, and where it is written down."""

    copy: World
    into: Path
    began: float = field(default_factory=time.monotonic)
    entries: list[str] = field(default_factory=list)

    def lived(self, months: int, rolled_back: int | None) -> None:
        for number in range(1, months + 1):
            ran = checked("retrain", self.copy.cron("retrain"))
            data = self.copy.show("data.dvc").count("md5") and self.newest()
            self.keep(f"{number:02}-{data}/run.md", ran.summary)
            self.enter(f"{data}: scheduled run", f"{number:02}-{data}/run.md")
            for pull in self.opened():
                self.merged(pull)
            if number == rolled_back:
                self.rolled_back()

    def newest(self) -> str:
        """The batch that the last run brought."""
        import json

        return Path(json.loads(self.copy.show("reports/run.json"))["batches"][-1]).stem

    def opened(self) -> Iterator[dict[str, Any]]:
        yield from [pull for pull in self.copy.forge.pulls if pull["state"] == "open"]

    def merged(self, pull: dict[str, Any]) -> None:
        number = pull["number"]
        self.keep(f"pulls/{number}.md", f"# {pull['title']}\n\n{pull['body']}")
        self.enter(f"pull request #{number}: {pull['title']}", f"pulls/{number}.md")
        for name, ran in self.copy.merges(number, only=("release",)).items():
            checked(name, ran)
        release = next(one for one in self.copy.forge.releases if one["latest"])
        name = f"releases/{release['tag_name']}.md"
        assets = "\n".join(f"- {one['name']} ({one['size']:,} bytes)" for one in release["assets"])
        self.keep(name, f"# {release['name']}\n\n{release['body']}\n\n## Assets\n\n{assets}")
        self.enter(f"merged; the latest release is {release['tag_name']}: {release['name']}", name)

    def rolled_back(self) -> None:
        """To the version before the one that is latest now."""
        published = sorted(int(one["tag_name"].removeprefix("v")) for one in self.copy.forge.releases)
        if len(published) < 2:
            return
        asked = {"version": str(published[-2]), "reason": "support saw odd scores for short flights"}
        ran = checked("rollback", self.copy.dispatch("rollback", **asked))
        self.keep("rollback/run.md", ran.summary)
        self.enter(f"a person asks for v{published[-2]} back: {asked['reason']}", "rollback/run.md")
        for pull in self.opened():
            self.merged(pull)

    def keep(self, name: str, text: str) -> None:
        path = self.into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.rstrip("\n") + "\n", "utf-8")

    def enter(self, said: str, name: str) -> None:
        self.entries.append(f"- [{said}]({name})" if name else f"- {said}")
        print(f"{time.monotonic() - self.began:6.0f} s  {said}", file=sys.stderr, flush=True)

    def closed(self) -> str:
        """The index, the ledger as it lies on its branch and as the command prints it, and the plots of main."""
        import subprocess

        lines = self.copy.ledger()
        self.keep("ledger.jsonl", "\n".join(lines))
        clone = self.copy.folder / "reader"
        subprocess.run(["git", "clone", "--quiet", str(self.copy.forge.bare), str(clone)], check=True)
        printed = subprocess.run(
            [sys.executable, "-m", "scripts.ledger", "list"], cwd=clone, capture_output=True, text=True, check=True
        ).stdout
        self.keep("ledger.txt", printed)
        shutil.copytree(clone / "reports/plots", self.into / "plots", dirs_exist_ok=True)
        known = f"{len(self.copy.forge.pulls)} pull requests, {len(self.copy.forge.releases)} releases"
        known += f", {len(lines)} lines in the ledger"
        index = ["# A year on GitHub", "", *self.entries, "", "[The ledger](ledger.txt)", "", f"{known}."]
        self.keep("README.md", "\n".join(index))
        return f"{printed}\n{known}: {self.into}/README.md"


def checked(workflow: str, ran: Ran) -> Ran:
    if not ran.green:
        raise Red(f"{workflow}: ended with {ran.code}, {dict(ran.jobs)}:\n{ran.log[-4000:]}")
    return ran


def play(copy: World, into: Path, months: int = MONTHS, rolled_back: int | None = ROLLED_BACK) -> str:
    shutil.rmtree(into, ignore_errors=True)
    year = Year(copy, into)
    year.lived(months, rolled_back)
    return year.closed()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.demo_github", description=__doc__)
    parser.add_argument("--months", type=int, default=MONTHS, help="how many months to live through")
    parser.add_argument("--into", type=Path, default=INTO, help="folder for what people would have seen; made anew")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="evergreen-github-") as folder,
        world(Path(folder), (ROOT / "params.yaml").read_text("utf-8")) as copy,
    ):
        print(play(copy, given.into, given.months))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
