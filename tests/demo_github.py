"""The year as GitHub shows it: twelve scheduled runs of the real workflow files, merges and one rollback.

Runs on a stand-in for GitHub, on this machine alone; leaves what people would have seen in a folder.
"""

import argparse
import html
import json
import re
import shutil
import subprocess
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


PICTURE = re.compile(r"http://127\.0\.0\.1:\d+/[^\"\s]*?/blob/(?P<commit>\w+)/(?P<path>[\w/.-]+\.png)\?raw=true")
LOCAL = re.compile(r'href="((?!https?:)[^"]+)\.md"')
STYLE = """
body { font: 16px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; color: #1f2328;
  max-width: 900px; margin: 24px auto; padding: 0 24px; }
table { border-collapse: collapse; margin: 12px 0; } th, td { border: 1px solid #d1d9e0; padding: 6px 13px; }
tr:nth-child(2n) td { background: #f6f8fa; } img { max-width: 100%; }
code, pre { font: 85% ui-monospace, "DejaVu Sans Mono", monospace; background: #f0f1f2; border-radius: 6px; }
code { padding: 2px 5px; } pre { padding: 16px; overflow: auto; } pre code { padding: 0; background: none; }
a { color: #0969da; } h1 { font-size: 26px; border-bottom: 1px solid #d1d9e0; padding-bottom: 8px; }
summary { cursor: pointer; }
"""


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
            data = self.newest()
            self.keep(f"{number:02}-{data}/run.md", ran.summary)
            self.enter(f"{data}: scheduled run", f"{number:02}-{data}/run.md")
            for pull in self.opened():
                self.merged(pull)
            if number == rolled_back:
                self.rolled_back()

    def newest(self) -> str:
        """The batch that the last run brought."""
        return Path(json.loads(self.copy.show("reports/run.json"))["batches"][-1]).stem

    def opened(self) -> Iterator[dict[str, Any]]:
        yield from [pull for pull in self.copy.forge.pulls if pull["state"] == "open"]

    def merged(self, pull: dict[str, Any]) -> None:
        number = pull["number"]
        self.keep(f"pulls/{number}.md", f"# {pull['title']}\n\n{self.pictured(pull['body'], number)}")
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

    def pictured(self, body: str, number: int) -> str:
        """The body with its pictures beside it, as they were in the commit that it shows."""

        def kept(found: re.Match[str]) -> str:
            content = self.copy.forge.read(found["path"], found["commit"])
            name = f"{number}-{Path(found['path']).name}"
            if content is not None:
                (self.into / "pulls").mkdir(parents=True, exist_ok=True)
                (self.into / "pulls" / name).write_bytes(content)
            return name

        return PICTURE.sub(kept, body)

    def keep(self, name: str, text: str) -> None:
        """As it is, and as a page; links lead to GitHub, where the stand-in was."""
        path = self.into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = text.replace(self.copy.forge.url, "https://github.com").rstrip("\n") + "\n"
        path.write_text(text, "utf-8")
        if path.suffix == ".md":
            path.with_suffix(".html").write_text(page(text), "utf-8")

    def enter(self, said: str, name: str) -> None:
        self.entries.append(f"- [{said}]({name})" if name else f"- {said}")
        print(f"{time.monotonic() - self.began:6.0f} s  {said}", file=sys.stderr, flush=True)

    def closed(self) -> str:
        """The index, the ledger as it lies on its branch and as the command prints it, and the plots of main."""
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


def page(markdown: str) -> str:
    """Markdown as a page that looks about as GitHub shows it."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    title = html.escape(markdown.splitlines()[0].lstrip("# "))
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    linked = LOCAL.sub(r'href="\1.html"', body)
    return f"<!doctype html><html><head>{head}</head><body>{linked}</body></html>"


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
        copy.act.timeout = 1200.0  # real data on a busy machine
        print(play(copy, given.into, given.months))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
