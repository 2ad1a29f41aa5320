"""Rows that stand alone in objects of their own, as the `node` of each edge of a GraphQL list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from headrace.core.exceptions import PageError
from headrace.sansio.decoding.slicer import Slicer
from headrace.sansio.rows import RejectedRow, SlicedPage


@dataclass(frozen=True, slots=True)
class WrappedRows:
    """Where the rows are.

    Args:
        key: The key of each object that holds its row.
    """

    key: str


class WrappedRowsSlicer:
    """Takes rows out of what is around them.

    Args:
        slicer: Cuts the pages into the objects around the rows.
        shape: Where the rows are.
    """

    def __init__(self, slicer: Slicer, shape: WrappedRows) -> None:
        self._slicer = slicer
        self._key = shape.key
        wrapper = msgspec.defstruct(
            "Wrapper", [("row", Raw | UnsetType, UNSET)], rename={"row": shape.key}
        )
        self._row_of: Callable[[Raw], Any] = msgspec.json.Decoder(wrapper).decode

    @property
    def rows_at(self) -> tuple[str, ...]:
        """The keys that lead to the rows, from the outermost on, as far as they are known."""
        return self._slicer.rows_at

    @property
    def guess(self) -> str | None:
        """What the answers are written in, as a sentence; None where that was not guessed."""
        return self._slicer.guess

    def slice(self, body: bytes, content_type: str = "application/json") -> SlicedPage:
        """Cuts one page.

        Args:
            body: The body of the answer, decompressed.
            content_type: The value of its `Content-Type` header.

        Raises:
            IncompletePage: As from the slicer below.
            PageError: As from the slicer below; or nothing holds a row.
        """
        page = self._slicer.slice(body, content_type)
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
