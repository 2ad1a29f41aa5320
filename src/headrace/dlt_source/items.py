"""What goes from a resource to those that depend on it, through dlt's pipe between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


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
