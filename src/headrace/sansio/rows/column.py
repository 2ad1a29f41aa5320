"""A column of the table that rows are typed for."""

from __future__ import annotations

from headrace.core.arrow import pa
from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table that rows are loaded into.

    Args:
        name: The name that the table has for it.
        type: The Arrow type of its values; None for a type that only the side road can fill.
        nullable: Whether a row may have no value in it.
    """

    name: str
    type: pa.DataType | None
    nullable: bool = True
