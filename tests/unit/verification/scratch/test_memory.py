"""The limit of the scratch database's memory: little, and more where rows are long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pytest

from headrace.core.exchange import ShownRequest
from headrace.reading.fetched_page import FetchedPage
from headrace.verification.scratch.database import open_scratch_database, store
from headrace.verification.scratch.memory import ScratchMemory

LITTLE, MUCH = "137.3 MiB", "488.2 MiB"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(open_scratch_database(tmp_path)) as opened:
        yield opened


def page(rows: int, size: int) -> FetchedPage:
    return FetchedPage([msgspec.Raw(b"{}")] * rows, size, ShownRequest.of("GET", "http://api"))


def limit(connection: duckdb.DuckDBPyConnection) -> str:
    ((text,),) = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    return str(text)


def megabytes(connection: duckdb.DuckDBPyConnection) -> float:
    number, unit = limit(connection).split()
    return float(number) * {"MiB": 1.048576, "GiB": 1073.741824}[unit]


@pytest.mark.parametrize(("columns", "told"), [(12, LITTLE), (200, MUCH)])
def test_each_column_takes_some(
    connection: duckdb.DuckDBPyConnection, columns: int, told: str
) -> None:
    ScratchMemory(connection, columns)
    assert limit(connection) == told


def test_rows_that_nobody_has_seen_may_be_long(connection: duckdb.DuckDBPyConnection) -> None:
    memory = ScratchMemory(connection, 12)
    memory.expect(["items", "made in Python"])
    assert limit(connection) == MUCH
    memory.see("items", [page(250, 0)])
    assert limit(connection) == MUCH
    memory.see("made in Python", [page(250, 0)])
    assert limit(connection) == LITTLE


def test_long_rows_get_more_and_keep_it(connection: duckdb.DuckDBPyConnection) -> None:
    memory = ScratchMemory(connection, 12)
    memory.see("items", [page(250, 75_000), page(0, 100_000)])
    assert 144 < megabytes(connection) < 150
    assert not memory.has_long_rows
    memory.see("items", [page(10, 75_000), page(250, 75_000)])
    assert memory.has_long_rows
    before = megabytes(connection)
    memory.see("items", [page(250, 75_000)])
    assert megabytes(connection) == before > 200


def test_no_more_than_the_machine_has(connection: duckdb.DuckDBPyConnection) -> None:
    before = megabytes(connection)
    memory = ScratchMemory(connection, 12)
    memory.see("items", [page(1, 10**9)])
    assert megabytes(connection) == pytest.approx(before, rel=0.01)


def test_long_texts_that_come_late_get_it_while_they_are_stored(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    memory = ScratchMemory(connection, 12)
    texts = pa.table({"id": range(4_000), "text": ["a long text " * 5_000] * 4_000})
    short = pa.table({"id": range(4_000), "text": ["a text"] * 4_000})

    assert store(connection, "items", memory.seen(iter([short, texts, short])))
    assert megabytes(connection) > 800
    found = connection.execute("SELECT count(*), sum(strlen(text)) FROM items").fetchall()
    assert found == [(12_000, 4_000 * 60_000 + 8_000 * 6)]


def test_a_copy_takes_less_for_as_long_as_it_lasts(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    memory = ScratchMemory(connection, 12)
    batches = memory.seen(iter([pa.table({"id": [1]})] * 2))
    next(batches)
    assert megabytes(connection) < 100
    assert len(list(batches)) == 1
    assert 144 <= megabytes(connection) < 150


def test_what_needs_more_is_done_with_all_there_is(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    before = megabytes(connection)
    memory = ScratchMemory(connection, 12)
    # It goes to no disk.
    one_text = "SELECT strlen(string_agg(repeat('x', 1_000), '')) FROM range(250_000)"

    def asked() -> list[tuple[int]]:
        return connection.execute(one_text).fetchall()

    with pytest.raises(duckdb.OutOfMemoryException):
        asked()
    assert memory.with_enough(asked) == [(250_000_000,)]
    assert megabytes(connection) == pytest.approx(before, rel=0.01)


def test_what_was_kept_is_let_go_of(connection: duckdb.DuckDBPyConnection) -> None:
    memory = ScratchMemory(connection, 12)
    connection.execute("CREATE TABLE items AS SELECT random() AS a FROM range(2_000_000)")
    connection.execute("CHECKPOINT")
    connection.execute("SELECT sum(a) FROM items").fetchall()
    used = "SELECT sum(memory_usage_bytes) FROM duckdb_memory()"
    ((before,),) = connection.execute(used).fetchall()
    memory.let_go()
    ((after,),) = connection.execute(used).fetchall()
    assert after < before / 4
    assert limit(connection) == LITTLE
