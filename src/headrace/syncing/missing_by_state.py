"""Which rows are missing by what the loads of a resource have kept in its state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dlt.common.schema import Schema
from dlt.destinations.sql_client import SqlClientBase

from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dlt_schema import columns_with
from headrace.destination.missing_rows import MergedTable, NotBroughtSince, WithKeys
from headrace.dlt_source import gone_rows
from headrace.dlt_source.missing_rows_state import (
    AllRowsClaim,
    loads_of_gone_rows,
    loads_of_listed_parents,
    loads_since,
)

# Databases take only so many parameters in one statement.
_KEYS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Missing:
    """Rows that are missing.

    Args:
        what: Which rows those are.
        rows: How many.
        of_rows: How many rows the table has.
    """

    what: tuple[NotBroughtSince | WithKeys, ...] = ()
    rows: int = 0
    of_rows: int = 0

    @classmethod
    def counted(cls, merged: MergedTable, *what: NotBroughtSince | WithKeys) -> Missing:
        """Counts rows that are missing from a table.

        Args:
            merged: The table.
            what: Which rows those are.

        Raises:
            DltException: The database refuses that.
        """
        # No two loads find the same key, and databases take only so many parameters.
        keys = [each for each in what if isinstance(each, WithKeys)]
        rows = sum(map(merged.count_missing, keys))
        # But several loads may miss the same row of a parent's.
        if others := [each for each in what if isinstance(each, NotBroughtSince)]:
            rows += merged.count_missing(*others)
        return cls(what, rows, merged.count() if rows else 0)


def missing_by_claim(claim: AllRowsClaim) -> NotBroughtSince:
    """The rows that are missing if one load had all.

    Args:
        claim: What it says.
    """
    return NotBroughtSince((claim.load_id,), claim.until)


def missing_by_both(claim: AllRowsClaim) -> NotBroughtSince:
    """The rows that are missing by a load and by the one that it confirms.

    Args:
        claim: What it says.
    """
    return NotBroughtSince(loads_of(claim), claim.confirms_until)


def missing_by_findings(
    client: SqlClientBase[Any],
    schema: Schema,
    table: str,
    resource: str,
    resource_state: Mapping[str, Any],
) -> Iterator[NotBroughtSince | WithKeys]:
    """The rows that loads have found to be gone for certain.

    Args:
        client: dlt's client of the database, connected.
        schema: The schema that has the table.
        table: The name of the table.
        resource: The name of the resource.
        resource_state: Its state.

    Raises:
        DltException: The database refuses to tell.
    """
    yield from _of_gone(client, schema, table, resource, resource_state)
    yield from _of_parents(resource_state)


def loads_of(claim: AllRowsClaim) -> tuple[str, ...]:
    """The ids of the loads that a claim rests on, in their order.

    Args:
        claim: The claim.
    """
    return (claim.load_id,) if claim.confirms is None else (claim.confirms, claim.load_id)


def loads_since_found(resource_state: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the loads of a resource from the first one on that has found something.

    Args:
        resource_state: The state of the resource.
    """
    found = [*loads_of_gone_rows(resource_state), *loads_of_listed_parents(resource_state)]
    return max((loads_since(resource_state, each) for each in found), key=len, default=())


def _of_parents(state: Mapping[str, Any]) -> Iterator[NotBroughtSince]:
    """What has gone from listings that came whole, by the load that has brought them."""
    for load_id in loads_of_listed_parents(state):
        # What a later one has listed has come again.
        yield NotBroughtSince(loads_since(state, load_id), within=load_id)


def _of_gone(
    client: SqlClientBase[Any],
    schema: Schema,
    table: str,
    resource: str,
    state: Mapping[str, Any],
) -> Iterator[WithKeys]:
    """The rows that are gone by their own path, by the load that has found it."""
    named = schema.naming.normalize_identifier
    beside = schema.naming.normalize_tables_path(gone_rows.TABLE)
    loads = loads_of_gone_rows(state)
    if beside not in schema.tables or not loads:
        return
    load_id, key, of_resource = (
        client.escape_column_name(named(each)) for each in ("_dlt_load_id", "key", "resource")
    )
    stored = schema.tables[table]
    (column,) = columns_with(stored, "primary_key")
    is_number = stored["columns"][column].get("data_type") == "bigint"
    for load in loads:
        found = client.execute_sql(
            f"SELECT {key} FROM {client.make_qualified_table_name(beside)} "
            f"WHERE {of_resource} = %s AND {load_id} = %s",
            resource,
            load,
        )
        # The table beside has each key as text.
        keys = [int(text) if is_number else text for (text,) in found or ()]
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            yield WithKeys(tuple(keys[start : start + _KEYS_AT_ONCE]), loads_since(state, load))
