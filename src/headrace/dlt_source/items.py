"""The items that a resource yields to dlt, beside Arrow tables and plain lists of rows.

What a resource yields goes to the load, and through dlt's pipe to each resource that depends on it.
The classes here say of an item that it is meant for one of the two alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, wraps
from typing import Any
from weakref import WeakSet

import msgspec

from headrace.core.arrow import pa
from headrace.reading.asked_rows import ParentRow
from headrace.reading.listing_ends import ListingEnd
from headrace.sansio.rows.json_rows import readable_rows

_SPARING: WeakSet[Any] = WeakSet()


class ParentRows(list[Any]):
    """Rows of a parent for the resources that depend on it, and for nobody else.

    To dlt it is an empty list, of which nothing is loaded.

    Args:
        raw: The JSON of each row.
    """

    def __init__(self, raw: Sequence[msgspec.Raw]) -> None:
        super().__init__()
        self._raw = raw

    @property
    def have_all(self) -> bool:
        """Whether each row is an object that can be read."""
        return len(self.decoded) == len(self._raw)

    @cached_property
    def decoded(self) -> list[ParentRow]:
        """The rows that are objects and can be read: the others have no fields to ask with."""
        return list(readable_rows(self._raw))


class EndOfRows(ParentRows):
    """Follows the last rows of a parent of ours in a load.

    Args:
        is_whole: Whether those were all rows that the parent has, and not only what is new.
        end: How its listings have ended; None where nobody wants to know.
    """

    def __init__(self, *, is_whole: bool, end: ListingEnd | None = None) -> None:
        super().__init__(())
        self.is_whole = is_whole
        self.end = end


class LoadedRows(list[Any]):
    """Rows for the load alone; dependent resources get them as `ParentRows`, or not at all."""


class RowBeside(dict[str, Any]):
    """A row for another table than that of the resource which yields it."""


def sparing_others(function: Callable[..., Any], otherwise: Callable[[Any], Any]) -> Any:
    """Makes a function of the user's leave out the rows that a resource yields for other tables.

    Args:
        function: The function, which gets a row, and the item's metadata where it wants them.
        otherwise: What is done with the other rows.
    """

    # dlt reads the function's signature to see whether it wants the item's metadata too; `wraps`
    # shows it that of the user's function.
    @wraps(function)
    def step(row: Any, *meta: Any) -> Any:
        return otherwise(row) if isinstance(row, RowBeside) else function(row, *meta)

    _SPARING.add(step)
    return step


def spares_others(function: object) -> bool:
    """Whether a function is one that leaves out the rows for other tables.

    Args:
        function: The function of a step in a pipe.
    """
    return function in _SPARING


def rows_of(parent: Any) -> list[ParentRow]:
    """Decodes the rows in an item that a parent yields.

    Args:
        parent: One or more rows in any form that a dlt resource may yield.

    Returns:
        The rows as dicts, without those that are no JSON objects or cannot be read.
    """
    if isinstance(parent, ParentRows):
        return list(parent.decoded)
    if isinstance(parent, pa.Table | pa.RecordBatch):
        return list(parent.to_pylist())
    if hasattr(parent, "to_dict") and hasattr(parent, "columns"):  # pandas.DataFrame
        return list(parent.to_dict("records"))
    rows: Iterable[Any] = [parent] if isinstance(parent, Mapping) else parent
    return [
        dict(row) for row in rows if isinstance(row, Mapping) and not isinstance(row, RowBeside)
    ]
