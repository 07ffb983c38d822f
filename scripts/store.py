"""Bring what git only names (data, models) from the store, send it there, look whether it is there, or move it all."""

import argparse
import os
import shlex
from collections.abc import Callable

from scripts.core import errors
from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges import actions, lock, project
from scripts.edges.stores import branch_store, store_move, stores
from scripts.edges.stores.branch_store import Branch
from scripts.edges.stores.store import Store

MB = 1_000_000


def configure() -> list[str]:
    """For DVC by hand; the branch is brought here, because to DVC it is a folder."""
    store = _opened()
    if isinstance(store.place, Branch):
        store.place.reach()
    stores.configure(store.place)
    return [f"DVC's remote is {store.place.name} ({stores.CONFIG})."]


def pull(targets: list[str]) -> list[str]:
    store = _opened()
    pulled = store.pull(targets)
    lines = [f"{store.place.name}: {pulled.fetched} objects fetched, {pulled.placed} files put in place."]
    return lines + [f"Warning: {warning}" for warning in pulled.warnings]


def push() -> list[str]:
    store = _opened()
    pushed = store.push()
    lines = [f"{store.place.name}: {pushed.sent} objects sent; {pushed.named} that git names were looked up there."]
    return lines + [f"Warning: {warning}" for warning in pushed.warnings]


def check(read: bool) -> list[str]:
    store = _opened()
    if wrong := store.check(read):
        raise Mistake(*wrong, "To send what is missing: python -m scripts.store push", code=OUTSIDE)
    return [f"{store.place.name}: all that git names is there{', and its bytes are right' if read else ''}."]


def migrate(to: str, endpoint: str | None) -> list[str]:
    source = _opened().place
    target = stores.named(to, endpoint, os.environ, project.read_params().store)
    copied = store_move.copied(source, target)
    size = f"{copied.size / MB:.1f} MB"
    done = f"{copied.objects} objects ({size}) are in {target.name}, each read back; {copied.sent} sent."
    if copied.altered:
        names = ", ".join(copied.altered[:3])
        cure = "Push them again from where they are whole, then run this again"
        said = f"{source.name}: {len(copied.altered)} objects are altered and were not copied ({names}). {cure}."
        raise Mistake(done, said, code=OUTSIDE)
    commands = [f"gh variable set DVC_REMOTE_URL --body {shlex.quote(to)}"]
    commands += [f"gh variable set DVC_ENDPOINT_URL --body {shlex.quote(endpoint)}"] if endpoint else []
    if to.startswith("s3://"):
        commands += ["gh secret set AWS_ACCESS_KEY_ID", "gh secret set AWS_SECRET_ACCESS_KEY"]
    left = (
        [f"Then the branch can go: git push origin --delete {branch_store.BRANCH}"]
        if isinstance(source, Branch)
        else []
    )
    return [
        done,
        "Use it from now on (keys are not needed with AWS_ROLE_ARN):",
        *(f"  {each}" for each in commands),
        *left,
    ]


def _opened() -> Store:
    return stores.opened(os.environ, actions.job(), project.read_params().store)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.store", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("configure", help="tell DVC where the store is (.dvc/config.local)")
    pulling = commands.add_parser("pull", help="bring what git names, every byte checked")
    pulling.add_argument("targets", nargs="*", help="only these, as in: data models/candidate.zip")
    commands.add_parser("push", help="send what git names, and look it up there")
    checking = commands.add_parser("check", help="look up all that git names in the store itself")
    checking.add_argument("--read", action="store_true", help="fetch and hash every object as well")
    moving = commands.add_parser("migrate", help="copy everything to another store")
    moving.add_argument("--to", required=True, metavar="URL", help="s3://BUCKET/FOLDER, or a folder")
    moving.add_argument("--endpoint", metavar="URL", help="of a server other than AWS")
    return parser.parse_args()


@errors.reported
def main() -> int:
    given = arguments()
    acts: dict[str, Callable[[], list[str]]] = {
        "configure": configure,
        "pull": lambda: pull(given.targets),
        "push": push,
        "check": lambda: check(given.read),
        "migrate": lambda: migrate(given.to, given.endpoint),
    }
    with lock.held():
        lines = acts[given.command]()
    print(*lines, sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
