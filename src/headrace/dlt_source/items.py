"""What goes from a resource to those that depend on it, through dlt's pipe between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from headrace.reading.children import ParentRow


class ParentRows(list[Any]):
    """No rows for dlt, but a parent's for the resources that depend on it.

    Args:
        raw: their JSON.
    """

    def __init__(self, raw: Sequence[msgspec.Raw]) -> None:
        super().__init__()
        self.raw = raw


class LoadedRows(list[Any]):
    """Rows for dlt alone: no rows of the parent, or none that were not passed on already."""


class RowBeside(dict[str, Any]):
    """A row of another table than that of the resource which yields it."""


def rows_of(parent: Any) -> list[ParentRow]:
    """The rows in what a parent yields.

    Args:
        parent: rows in any form that a dlt resource may yield.
    """
    if isinstance(parent, ParentRows):
        decoded = (msgspec.json.decode(row) for row in parent.raw)
        return [row for row in decoded if isinstance(row, dict)]
    if isinstance(parent, pa.Table | pa.RecordBatch):
        return list(parent.to_pylist())
    if hasattr(parent, "to_dict") and hasattr(parent, "columns"):  # a frame of pandas
        return list(parent.to_dict("records"))
    rows: Iterable[Any] = [parent] if isinstance(parent, Mapping) else parent
    return [dict(row) for row in rows if isinstance(row, Mapping)]
