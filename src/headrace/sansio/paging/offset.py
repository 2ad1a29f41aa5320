"""Pages that are asked for by the number of rows to skip.

Meaning as dlt's `OffsetPaginator`.
"""

from __future__ import annotations

from typing import Any

from headrace.core.exchange import Request
from headrace.sansio.paging.numbered import NumberedPaginator, Numbering
from headrace.sansio.paging.places import Place


class OffsetPaginator(NumberedPaginator):
    """Skips the rows of the pages before.

    Args:
        numbering: of the rows; its step is the limit.
        limit_place: in the request, that takes the limit.
    """

    def __init__(self, numbering: Numbering, limit_place: Place) -> None:
        where = numbering.place
        name = where.body_path or where.param
        key = "offset_body_path" if where.body_path else "offset_param"
        super().__init__(
            numbering, f"Check `paginator.{key}`: the server seems not to know `{name}`."
        )
        self._limit = numbering.step
        self._limit_place = limit_place

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with offset and limit."""
        return self._limit_place.put(super().at_cursor(request, cursor), self._limit)
