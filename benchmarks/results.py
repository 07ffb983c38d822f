"""benchmarks/RESULTS.md: every benchmark owns one section of it, between two marker comments."""

import io
import platform
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path
from time import strftime

FILE = Path(__file__).with_name("RESULTS.md")
TITLE = "# Results\n\nEvery section is what the benchmark that it names printed.\n"


def replaced(document: str, name: str, text: str) -> str:
    """The document with the section between its markers replaced, or added at the end when it was not there."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    block = f"{start}\n{text.strip()}\n{end}"
    pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
    if pattern.search(document):
        return pattern.sub(lambda _: block, document)
    return f"{document.rstrip()}\n\n{block}\n"


def section(name: str, text: str) -> None:
    document = FILE.read_text(encoding="utf-8") if FILE.exists() else TITLE
    FILE.write_text(replaced(document, name, text), encoding="utf-8")


def printed(name: str, title: str, job: Callable[[], None], libraries: tuple[str, ...]) -> None:
    """Do a benchmark that prints, and keep what it printed as its section."""
    said = io.StringIO()
    with redirect_stdout(said):
        job()
    print(said.getvalue(), end="")
    section(name, f"## {title}\n\n`python -m benchmarks.{name} --write` on {machine(*libraries)}\n\n{said.getvalue()}")


def machine(*libraries: str) -> str:
    """One line: date, processor, cores, memory, Python and the versions of these installed distributions."""
    import psutil  # only those who name the machine pay for it

    parts = [strftime("%Y-%m-%d"), processor(), f"{psutil.cpu_count()} cores"]
    parts += [f"{psutil.virtual_memory().total / 2**30:.0f} GiB", f"Python {platform.python_version()}"]
    return " · ".join(parts + [f"{name} {version(name)}" for name in libraries])


def processor() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.+)$", info.read_text(), re.MULTILINE) if info.exists() else []
    return str(names[0]) if names else platform.processor() or platform.machine()


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
