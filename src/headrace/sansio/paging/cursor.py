"""Pages that name a cursor for the next one in their JSON.

Meaning as dlt's `JSONResponseCursorPaginator`, with `limit` and `stop_condition` on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.core.exchange import Request
from headrace.core.expressions.expression import Expression
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.followed import Followed
from headrace.sansio.paging.has_more import has_more
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.places import Place

_USUAL_PLACE = Place("cursor")


@dataclass(frozen=True, slots=True)
class CursorSettings:
    """The settings of a cursor paginator.

    Args:
        cursor_path: where a page names the cursor of the next; none, null or empty is the end.
        place: in the request, that takes the cursor.
        stop_after_empty_page: end at a page without rows.
        has_more_path: where a page says whether there are more.
        limit: rows asked for in a page; not asked for when None.
        limit_param: the query parameter that takes the limit.
        stop_condition: true at the last page.
    """

    cursor_path: JsonPath
    place: Place = _USUAL_PLACE
    stop_after_empty_page: bool = False
    has_more_path: JsonPath | None = None
    limit: int | None = None
    limit_param: str = "limit"
    stop_condition: Expression | None = None


class CursorPaginator(Paginator):
    """Goes on with the cursor that a page names.

    Args:
        settings: of the paginator.
    """

    def __init__(self, settings: CursorSettings) -> None:
        self._settings = settings
        place = settings.place
        self._followed = Followed(
            f"a cursor at `{settings.cursor_path}`",
            "Check `paginator.cursor_body_path`."
            if place.body_path
            else "Check `paginator.cursor_param`: a server that does not know the parameter "
            f"`{place.param}` sends the first page again.",
        )

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """Where the cursor is, and whether there is more."""
        settings = self._settings
        return tuple(path for path in (settings.cursor_path, settings.has_more_path) if path)

    def first_request(self, request: Request) -> Request:
        """The request with the page size."""
        if self._settings.limit is None:
            return request
        return request.with_param(self._settings.limit_param, self._settings.limit)

    def next_cursor(self, page: Page) -> Any:
        """The cursor of the page after this one, None at the end.

        Raises:
            PageError: a cursor came back that was followed before, or `has_more_path` leads to no
                boolean.
            ExpressionError: the stop condition failed on this page.
        """
        cursor = self._settings.cursor_path.first(page.document)
        # Each is asked of each page: a mistake in one shows at the first, not at the last.
        may_go_on, is_stopped = self._may_go_on(page), self._is_stopped(page)
        if not may_go_on or not cursor or is_stopped:
            return None
        self._followed.add(cursor, page)
        return cursor

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request for the page that a cursor stands for."""
        return self._settings.place.put(request, cursor)

    def _may_go_on(self, page: Page) -> bool:
        """Asked of each page, as dlt does: one that lacks `has_more_path` is not what was meant."""
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
