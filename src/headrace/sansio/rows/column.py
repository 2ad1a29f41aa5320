"""A column as the main road sees it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table that rows are loaded into.

    Args:
        name: as the table has it.
        type: how its values leave the main road; None for a type that only the side road knows.
        nullable: whether a row may be without a value.
    """

    name: str
    type: pa.DataType | None
    nullable: bool = True
