"""The page's two pictures in the docs, taken of the demo's ledger: by day on a desk, by night on a phone."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests import browser
from tests.demo_github import INTO

DOCS = Path("docs")
NIGHT = "--blink-settings=preferredColorScheme=0"


def taken(folder: Path, name: Path, width: int, height: int, scale: int, *flags: str) -> None:
    """Of the page in a frame: a window may not be as narrow as a phone."""
    probe, shot = folder / "probe.html", folder / "shot.png"
    frame = f'<iframe src="index.html" style="border:0;display:block;width:{width}px;height:{height}px"></iframe>'
    probe.write_text(f"<!DOCTYPE html><style>body{{margin:0}}</style>{frame}", "utf-8")
    size = f"--window-size={max(width, 600)},{height}"
    browser.run(probe, size, f"--screenshot={shot}", f"--force-device-scale-factor={scale}", *flags)
    with Image.open(shot) as whole:
        cut = whole.convert("RGB").crop((0, 0, width * scale, height * scale))
    cut.quantize(192, dither=Image.Dither.NONE).save(name, optimize=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.site_pictures", description=__doc__)
    parser.add_argument("--ledger", type=Path, default=INTO / "ledger.jsonl", help="lines to build the page from")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "scripts.site", "--out", folder, "--ledger", str(given.ledger)]
        subprocess.run(command, check=True)
        taken(Path(folder), DOCS / "site.png", 1280, 1640, 1)
        taken(Path(folder), DOCS / "site-phone.png", 390, 1700, 2, NIGHT)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
