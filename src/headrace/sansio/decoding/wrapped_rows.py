"""Rows that stand alone in objects of their own, as the `node` of each edge of a GraphQL list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from headrace.core.exceptions import PageError
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.decoding.shaped_rows import ShapedRowsSlicer
from headrace.sansio.decoding.slicer import Slicer
from headrace.sansio.rows import RejectedRow, SlicedPage


@dataclass(frozen=True, slots=True)
class WrappedRows:
    """Where the rows are.

    Args:
        key: The key of each object that holds its row.
    """

    key: str


class WrappedRowsSlicer(ShapedRowsSlicer):
    """Takes rows out of what is around them.

    Args:
        slicer: Cuts the pages into the objects around the rows.
        shape: Where the rows are.
    """

    def __init__(self, slicer: Slicer, shape: WrappedRows) -> None:
        super().__init__(slicer)
        self._key = shape.key
        wrapper = msgspec.defstruct(
            "Wrapper", [("row", Raw | UnsetType, UNSET)], rename={"row": shape.key}
        )
        self._row_of: Callable[[Raw], Any] = msgspec.json.Decoder(wrapper).decode

    def _shaped(self, page: SlicedPage) -> SlicedPage:
        rows: list[Raw] = []
        misfits: list[RejectedRow] = []
        for found in page.rows:
            try:
                row = self._row_of(found).row
            except (msgspec.MsgspecError, RecursionError):
                row = UNSET
            if row is UNSET:
                misfits.append(RejectedRow(found, f"it is no object with a `{self._key}`"))
            else:
                rows.append(row)
        if misfits and not rows:
            raise PageError(f"nothing of the page's rows holds a `{self._key}`, as the query asks")
        return replace(page, rows=rows, unreadable=[*page.unreadable, *misfits])
