"""A database in a temporary folder to compare tables in, which spills to disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa

_BATCH_ROWS = 50_000
# Up to here each whole number is a float of its own.
_EXACT = 2**53
_MEMORY = "512MB"


def open_scratch_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """Opens an empty database that compares in bounded memory.

    Args:
        folder: for its file and for what it spills.
    """
    connection = duckdb.connect(str(folder / "scratch.duckdb"))
    connection.execute(f"SET memory_limit = '{_MEMORY}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def store(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    batches: Iterable[pa.Table],
    json: Collection[str] = (),
) -> bool:
    """Copies rows into a table that it makes.

    Args:
        connection: to the database.
        table: its qualified name.
        batches: of the same columns each.
        json: columns of JSON, to be written in the one form that all equal values share.

    Returns:
        Whether there were any; the table is not made else.
    """
    exists = False
    for batch in batches:
        connection.register("batch", _with_canonical(batch, json))
        how = f"INSERT INTO {table} BY NAME" if exists else f"CREATE TABLE {table} AS"
        connection.execute(f"{how} SELECT * FROM batch")
        connection.unregister("batch")
        exists = True
    return exists


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[pa.Table]:
    """The rows of a table, batch by batch.

    Args:
        connection: that may be used for something else meanwhile.
        table: its qualified name.
    """
    with closing(connection.cursor()) as cursor:
        for batch in cursor.sql(f"FROM {table}").to_arrow_reader(_BATCH_ROWS):
            yield pa.Table.from_batches([batch])


def quoted(name: str) -> str:
    """A name as it stands in SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def text_literal(text: str) -> str:
    """A text as it stands in SQL."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _with_canonical(batch: pa.Table, json: Collection[str]) -> pa.Table:
    for place, name in enumerate(batch.column_names):
        if name in json:
            texts = [_canonical(text) for text in batch.column(name).to_pylist()]
            batch = batch.set_column(place, name, pa.array(texts, pa.string()))
    return batch


def _canonical(text: str | None) -> str | None:
    """JSON in the one form that all equal values share; text that is no JSON as it is."""
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
