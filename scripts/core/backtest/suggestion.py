"""params.yaml with other triggers, everything else as it stands, and the difference as a patch."""

import difflib
import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.representer import RoundTripRepresenter

from scripts.core import params
from scripts.core.errors import Mistake
from scripts.core.params import Triggers

BLOCK = "triggers"
LAST = "\\ No newline at end of file\n"  # as diff says it
Settings = dict[str, dict[str, Any]]


def differing(now: Triggers, wanted: Triggers) -> Settings:
    """The settings of each trigger that are to be other than they are."""
    before, after = now.model_dump(mode="json"), wanted.model_dump(mode="json")
    found = {
        name: {key: value for key, value in block.items() if before[name][key] != value}
        for name, block in after.items()
    }
    return {name: values for name, values in found.items() if values}


def said(changes: Settings) -> list[str]:
    """One line a setting, for people."""
    return [f"triggers.{name}.{key}: {_text(value)}" for name, block in changes.items() for key, value in block.items()]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def patch(text: str, wanted: Triggers) -> str | None:
    """What `git apply` and `patch -p1` take; empty when nothing differs, None when the file is too unusual for it."""
    now = params.parse(text).triggers
    try:
        new = _written(text, differing(now, wanted))
        fits = params.parse(new).triggers == wanted
    except (Mistake, YAMLError, LookupError, AttributeError, ValueError):  # such as an anchor that lies elsewhere
        return None
    return _diff(text, new) if fits else None


def _written(text: str, changes: Settings) -> str:
    if not changes:
        return text
    ends = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    start, end = _place(text, len(lines))
    if start == end:  # there is no such block: it goes behind everything else
        head, tail = [*lines, "" if text.endswith("\n") else ends, ends], []
    else:
        head, tail = lines[:start], lines[end:]
    block = _changed("".join(lines[start:end]), changes).replace("\n", ends)
    if tail == [] and start != end and not text.endswith("\n"):
        block = block.removesuffix(ends)
    return "".join([*head, block, *tail])


def _place(text: str, count: int) -> tuple[int, int]:
    """The lines of the block, without the blank lines and comments that lead to the next one."""
    tree = YAML(typ="rt").load(text)
    if BLOCK not in tree:
        return count, count
    starts = sorted(place[0] for place in tree.lc.data.values())
    start = tree.lc.data[BLOCK][0]
    end = next((line for line in starts if line > start), count)
    lines = text.splitlines()
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return start, end


class _Representer(RoundTripRepresenter):
    """Nothing is written as `null`, as people write it."""


_Representer.add_representer(
    type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
)


def _changed(block: str, changes: Settings) -> str:
    yaml = YAML(typ="rt")
    yaml.Representer = _Representer
    yaml.width, yaml.preserve_quotes = 10_000, True
    tree = yaml.load(block) or CommentedMap({BLOCK: None})
    if tree[BLOCK] is None:
        tree[BLOCK] = CommentedMap()
    elif places := tree[BLOCK].lc.data:
        yaml.map_indent = max(2, next(iter(places.values()))[1])
    for name, values in changes.items():
        _set(tree[BLOCK], name, values)
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue()


def _set(triggers: Any, name: str, values: Mapping[str, Any]) -> None:
    if not isinstance(triggers.get(name), Mapping):
        triggers[name] = CommentedMap()
        triggers[name].fa.set_flow_style()
    for key, value in values.items():
        triggers[name][key] = value


def _diff(before: str, after: str) -> str:
    one, other = (text.splitlines(keepends=True) for text in (before, after))
    lines = difflib.unified_diff(one, other, fromfile="a/params.yaml", tofile="b/params.yaml")
    return "".join(line if line.endswith("\n") else f"{line}\n{LAST}" for line in lines)
