"""The temporary DuckDB database that tables are compared in; it spills to disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa

_BATCH_ROWS = 50_000
# Below this, each whole number has a float of its own.
_EXACT = 2**53
_MEMORY = "512MB"


def open_scratch_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """Opens an empty database that takes at most 512 MB of memory.

    Args:
        folder: The folder for its file, and for what it spills to disk.
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
    exists = False
    for batch in batches:
        connection.register("batch", _with_canonical(batch, json))
        how = f"INSERT INTO {table} BY NAME" if exists else f"CREATE TABLE {table} AS"
        connection.execute(f"{how} SELECT * FROM batch")
        connection.unregister("batch")
        exists = True
    return exists


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
