"""Whether a table has a place for all of a row: for its values, and for the columns they need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol


class ColumnRoom(Protocol):
    """Whether a table has a place for all of a row."""

    def begin_batch(self) -> None:
        """Notes that the rows to come are of a new batch."""
        ...

    def has_room(self, count: int) -> bool:
        """Whether the table can have so many columns more.

        Args:
            count: The number of columns.
        """
        ...

    def refusal(self, row: Mapping[str, Any], names: Collection[str]) -> str | None:
        """Says why a row cannot be loaded as a whole; None where it can.

        What rows bring that are not refused is there for those after them.

        Args:
            row: The row, decoded.
            names: The names of the columns that it fills.
        """
        ...

    def refusals(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """Says anew of rows that were looked at in another order why each cannot be loaded.

        Args:
            rows: The rows of the batch that were not refused, in the order of their places.
        """
        ...


class AnyColumns:
    """Room for any row."""

    def begin_batch(self) -> None:
        """Nothing need be noted."""

    def has_room(self, count: int) -> bool:
        """There is always room."""
        return True

    def refusal(self, row: Mapping[str, Any], names: Collection[str]) -> str | None:
        """No row is refused."""
        return None

    def refusals(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """No row is refused."""
        return [None] * len(rows)
