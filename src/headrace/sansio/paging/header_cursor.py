"""Answers that name a cursor for the next page in a header.

Meaning as dlt's `HeaderCursorPaginator`; an empty header is the end.
"""

from __future__ import annotations

from typing import Any

from headrace.core.exchange import Request
from headrace.sansio.paging.followed import Followed
from headrace.sansio.paging.page import Page, Paginator


class HeaderCursorPaginator(Paginator):
    """Goes on with the cursor in a header.

    Args:
        cursor_key: the header; absent or empty is the end.
        cursor_param: the query parameter that takes the cursor.
    """

    def __init__(self, cursor_key: str = "next", cursor_param: str = "cursor") -> None:
        self._cursor_key = cursor_key
        self._cursor_param = cursor_param
        self._followed = Followed(
            f"a cursor in its header `{cursor_key}`",
            "Check `paginator.cursor_param`: a server that does not know the parameter "
            f"`{cursor_param}` sends the first page again.",
        )

    def next_cursor(self, page: Page) -> Any:
        """The cursor of the page after this one, None at the end.

        Raises:
            PageError: it was followed before.
        """
        cursor = page.headers.get(self._cursor_key) or None
        if cursor is not None:
            self._followed.add(cursor, page)
        return cursor

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with the cursor."""
        return request.with_param(self._cursor_param, cursor)
