"""The temporary DuckDB database that tables are compared in; it spills to disk."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa

_BATCH_ROWS = 50_000
# Below this, each whole number has a float of its own.
_EXACT = 2**53
# A part of the memory is each thread's.
_THREADS = 2


def open_scratch_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """Opens an empty database. How much memory it takes is for `ScratchMemory` to say.

    Args:
        folder: The folder for its file, and for what it spills to disk.
    """
    connection = duckdb.connect(str(folder / "scratch.duckdb"))
    connection.execute(f"SET threads = {min(_THREADS, os.cpu_count() or 1)}")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def store(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    batches: Iterable[pa.Table],
    json: Collection[str] = (),
) -> bool:
    """Makes a table and copies rows into it.

    Args:
        connection: The connection to the database.
        table: The qualified name of the new table.
        batches: The rows. All batches have the same columns.
        json: The names of the columns with JSON. It is written in a canonical form, so that equal
            values have equal texts.

    Returns:
        Whether the table was made: there is none when there are no batches.
    """
    rows = _Rows(batches, json)
    first = rows.next_batches()
    if first is None:
        return False
    # In one statement: a batch that is inserted by itself waits for the disk, and all of them in
    # one transaction stay in memory until its end.
    reader = pa.RecordBatchReader.from_batches(first.schema, rows.from_first(first))
    connection.register("batches", reader)
    try:
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM batches")
    except duckdb.Error:
        if rows.failure is not None:
            raise rows.failure from None
        raise
    finally:
        connection.unregister("batches")
    return True


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[pa.Table]:
    """Reads the rows of a table, batch by batch.

    Args:
        connection: The connection to the database. It may be used for something else meanwhile.
        table: The qualified name of the table.

    Yields:
        Batches of at most 50,000 rows.
    """
    with closing(connection.cursor()) as cursor:
        for batch in cursor.sql(f"FROM {table}").to_arrow_reader(_BATCH_ROWS):
            yield pa.Table.from_batches([batch])


def quoted(name: str) -> str:
    """Quotes the name of a table or column for SQL.

    Args:
        name: The name.
    """
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def text_literal(text: str) -> str:
    """Quotes a text as a literal for SQL.

    Args:
        text: The text.
    """
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


class _Rows:
    """The batches that DuckDB reads, with what failed meanwhile: it would tell it as its own."""

    def __init__(self, batches: Iterable[pa.Table], json: Collection[str]) -> None:
        self._batches = iter(batches)
        self._json = json
        self.failure: Exception | None = None

    def next_batches(self) -> pa.Table | None:
        """The next rows; None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else _with_canonical(batch, self._json)

    def from_first(self, first: pa.Table) -> Iterator[pa.RecordBatch]:
        """These rows, and all that come behind them."""
        batch: pa.Table | None = first
        try:
            while batch is not None:
                yield from batch.select(first.column_names).cast(first.schema).to_batches()
                batch = self.next_batches()
        except Exception as error:
            self.failure = error
            raise


def _with_canonical(batch: pa.Table, json: Collection[str]) -> pa.Table:
    for place, name in enumerate(batch.column_names):
        if name in json:
            texts = [_canonical(text) for text in batch.column(name).to_pylist()]
            batch = batch.set_column(place, name, pa.array(texts, pa.string()))
    return batch


def _canonical(text: str | None) -> str | None:
    """JSON in a form that equal values share: keys sorted, numbers alike; other text as it is."""
    if text is None:
        return None
    try:
        return msgspec.json.encode(_DECODER.decode(text), order="sorted").decode()
    except (msgspec.MsgspecError, RecursionError):
        return text


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


_DECODER = msgspec.json.Decoder(float_hook=_number)
