import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from scripts.core.errors import FAILED, OUTSIDE, USAGE, Mistake
from scripts.core.settings.data_params import Data, Files, Replay, Sql, Url
from scripts.edges.batches import flights
from scripts.edges.batches.batch import Batch, Unchanged
from scripts.edges.batches.sources import SOURCES, Have
from tests.edges.table_server import Answer, serving

DATA = Data(
    name="n",
    task="binary",
    target="y",
    time="t",
    holdout="1D",
    source={"kind": "replay"},
    columns={"x": {"kind": "number"}},
)
NOTHING = Have({}, lambda: None)


class Store(MemoryFileSystem):
    """A store that tells its files' digests, as S3 does, and counts what is fetched."""

    protocol = "store"
    store: dict[str, Any] = {}  # noqa: RUF012 the class it extends keeps its files so
    fetched: list[str] = []  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> Any:
        return super()._strip_protocol(path.removeprefix("store://"))

    def info(self, path: str, **more: Any) -> Any:
        return self._with_tag(super().info(path, **more))

    def glob(self, path: str, **more: Any) -> Any:
        return {name: self._with_tag(info) for name, info in super().glob(path, **more).items()}

    def cat_file(self, path: str, *where: Any, **more: Any) -> Any:
        self.fetched.append(path)
        return super().cat_file(path, *where, **more)

    def _with_tag(self, info: Any) -> Any:
        if info["type"] != "file":
            return info
        content = self.store[info["name"]].getvalue()
        return info | {"ETag": f'"{hashlib.md5(content).hexdigest()}"'}


@pytest.fixture
def store() -> Iterator[Store]:
    fsspec.register_implementation("store", Store, clobber=True)
    system = Store(skip_instance_cache=True)
    yield system
    system.store.clear()
    system.fetched.clear()


def offers(source: Any, have: Have = NOTHING) -> list[Batch | Unchanged]:
    return list(SOURCES[source.kind](source, DATA, have))


def folder(path: str) -> Files:
    return Files(kind="files", path=path)


def having(tmp_path: Path, **contents: bytes) -> Have:
    paths = {}
    for name, content in contents.items():
        paths[f"{name}.csv"] = tmp_path / f"{name}.csv"
        paths[f"{name}.csv"].write_bytes(content)
    return Have(paths, lambda: None)


def refused(source: Any, have: Have = NOTHING) -> tuple[str, int]:
    with pytest.raises(Mistake) as mistake:
        offers(source, have)
    assert len(mistake.value.lines) == 1 and "\n" not in mistake.value.lines[0]
    return mistake.value.lines[0], mistake.value.code


def test_every_kind_of_source_has_its_function() -> None:
    kinds = {block.model_fields["kind"].annotation.__args__[0] for block in (Replay, Files, Url, Sql)}
    assert set(SOURCES) == kinds and all(SOURCES[kind].__name__ == kind for kind in kinds)


@pytest.mark.parametrize(("have", "following"), [(0, "2013-01"), (4, "2013-05"), (11, "2013-12")])
def test_replay_brings_the_next_month(have: int, following: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "month", str.encode)
    months = Have({name: Path(name) for name in flights.months()[:have]}, lambda: None)
    assert offers(Replay(kind="replay"), months) == [Batch(f"{following}.parquet", f"{following}.parquet".encode())]


def test_replay_ends_with_the_year() -> None:
    assert offers(Replay(kind="replay"), Have({name: Path(name) for name in flights.months()}, lambda: None)) == []


def test_files_of_a_folder_in_order_of_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.parquet", "README.md", ".hidden.csv"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "c.csv").mkdir()
    expected = [Batch("a.parquet", b"a.parquet"), Batch("b.csv", b"b.csv")]
    assert offers(folder(str(tmp_path))) == expected
    assert offers(folder(f"file://{tmp_path}")) == expected


def test_files_of_a_glob(tmp_path: Path) -> None:
    for name in ("a1.csv", "a2.csv", "b.csv"):
        (tmp_path / name).write_bytes(name.encode())
    assert [offer.name for offer in offers(folder(f"{tmp_path}/a*.csv"))] == ["a1.csv", "a2.csv"]


def test_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1")
    assert offers(folder(f"{tmp_path}/a.csv")) == [Batch("a.csv", b"1")]


def test_files_of_another_store() -> None:
    system = fsspec.filesystem("memory")
    system.pipe("/bucket/x/a.csv", b"1")
    system.pipe("/bucket/y/b.csv", b"2")
    assert offers(folder("memory://bucket/x")) == [Batch("a.csv", b"1")]
    assert [offer.name for offer in offers(folder("memory://bucket/*/*.csv"))] == ["a.csv", "b.csv"]


def test_a_store_that_knows_digests_is_not_asked_for_what_we_have(store: Store, tmp_path: Path) -> None:
    for name, content in (("a.csv", b"same"), ("b.csv", b"new!"), ("c.csv", b"longer"), ("d.csv", b"first")):
        store.pipe(f"/x/{name}", content)
    have = having(tmp_path, a=b"same", b=b"old!", c=b"short")
    expected = [Unchanged("a.csv"), Batch("b.csv", b"new!"), Batch("c.csv", b"longer"), Batch("d.csv", b"first")]
    assert offers(folder("store://x/*.csv"), have) == expected
    assert store.fetched == ["/x/b.csv", "/x/c.csv", "/x/d.csv"]


def test_a_file_that_grew_since_the_last_listing_is_seen(store: Store) -> None:
    store.pipe("/x/a.csv", b"1")
    assert len(offers(folder("store://x"))) == 1
    store.pipe("/x/b.csv", b"2")
    assert len(offers(folder("store://x"))) == 2


@pytest.mark.parametrize(
    ("path", "says", "code"),
    [
        ("{0}/none", "/none: is not there. Check data.source.path", OUTSIDE),
        ("{0}/none.csv", "/none.csv: is not there. Check data.source.path", OUTSIDE),
        ("{0}/*.parquet", "no .csv and no .parquet file matches. Check data.source.path", FAILED),
        ("{0}/empty", "no .csv and no .parquet file matches. Check data.source.path", FAILED),
        ("{0}/*", "'a.json' in data.source: is of no known type", FAILED),
        ("{0}/a.json", "'a.json' in data.source: is of no known type", FAILED),
        ("{0}/t*/b*", "matches two files named b.csv", FAILED),
        ("{0}/odd/*.csv", "'$(x).csv' in data.source: is no safe file name", FAILED),
        ("nothing://a/b", "can't be read (Protocol not known: nothing). Check", OUTSIDE),
        ("gs://bucket/*.csv", "needs one more package", OUTSIDE),
        ("memory://nowhere/x", "is not there", OUTSIDE),
    ],
)
def test_mistakes_are_one_line_with_the_cure(tmp_path: Path, path: str, says: str, code: int) -> None:
    for name in ("a.json", "t1/b.csv", "t2/b.csv", "odd/$(x).csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    (tmp_path / "empty").mkdir()
    line, exit_code = refused(folder(path.format(tmp_path)))
    assert says in line and exit_code == code


def test_a_password_in_a_path_is_not_shown() -> None:
    line, _ = refused(folder("nothing://me:canary@host/x"))
    assert line.startswith("nothing://***@host/x: ") and "canary" not in line


def test_an_s3_store_that_is_down_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "canarycanary")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    line, code = refused(folder("s3://bucket/x/*.csv"))
    assert "s3://bucket/x/*.csv: can't be read (Could not connect" in line and code == OUTSIDE
    assert "canary" not in line


def test_url_names_the_batch_by_the_end_of_its_path() -> None:
    with serving(Answer(b"a\n1\n")) as server:
        source = Url(kind="url", url=f"{server.url}/x/a%20b.csv?token=1#top")
        assert offers(source) == [Batch("a b.csv", b"a\n1\n")]
    assert server.asked == ["/x/a%20b.csv?token=1"]


@pytest.mark.parametrize("path", ["", "/", "/x", "/x.json", "/..%2f..%2fx.csv", "/.csv", "/%2e%2e.csv"])
def test_url_without_a_name_to_use_is_refused_before_it_is_asked(path: str) -> None:
    with serving(Answer(b"a\n1\n")) as server:
        refused(Url(kind="url", url=server.url + path))
    assert server.asked == []


@pytest.mark.parametrize("address", ["canary", "ftp://canary/a.csv", "http:///canary/a.csv", "http://[canary/a.csv"])
def test_url_that_is_none_is_not_shown(address: str) -> None:
    line, code = refused(Url(kind="url", url=address))
    assert line == "params.yaml: data.source.url: is no URL. Write https://host/path/name.csv." and code == USAGE


def test_sql_brings_what_is_newer_than_ours(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as base, base:
        base.execute("create table z (t text, x real, y integer)")
        base.execute("insert into z values ('2013-01-02 05:00:00', 1, 0)")
    source = Sql(kind="sql", url=f"sqlite:///{tmp_path}/x.db", query="select * from z where t > :since")
    assert [offer.name for offer in offers(source)] == ["2013-01-02T05-00-00.parquet"]
    assert offers(source, Have({}, lambda: datetime(2013, 1, 2, 5))) == []
