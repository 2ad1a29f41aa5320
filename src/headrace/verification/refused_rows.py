"""Rows that the destination has refused in a sync, as they stand in its quarantine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from headrace.core.exceptions import RowError, SyncError
from headrace.destination.dataset import StoredDataset
from headrace.destination.tables import FilledTable
from headrace.dlt_source import quarantine
from headrace.dlt_source.refusals import Refusals
from headrace.sansio.rows.json_rows import decode_row


def refused_rows(stored: StoredDataset, tables: Sequence[FilledTable]) -> Refusals:
    """Reads which rows the destination has refused, and has not taken since.

    Args:
        stored: The dataset of the tables and of the quarantine.
        tables: The tables, and the resources that fill them.

    Returns:
        The rows, to be set aside by a listing. Rows of which that cannot be known are left out.
    """
    found = Refusals()
    for table in tables:
        for resource in table.resources:
            # Where the quarantine or the key cannot be read, the row is compared as all others.
            with suppress(SyncError):
                for raw_row, reason in _still_refused(stored, table, resource):
                    found.add(resource, msgspec.Raw(raw_row.encode()), reason)
    return found


def _still_refused(
    stored: StoredDataset, table: FilledTable, resource: str
) -> Iterator[tuple[str, str]]:
    """The text of each refused row that did not come into its table later, with the reason."""
    named = stored.schema.naming.normalize_identifier
    place = stored.schema.naming.normalize_tables_path(quarantine.TABLE)
    raw_row, reason, load_id, of_resource = (
        stored.escape(named(name)) for name in ("raw_row", "reason", "_dlt_load_id", "resource")
    )
    refused = stored.fetch(
        place,
        f"{raw_row}, {reason}, {load_id}",
        f"WHERE {of_resource} = %s AND {reason} LIKE %s",
        [resource, f"{quarantine.REFUSED}%"],
    )
    for text, why, load in refused:
        if not _came_later(stored, table, _key(text, table, named), str(load)):
            yield text, why


def _key(raw_row: str, table: FilledTable, named: Callable[[str], str]) -> Sequence[Any] | None:
    """The values of the key, where each column of it is a field of the row itself."""
    try:
        row: Mapping[str, Any] = decode_row(msgspec.Raw(raw_row.encode()))
    except RowError:
        return None
    values = {named(name): value for name, value in row.items()}
    key = [values.get(column) for column in table.key]
    return key if all(isinstance(each, str | int | float) for each in key) else None


def _came_later(
    stored: StoredDataset, table: FilledTable, key: Sequence[Any] | None, load_id: str
) -> bool:
    """Whether a later load has brought a row of that key; also where that cannot be known."""
    if key is None:
        return True
    newest = stored.escape(stored.schema.naming.normalize_identifier("_dlt_load_id"))
    is_it = " AND ".join(f"{stored.escape(column)} = %s" for column in table.key)
    # The ids of loads are in the order of time, as texts too.
    found = stored.fetch(table.name, f"max({newest})", f"WHERE {is_it}", key)
    return bool(found) and found[0][0] is not None and str(found[0][0]) > load_id
