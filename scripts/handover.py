"""Pack what a run made into a folder, with every file's digest, for the job that may write."""

import argparse
from pathlib import Path

from scripts.core import errors
from scripts.edges import handover, lock


@errors.reported
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.handover", description=__doc__)
    parser.add_argument("act", choices=["pack"])
    parser.add_argument("folder", type=Path, help="made anew")
    given = parser.parse_args()
    with lock.held():
        packed = handover.gathered()
        handover.write(packed, given.folder)
    kind = "a run that found something new" if packed.whole else "the outcome alone: there is nothing to record"
    print(f"{given.folder}: {len(packed.files)} files, {sum(map(len, packed.files.values())) / 1e6:.1f} MB, {kind}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
