"""The scratch database: what it may take, and rows that stream into it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from headrace.core.exceptions import SyncError
from headrace.verification.scratch.database import open_scratch_database, rows_of, store

ROWS = 20_000
BATCHES = 40


def batch_of(number: int) -> pa.Table:
    first = number * ROWS
    return pa.table({"id": range(first, first + ROWS), "name": ["a name"] * ROWS})


def test_batches_are_let_go_of_as_they_are_written(tmp_path: Path) -> None:
    alive: list[weakref.ref[pa.Table]] = []
    most = 0

    def batches() -> Iterator[pa.Table]:
        nonlocal most
        for number in range(BATCHES):
            batch = batch_of(number)
            alive.append(weakref.ref(batch))
            gc.collect()
            most = max(most, sum(each() is not None for each in alive))
            yield batch

    with closing(open_scratch_database(tmp_path)) as connection:
        assert store(connection, "items", batches())
        (found,) = connection.execute("SELECT count(*), count(DISTINCT id) FROM items").fetchall()
        assert found == (BATCHES * ROWS, BATCHES * ROWS)
        # The last ones that DuckDB has asked for, and the first, whose columns count.
        assert most <= 5
        order = [batch.column("id")[0].as_py() for batch in rows_of(connection, "items")]
        assert order == sorted(order)


def test_columns_in_another_order_find_their_places(tmp_path: Path) -> None:
    batches = [pa.table({"id": [1], "v": ["a"]}), pa.table({"v": ["b"], "id": [2]})]
    with closing(open_scratch_database(tmp_path)) as connection:
        store(connection, "items", batches)
        assert connection.execute("FROM items").fetchall() == [(1, "a"), (2, "b")]


def test_without_batches_there_is_no_table(tmp_path: Path) -> None:
    with closing(open_scratch_database(tmp_path)) as connection:
        assert not store(connection, "items", [])
        assert connection.execute("SELECT 1 FROM duckdb_tables()").fetchall() == []


@pytest.mark.parametrize("good", [0, 1, 3])
def test_what_fails_while_rows_are_read_is_told_as_it_is(tmp_path: Path, good: int) -> None:
    def batches() -> Iterator[pa.Table]:
        yield from map(batch_of, range(good))
        raise SyncError("the table cannot be read")

    with closing(open_scratch_database(tmp_path)) as connection:
        with pytest.raises(SyncError, match=r"^the table cannot be read$"):
            store(connection, "items", batches())
        assert connection.execute("SELECT 1 FROM duckdb_tables()").fetchall() == []
        assert store(connection, "items", [batch_of(0)])
