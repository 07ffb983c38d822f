import functools
import hashlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts import download
from scripts.edges.hub import fetching
from tests.github_server import Fault, Forge
from tests.github_server.state import Asset, Release

MODEL = np.random.default_rng(0).bytes(300_000)
FILES = {"small-2.skops": MODEL, "requirements.txt": b"pandas==3.0.6\n", "metrics.json": b"{}"}


def published(forge: Forge, version: int, files: dict[str, bytes], sums: bytes | None = None) -> Release:
    state = forge.state
    listed = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()).encode()
    held = files | {"SHA256SUMS": listed if sums is None else sums}
    assets = tuple(
        Asset(state.id(), name, None, "application/octet-stream", content, "octocat", state.now())
        for name, content in held.items()
    )
    blank = Release(state.id(), f"v{version}", "main", "x", "", False, False, "octocat", 0.0, 0.0, state.now())
    made = state.keep(replace(blank, assets=assets))
    state.latest = made.id
    return made


@pytest.fixture
def run(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """v1 and v2 are released; the command, in an empty folder, without a token."""
    published(forge, 1, {"small-1.skops": b"the first model"})
    published(forge, 2, FILES)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_API_URL", forge.api)
    unhurried = functools.partial(fetching.Source, timeout=5.0, sleep=lambda seconds: None)
    monkeypatch.setattr(download, "Source", unhurried)
    monkeypatch.setattr("scripts.edges.files.os.fsync", lambda handle: None)

    def typed(*arguments: str, code: int = 0) -> int:
        monkeypatch.setattr(sys, "argv", ["download", "--repo", "octo/evergreen", *arguments])
        assert download.main() == code
        return code

    return typed


def folder(path: str = "small-2") -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in sorted(Path(path).iterdir())}


def test_the_latest_model_comes_in_one_command_without_a_token(run: Any, capsys: Any) -> None:
    run()
    assert set(folder()) == {"small-2.skops", "requirements.txt", "SHA256SUMS"}
    assert folder()["small-2.skops"] == MODEL
    said = capsys.readouterr().out
    assert "small-2/small-2.skops  300.0 kB" in said and "sha256sum --check --ignore-missing SHA256SUMS" in said


def test_a_version_all_of_its_files_and_another_folder(run: Any) -> None:
    run("--version", "v1", "--output", "mine")
    assert folder("mine")["small-1.skops"] == b"the first model"
    run("--all")
    assert set(folder()) == {*FILES, "SHA256SUMS"}


def test_the_token_goes_to_the_api_and_not_to_the_storage(run: Any, forge: Forge, monkeypatch: Any) -> None:
    forge.settings_of_repo.private = True
    monkeypatch.setenv("GITHUB_TOKEN", forge.token({"contents": "read"}))
    run()
    assert folder()["small-2.skops"] == MODEL


def test_a_private_repository_without_a_token_says_what_is_needed(run: Any, forge: Forge, capsys: Any) -> None:
    forge.settings_of_repo.private = True
    run(code=3)
    assert "A private repository needs a token" in capsys.readouterr().err


def test_what_is_there_is_not_fetched_again(run: Any, forge: Forge, capsys: Any) -> None:
    run()
    forge.begin_count()
    run()
    assert not [one for one in forge.requests if "storage" in one.path and one.path.endswith("skops")]
    assert capsys.readouterr().out.count("(was here already)") == 2


def ranges(forge: Forge) -> list[str]:
    return [one.headers["range"] for one in forge.requests if one.kind == "web" and "range" in one.headers]


@pytest.mark.parametrize("held", [1, 299_999])
def test_it_goes_on_where_it_broke_off(run: Any, forge: Forge, held: int) -> None:
    Path("small-2").mkdir()
    Path("small-2/small-2.skops.part").write_bytes(MODEL[:held])
    run()
    assert folder()["small-2.skops"] == MODEL
    assert ranges(forge) == [f"bytes={held}-"]
    assert "small-2.skops.part" not in folder()


@pytest.mark.parametrize("held", [b"x" * 5, MODEL + b"more", b"x" * 300_000])
def test_a_part_of_something_else_is_dropped_and_fetched_anew(run: Any, held: bytes) -> None:
    Path("small-2").mkdir()
    Path("small-2/small-2.skops.part").write_bytes(held)
    run()
    assert folder()["small-2.skops"] == MODEL


def test_a_line_that_breaks_again_and_again_leaves_a_part_and_the_next_run_ends_it(
    run: Any, forge: Forge, capsys: Any
) -> None:
    forge.faults = [Fault(at=2, kind="short_body", among=("web",), times=20)]
    run(code=3)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "run it again, and it goes on from there" in said
    assert not Path("small-2/small-2.skops").exists(), "nothing has its name before it is checked"
    held = Path("small-2/small-2.skops.part").stat().st_size
    forge.begin_count()
    run()
    assert folder()["small-2.skops"] == MODEL
    assert ranges(forge) == [f"bytes={held}-"]


@pytest.mark.parametrize("kind", ["cut_before", "502_after", "reset", "short_body", "429"])
@pytest.mark.parametrize("at", [1, 2, 4])
def test_a_fault_is_tried_again(run: Any, forge: Forge, kind: str, at: int) -> None:
    forge.faults = [Fault(at=at, kind=kind)]
    run()
    assert folder()["small-2.skops"] == MODEL


def swapped(forge: Forge, name: str, content: bytes) -> None:
    """The bytes of an asset are others now; what GitHub says of them follows."""
    release = forge.state.releases[forge.state.latest or 0]
    assets = tuple(replace(one, content=content) if one.name == name else one for one in release.assets)
    forge.state.keep(replace(release, assets=assets))


@pytest.mark.parametrize("content", [MODEL[:-1], MODEL[:9] + b"!" + MODEL[10:], b"the first model"])
def test_other_bytes_are_found_and_get_no_name(run: Any, forge: Forge, capsys: Any, content: bytes) -> None:
    swapped(forge, "small-2.skops", content)
    run(code=3)
    assert "has the digest" in capsys.readouterr().err
    assert not list(Path("small-2").glob("small-2.skops*"))


def test_a_list_of_sums_that_github_disagrees_with_is_refused(run: Any, forge: Forge, capsys: Any) -> None:
    published(forge, 3, {"small-3.skops": b"three"}, sums=f"{'0' * 64}  small-3.skops\n".encode())
    run(code=3)
    assert "SHA256SUMS says sha256:000000" in capsys.readouterr().err


def test_a_release_without_sums_and_one_without_a_model_are_refused(run: Any, forge: Forge, capsys: Any) -> None:
    published(forge, 3, {"notes.txt": b"no model"})
    run(code=3)
    assert "holds no model" in capsys.readouterr().err
    release = published(forge, 4, {"small-4.skops": b"four"})
    forge.state.keep(replace(release, assets=release.assets[:1]))
    run(code=3)
    assert "has no SHA256SUMS" in capsys.readouterr().err


def test_a_file_that_was_added_later_is_left(run: Any, forge: Forge, capsys: Any) -> None:
    release = published(forge, 3, {"small-3.skops": b"three"})
    late = replace(release.assets[0], id=9999, name="late.txt")
    forge.state.keep(replace(release, assets=(*release.assets, late)))
    run("--all", code=3)
    assert "late.txt: is not in SHA256SUMS" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", ".bashrc", "a/b.skops", "..\\x.skops"])
def test_a_name_that_leads_elsewhere_is_never_written(tmp_path: Path, name: str) -> None:
    source = fetching.Source("octo/evergreen")
    with pytest.raises(Exception, match="is no name that a file of a release can have"):
        source.fetch({"name": name, "size": 1, "url": "http://127.0.0.1:9/"}, "sha256:0", tmp_path / "in")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--version", "9"), 3, "v9: is not there"),
        (("--version", "last"), 2, "is no version"),
        (("--repo", "evergreen"), 2, "Write it as OWNER/NAME"),
        (("--repo", "octo/nothing"), 3, "a release: is not there"),
        (("--output", "file"), 3, "Choose another --output"),
    ],
)
def test_mistakes_are_one_line_with_the_cure(run: Any, capsys: Any, arguments: Any, code: int, words: str) -> None:
    Path("file").touch()
    run(*arguments, code=code)
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


def test_a_server_that_is_not_there_is_said_in_a_line(run: Any, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    run(code=3)
    assert "no answer, ConnectionError (5 attempts)" in capsys.readouterr().err


@pytest.mark.faults
def test_a_thousand_flips_truncations_and_swaps_are_all_found(run: Any, forge: Forge, capsys: Any) -> None:
    draw = np.random.default_rng(1)
    found = 0
    for _ in range(1000):
        place, kind = int(draw.integers(len(MODEL))), draw.integers(3)
        flipped = MODEL[:place] + bytes([MODEL[place] ^ (1 << int(draw.integers(8)))]) + MODEL[place + 1 :]
        swapped(forge, "small-2.skops", (flipped, MODEL[:place], MODEL[place:] + MODEL[:place])[kind])
        run(code=3)
        found += "has the digest" in capsys.readouterr().err and not list(Path("small-2").glob("small-2.skops*"))
    print(f"download: {found} of 1000 altered models found")
    assert found == 1000
