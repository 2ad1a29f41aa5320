"""How many columns a table can have, for destinations that limit them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol


class ColumnRoom(Protocol):
    """How many columns a table can have."""

    def has_room(self, count: int) -> bool:
        """Whether the table can have so many columns more.

        Args:
            count: The number of columns.
        """
        ...

    def refusal(self, row: Mapping[str, Any], names: Collection[str]) -> str | None:
        """Says why a row cannot be loaded for its columns; None where they are taken in.

        Args:
            row: The row, decoded.
            names: The names of the columns that it fills.
        """
        ...


class AnyColumns:
    """Room for any number of columns."""

    def has_room(self, count: int) -> bool:
        """There is always room."""
        return True

    def refusal(self, row: Mapping[str, Any], names: Collection[str]) -> str | None:
        """No row is refused."""
        return None
