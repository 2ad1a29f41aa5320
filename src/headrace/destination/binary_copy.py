"""Whether the bytes of a Parquet file are what a table of PostgreSQL takes them for.

ADBC sends each value in the binary form of its Arrow type, and PostgreSQL reads it as one of its
column's type. Where the two differ it takes the bits of a double for an integer without a word, or
refuses the whole file: `jsonb` begins with a byte for its version, `integer` has four bytes
(adbc-driver-postgresql 1.13, PostgreSQL 18).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from weakref import WeakKeyDictionary

import dlt
from dlt.common.exceptions import DltException
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema

from headrace.destination.dlt_clients import new_job_client, takes_statements

_COLUMNS_SQL = (
    "SELECT table_name, column_name, data_type FROM information_schema.columns "
    "WHERE table_schema = %s"
)
_TEXTS = frozenset(["character varying", "text"])
# By dlt's types, the types of PostgreSQL whose binary form is that of the Arrow type.
_TAKEN = {
    "text": _TEXTS,
    "json": _TEXTS | {"json"},
    "double": frozenset(["double precision"]),
    "bool": frozenset(["boolean"]),
    "timestamp": frozenset(["timestamp with time zone", "timestamp without time zone"]),
    "date": frozenset(["date"]),
    "time": frozenset(["time without time zone"]),
    "decimal": frozenset(["numeric"]),
    "binary": frozenset(["bytea"]),
}
# The integers by their bits.
_INTEGERS = {16: "smallint", 32: "integer", 64: "bigint"}

StoredTypes = Mapping[str, Mapping[str, str]]
"""The type of each column as PostgreSQL calls it, by the names of the table and the column."""

_of_last_load: WeakKeyDictionary[dlt.Pipeline, tuple[str, StoredTypes]] = WeakKeyDictionary()


def is_copied_exactly(
    pipeline: dlt.Pipeline, schema: Schema, table: str, load_id: str, dropped: Collection[str] = ()
) -> bool:
    """Whether each column of a table, and of the tables below it, takes what ADBC writes.

    Args:
        pipeline: The pipeline; its destination is PostgreSQL.
        schema: The schema of the table.
        table: The name of the table, which need not be there yet.
        load_id: The load that asks. The database is asked once for each.
        dropped: The names of tables that this load drops before it loads.

    Returns:
        True also where the tables are yet to be made; False where the database cannot be asked.
    """
    known = _of_last_load.get(pipeline)
    if known is None or known[0] != load_id:
        try:
            known = load_id, _stored_types(pipeline, schema)
        except DltException:
            return False
        _of_last_load[pipeline] = known
    below = f"{table}{schema.naming.PATH_SEPARATOR}"
    return all(
        _takes(kind, schema.tables.get(name, {}).get("columns", {}).get(column))
        for name, columns in known[1].items()
        if name not in dropped and (name == table or name.startswith(below))
        for column, kind in columns.items()
    )


def is_beyond_arrow(column: TColumnSchema) -> bool:
    """Whether a column of PostgreSQL takes values that its Arrow type does not.

    A `wei` has 156 digits, 78 of a fraction; and a binary with a precision takes any number of
    bytes, where Arrow's has just that many.

    Args:
        column: dlt's hints of the column.
    """
    data_type = column.get("data_type")
    return data_type == "wei" or (data_type == "binary" and column.get("precision") is not None)


def _stored_types(pipeline: dlt.Pipeline, schema: Schema) -> StoredTypes:
    client = new_job_client(pipeline, schema)
    types: dict[str, dict[str, str]] = defaultdict(dict)
    if not takes_statements(client):
        return types
    with client.sql_client as sql:
        dataset = sql.fully_qualified_dataset_name(quote=False).rpartition(".")[2]
        for table, column, kind in sql.execute_sql(_COLUMNS_SQL, dataset) or ():
            types[table][column] = kind
    return types


def _takes(kind: str, hint: TColumnSchema | None) -> bool:
    data_type = (hint or {}).get("data_type")
    if hint is None or data_type is None or is_beyond_arrow(hint):
        # What a row will bring for a column that dlt does not know, nobody can tell.
        return False
    if data_type == "bigint":
        bits = hint.get("precision") or 64
        return kind == next((name for most, name in _INTEGERS.items() if bits <= most), None)
    return kind in _TAKEN.get(data_type, ())
