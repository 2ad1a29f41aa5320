"""The items that a resource yields to dlt, beside Arrow tables and plain lists of rows.

What a resource yields goes to the load, and through dlt's pipe to each resource that depends on it.
The classes here say of an item that it is meant for one of the two alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from headrace.reading.children import ParentRow


class ParentRows(list[Any]):
    """Rows of a parent for the resources that depend on it, and for nobody else.

    To dlt it is an empty list, of which nothing is loaded.

    Args:
        raw: The JSON of each row.
    """

    def __init__(self, raw: Sequence[msgspec.Raw]) -> None:
        super().__init__()
        self.raw = raw


class LoadedRows(list[Any]):
    """Rows for the load alone; dependent resources get them as `ParentRows`, or not at all."""


class RowBeside(dict[str, Any]):
    """A row for another table than that of the resource which yields it."""


def rows_of(parent: Any) -> list[ParentRow]:
    """Decodes the rows in an item that a parent yields.

    Args:
        parent: One or more rows in any form that a dlt resource may yield.

    Returns:
        The rows as dicts, without those that are no JSON objects.
    """
    if isinstance(parent, ParentRows):
        decoded = (msgspec.json.decode(row) for row in parent.raw)
        return [row for row in decoded if isinstance(row, dict)]
    if isinstance(parent, pa.Table | pa.RecordBatch):
        return list(parent.to_pylist())
    if hasattr(parent, "to_dict") and hasattr(parent, "columns"):  # pandas.DataFrame
        return list(parent.to_dict("records"))
    rows: Iterable[Any] = [parent] if isinstance(parent, Mapping) else parent
    return [dict(row) for row in rows if isinstance(row, Mapping)]
