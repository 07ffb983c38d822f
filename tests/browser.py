"""A page as headless Chromium sees it: what a probe beside it found out once scripts have run, and the console."""

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --enable-logging=stderr "
    "--allow-file-access-from-files --virtual-time-budget=5000"
)  # a probe may look into a frame that is a file, as it is one
TIMEOUT = 300


@dataclass(frozen=True)
class Seen:
    """`frames`: what the probe found in each frame; `console`: every message."""

    frames: list[dict[str, Any]]
    console: list[str]


FIND = """
const found = [...document.querySelectorAll("iframe")].map((frame) => {
  const page = frame.contentDocument, root = page.documentElement, chart = page.getElementById("chart");
  const texts = (selector) => [...page.querySelectorAll(selector)].map((each) => each.innerText.trim());
  page.querySelectorAll("details").forEach((each) => { each.open = true; });
  const style = frame.contentWindow.getComputedStyle(page.body);
  return {
    window: frame.clientWidth, page: root.scrollWidth, height: root.scrollHeight, background: style.backgroundColor,
    narrowest: Math.min(...[...page.querySelectorAll(".scroll td")].map((each) => each.clientWidth)),
    values: texts(".card .value"), outcomes: texts(".runs .outcome"), headline: texts(".headline")[0],
    scores: texts(".runs td[data-name=Score]"), reasons: texts(".runs summary"), chart: chart ? chart.innerText : "",
    wide: chart && chart.querySelector("svg") ? chart.querySelector("svg").clientWidth : 0,
    figure: ((chart && chart.data) || []).map((each) => ({name: each.name, y: [...each.y], colour: each.marker.color})),
    line: chart && chart.data ? chart.data[0].line.color : null,
  };
});
document.getElementById("found").textContent = JSON.stringify(found);
"""


def executable() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return found


def run(page: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [executable(), *FLAGS.split(), f"--user-data-dir={profile}", *flags, page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True)


def seen(page: Path, widths: tuple[int, ...] = (1280, 390), *flags: str, scripts: bool = True) -> Seen:
    """The page in frames of these widths, in one start of the browser."""
    held = "" if scripts else ' sandbox="allow-same-origin"'
    frames = "".join(f'<iframe src="{page.name}" width="{width}" height="844"{held}></iframe>' for width in widths)
    probe = page.with_name("probe.html")
    style = "<style>iframe{border:0;display:block}</style>"
    begin = f"window.addEventListener('load', () => setTimeout(() => {{{FIND}}}, 500));"
    probe.write_text(f'<!DOCTYPE html>{style}{frames}<pre id="found"></pre><script>{begin}</script>', "utf-8")
    try:
        done = run(probe, "--window-size=1400,1800", "--dump-dom", *flags)
    finally:
        probe.unlink()
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found and found[1], f"the probe said nothing:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Seen(json.loads(unescape(found[1])), console)
