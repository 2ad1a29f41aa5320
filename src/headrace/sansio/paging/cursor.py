"""Pages that name a cursor for the next one, in their JSON or in a header.

They mean what dlt's `JSONResponseCursorPaginator` and `HeaderCursorPaginator` mean; `limit` and
`stop_condition` come on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.core.defaults import CURSOR_PARAM, LIMIT_PARAM, NEXT_PAGE
from headrace.core.exchange import Request
from headrace.core.expressions.expression import Expression
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.guards import LoopGuard
from headrace.sansio.paging.page import Page, Paginator, has_more
from headrace.sansio.paging.places import Place

_USUAL_PLACE = Place(CURSOR_PARAM)


@dataclass(frozen=True, slots=True)
class CursorSettings:
    """The settings of a cursor paginator.

    Args:
        cursor_path: Where a page names the cursor of the next one; an absent, null or empty cursor
            is the end.
        place: Where the request takes the cursor.
        stop_after_empty_page: Whether a page without rows is the end.
        has_more_path: Where a page says whether there are more.
        limit: The number of rows to ask for in a page; None asks for no number.
        limit_param: The query parameter that takes the limit.
        stop_condition: An expression that is true of the last page.
    """

    cursor_path: JsonPath
    place: Place = _USUAL_PLACE
    stop_after_empty_page: bool = False
    has_more_path: JsonPath | None = None
    limit: int | None = None
    limit_param: str = LIMIT_PARAM
    stop_condition: Expression | None = None


class CursorPaginator(Paginator):
    """Goes on with the cursor that a page names in its JSON.

    Args:
        settings: Where the cursor stands, where it goes, and when to stop.
    """

    def __init__(self, settings: CursorSettings) -> None:
        self._settings = settings
        place = settings.place
        self._loop_guard = LoopGuard(
            f"a cursor at `{settings.cursor_path}`",
            "Check `paginator.cursor_body_path`."
            if place.body_path
            else _check_cursor_param(place.param),
        )

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """Where the cursor is, and where a page says whether there is more."""
        settings = self._settings
        return tuple(path for path in (settings.cursor_path, settings.has_more_path) if path)

    def first_request(self, request: Request) -> Request:
        """The request with the page size."""
        if self._settings.limit is None:
            return request
        return request.with_param(self._settings.limit_param, self._settings.limit)

    def next_cursor(self, page: Page) -> Any:
        """The cursor of the page after this one, or None at the end.

        Raises:
            PageError: The page names a cursor that was followed before, or `has_more_path` leads
                to no boolean.
            ExpressionError: The stop condition failed on this page.
        """
        cursor = self._settings.cursor_path.first(page.document)
        # Each is asked of each page: a mistake in one shows at the first, not at the last.
        may_go_on, is_stopped = self._may_go_on(page), self._is_stopped(page)
        if not may_go_on or not cursor or is_stopped:
            return None
        self._loop_guard.follow(cursor, page)
        return cursor

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with the cursor at its place."""
        return self._settings.place.put(request, cursor)

    def _may_go_on(self, page: Page) -> bool:
        # dlt also asks each page: one that lacks `has_more_path` is not what the config means.
        if self._settings.stop_after_empty_page and page.row_count == 0:
            return False
        return has_more(self._settings.has_more_path, page)

    def _is_stopped(self, page: Page) -> bool:
        condition = self._settings.stop_condition
        if condition is None:
            return False
        names = {
            "response": page.rest,
            "headers": page.headers,
            "rows": page.row_count,
            "page": page.number,
        }
        return bool(condition.evaluate(names))


class HeaderCursorPaginator(Paginator):
    """Goes on with the cursor that an answer names in a header.

    Args:
        cursor_key: The name of the header; an absent or empty header is the end.
        cursor_param: The query parameter that takes the cursor.
    """

    def __init__(self, cursor_key: str = NEXT_PAGE, cursor_param: str = CURSOR_PARAM) -> None:
        self._cursor_key = cursor_key
        self._cursor_param = cursor_param
        self._loop_guard = LoopGuard(
            f"a cursor in its header `{cursor_key}`", _check_cursor_param(cursor_param)
        )

    def next_cursor(self, page: Page) -> Any:
        """The cursor of the page after this one, or None at the end.

        Raises:
            PageError: The cursor was followed before.
        """
        cursor = page.headers.get(self._cursor_key) or None
        if cursor is not None:
            self._loop_guard.follow(cursor, page)
        return cursor

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with the cursor as a query parameter."""
        return request.with_param(self._cursor_param, cursor)


def _check_cursor_param(param: str) -> str:
    return (
        "Check `paginator.cursor_param`: a server that does not know the parameter "
        f"`{param}` sends the first page again."
    )
