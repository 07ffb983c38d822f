import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from scripts import ingest as module
from scripts.core.errors import FAILED, OUTSIDE, USAGE, Mistake
from scripts.ingest import Arrived, Landed, ingest
from tests.edges.table_server import Answer, serving
from tests.ingesting import FEBRUARY, JANUARY, Record, params, project, state


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path)


@pytest.fixture
def add(root: Path) -> Record:
    return Record(root)


@contextmanager
def refused(root: Path, code: int, *says: str) -> Iterator[None]:
    """Expect one line for each text, that exit code, and nothing changed on disk."""
    before = state(root)
    with pytest.raises(Mistake) as mistake:
        yield
    lines = mistake.value.lines
    assert len(lines) == len(says) and all(text in line for text, line in zip(says, lines, strict=True)), lines
    assert not any("\n" in line for line in lines)
    assert mistake.value.code == code
    assert state(root) == before


def test_new_batches_are_brought_and_data_dvc_moves(root: Path, add: Record) -> None:
    arrived = ingest(root, params(), add=add)
    january, february = Landed("2013-01.csv", 2, len(JANUARY), False), Landed("2013-02.csv", 1, len(FEBRUARY), False)
    assert arrived == Arrived((january, february), unchanged=0, exhausted=False)
    assert (root / "data/2013-01.csv").read_bytes() == JANUARY
    assert (root / "data/2013-02.csv").read_bytes() == FEBRUARY
    assert add.calls == 1
    assert sorted(path.name for path in root.iterdir()) == ["data", "data.dvc", "in", "models"]


def test_the_same_batches_twice_are_no_change(root: Path, add: Record) -> None:
    ingest(root, params(), add=add)
    before = state(root)
    arrived = ingest(root, params(), add=add)
    assert arrived == Arrived((), unchanged=2, exhausted=False)
    assert str(arrived) == "Nothing new: 2 unchanged."
    assert state(root) == before and add.calls == 1


def test_only_the_new_one_is_brought(root: Path, add: Record) -> None:
    ingest(root, params(), add=add)
    (root / "in/2013-03.csv").write_bytes(FEBRUARY)
    arrived = ingest(root, params(), add=add)
    assert [landed.name for landed in arrived.batches] == ["2013-03.csv"] and arrived.unchanged == 2
    assert str(arrived) == "2013-03.csv arrived: 1 row, 1 kB"


def test_a_batch_that_changed_is_named_and_refused_with_all_that_came_with_it(root: Path, add: Record) -> None:
    ingest(root, params(), add=add)
    for name in ("2013-01", "2013-02", "2013-03"):
        (root / f"in/{name}.csv").write_bytes(JANUARY.replace(b"2013-01-01", b"2013-01-03"))
    changed = [f"data/{name}.csv: the source has other content under this name now" for name in ("2013-01", "2013-02")]
    with refused(root, FAILED, *changed):
        ingest(root, params(), add=add)
    with refused(root, FAILED, "--accept-changed", "--accept-changed"):
        ingest(root, params(), add=add)
    assert add.calls == 1


def test_a_changed_batch_is_taken_when_asked_for(root: Path, add: Record) -> None:
    ingest(root, params(), add=add)
    (root / "in/2013-02.csv").write_bytes(
        FEBRUARY.replace(b"1,0", b"2,1")
    )  # of equal size: data.dvc counts no more bytes
    arrived = ingest(root, params(), accept_changed=True, add=add)
    assert arrived.batches == (Landed("2013-02.csv", 1, len(FEBRUARY), replaced=True),) and arrived.unchanged == 1
    assert str(arrived).startswith("2013-02.csv replaced: 1 row,")
    assert (root / "data/2013-02.csv").read_bytes().endswith(b"2,1\n")
    assert add.calls == 2


def test_one_bad_batch_among_good_ones_changes_nothing_and_every_bad_one_is_named(root: Path, add: Record) -> None:
    (root / "in/2013-00.csv").write_bytes(b"t,x,y\n1,2\n")
    (root / "in/2013-03.csv").write_bytes(b"")
    (root / "in/2013-04.parquet").write_bytes(FEBRUARY)
    with refused(
        root,
        FAILED,
        "2013-00.csv: 1 of 1 rows have other fields",
        "2013-03.csv: is empty",
        "2013-04.parquet: can't be read as Parquet",
    ):
        ingest(root, params(), add=add)
    assert add.calls == 0


def test_files_that_a_person_put_into_data_are_recorded(root: Path, add: Record) -> None:
    (root / "data").mkdir()
    (root / "data/2012-12.csv").write_bytes(JANUARY)
    (root / "data/2013-01.csv").write_bytes(JANUARY)
    (root / "data/2013-02.csv").write_bytes(FEBRUARY)
    assert ingest(root, params(), add=add) == Arrived((), unchanged=2, exhausted=False)
    assert add.calls == 1


def test_batches_that_were_not_pulled_are_not_forgotten(root: Path, add: Record) -> None:
    ingest(root, params(), add=add)
    shutil.rmtree(root / "data")
    with refused(root, OUTSIDE, "data/ has 0 of the 2 files that data.dvc names. Run `dvc pull data.dvc`"):
        ingest(root, params(), add=add)


def test_a_refusal_of_dvc_is_made_good_by_the_next_run(root: Path, add: Record) -> None:
    def locked(folder: str) -> None:
        raise Mistake("locked", code=OUTSIDE)

    with pytest.raises(Mistake, match="locked"):
        ingest(root, params(), add=locked)
    assert ingest(root, params(), add=add) == Arrived((), unchanged=2, exhausted=False)
    assert add.calls == 1


def test_replay_brings_a_month_a_run_until_it_is_exhausted(
    root: Path, add: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scripts.edges.batches import flights

    monkeypatch.setattr(flights, "MONTHS", ("2013-01.csv", "2013-02.csv"))
    monkeypatch.setattr(flights, "month", lambda name: JANUARY)
    replay = params("{kind: replay}")
    for name in flights.MONTHS:
        assert [landed.name for landed in ingest(root, replay, add=add).batches] == [name]
    arrived = ingest(root, replay, add=add)
    assert arrived == Arrived((), unchanged=0, exhausted=True) and str(arrived) == "Nothing new: no further batch."
    assert add.calls == 2


def test_one_url_twice(root: Path, add: Record) -> None:
    with serving(Answer(JANUARY), Answer(JANUARY), Answer(FEBRUARY)) as server:
        source = params(f"{{kind: url, url: '{server.url}/new.csv'}}")
        assert [landed.rows for landed in ingest(root, source, add=add).batches] == [2]
        assert ingest(root, source, add=add).unchanged == 1
        with refused(root, FAILED, "data/new.csv: the source has other content"):
            ingest(root, source, add=add)


def test_sql_goes_on_after_the_newest_row_in_data(root: Path, add: Record) -> None:
    with closing(sqlite3.connect(root / "in/x.db")) as base, base:
        base.execute("create table z (t text, x real, y integer)")
        base.executemany("insert into z values (?, 1, 0)", [("2013-01-01",), ("2013-01-02",), ("2013-01-03 05:00",)])
    (root / "data").mkdir()
    (root / "data/2013-01.csv").write_bytes(JANUARY)
    source = params(f"{{kind: sql, url: 'sqlite:///{root}/in/x.db', query: 'select * from z where t > :since'}}")
    arrived = ingest(root, source, add=add)
    assert arrived.batches == (Landed("2013-01-03T05-00-00.parquet", 1, arrived.batches[0].bytes, False),)
    assert ingest(root, source, add=add) == Arrived((), unchanged=0, exhausted=True)


def test_variables_are_filled_in_and_never_shown(root: Path, add: Record) -> None:
    source = params("{kind: files, path: '${PLACE}/${FOLDER}'}")
    environment = {"PLACE": str(root), "FOLDER": "in"}
    assert len(ingest(root, source, add=add, environment=environment).batches) == 2
    with pytest.raises(Mistake) as mistake:
        ingest(root, source, add=add, environment=environment | {"FOLDER": "canary"})
    assert str(mistake.value).startswith("***/***: is not there") and "canary" not in str(mistake.value)


@pytest.mark.parametrize("environment", [{}, {"DATABASE_URL": ""}])
def test_a_variable_that_is_not_set_is_named(root: Path, add: Record, environment: dict[str, str]) -> None:
    source = params("{kind: sql, url: '${DATABASE_URL}', query: ':since'}")
    with refused(root, USAGE, "params.yaml: data.source.url: ${DATABASE_URL} is not set. Set it in the environment."):
        ingest(root, source, add=add, environment=environment)


def test_a_secret_in_a_url_is_not_shown_in_any_form(root: Path, add: Record) -> None:
    secret = "can ary/p@ss"
    with serving(Answer(status=404)) as server:
        source = params(f"{{kind: url, url: '{server.url}/${{TOKEN}}/a.csv', retries: 0}}")
        with refused(root, OUTSIDE, "/***/a.csv: HTTP 404"):
            ingest(root, source, add=add, environment={"TOKEN": secret})
        assert server.asked == ["/can%20ary/p@ss/a.csv"]
    with pytest.raises(Mistake) as mistake, module._hiding(frozenset({secret})):
        raise Mistake("can ary/p@ss can%20ary/p%40ss can%20ary%2Fp%40ss can+ary%2Fp%40ss", code=OUTSIDE)
    assert str(mistake.value) == "*** *** *** ***" and mistake.value.code == OUTSIDE


def test_paths_are_seen_from_the_root(root: Path, add: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert len(ingest(root, params(), add=add).batches) == 2


def test_of_an_address_from_the_environment_not_even_the_path_is_told() -> None:
    secret = "https://user:pw@host.example/canary/rows.csv?signature=canary"
    with pytest.raises(Mistake) as mistake, module._hiding(frozenset({secret})):
        raise Mistake("https://host.example/canary/rows.csv: HTTP 404", code=OUTSIDE)
    assert str(mistake.value) == "***: HTTP 404"
