"""Pages that name a cursor for the next one, in their JSON or in a header.

They mean what dlt's `JSONResponseCursorPaginator` and `HeaderCursorPaginator` mean; `limit` comes
on top.
"""

from __future__ import annotations

from typing import Any

from headrace.core.defaults import CURSOR_PARAM, LIMIT_PARAM, NEXT_PAGE
from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.paging.guards import ReferenceGuard
from headrace.sansio.paging.page import HasMore, Page, Paginator
from headrace.sansio.paging.places import Place
from headrace.sansio.paging.row_keys import RowKeys

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
    """

    cursor_path: JsonPath
    place: Place = _USUAL_PLACE
    stop_after_empty_page: bool = False
    has_more_path: JsonPath | None = None
    limit: int | None = None
    limit_param: str = LIMIT_PARAM


class CursorPaginator(Paginator):
    """Goes on with the cursor that a page names in its JSON.

    Args:
        settings: Where the cursor stands, where it goes, and when to stop.
        keys: Reads the keys of rows; None where no primary key is known.
    """

    def __init__(self, settings: CursorSettings, keys: RowKeys | None = None) -> None:
        self._settings = settings
        self._has_more = HasMore(settings.has_more_path)
        self._found_nothing = False
        self._left_off = False
        place = settings.place
        self._guard = ReferenceGuard(
            f"a cursor at `{settings.cursor_path}`",
            "Check `paginator.cursor_body_path`."
            if place.body_path
            else _check_cursor_param(place.param),
            keys,
        )

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """Where the cursor is, and where a page says whether there is more."""
        settings = self._settings
        return tuple(path for path in (settings.cursor_path, settings.has_more_path) if path)

    @property
    def listed_before(self) -> int:
        """The rows of a last page that came twice, since it names its own cursor."""
        return self._guard.listed_before

    @property
    def ended_full(self) -> bool:
        """Whether the last page named itself, and is as long as the others."""
        return self._guard.ended_full

    @property
    def found_nothing(self) -> bool:
        """Whether the last page had nothing at all where the cursor should be."""
        return self._found_nothing

    @property
    def stopped_early(self) -> bool:
        """Whether it ended at an empty page that named another one."""
        return self._left_off

    def names_more(self, page: Page) -> bool:
        """Whether a page names a cursor, or does not say that there is none."""
        found = self._settings.cursor_path.find(page.document)
        return not found or bool(found[0])

    def first_request(self, request: Request) -> Request:
        """The request with the page size."""
        self._guard.asked_by(self._settings.place.value_in(request))
        if self._settings.limit is None:
            return request
        return request.with_param(self._settings.limit_param, self._settings.limit)

    def next_cursor(self, page: Page) -> Any:
        """The cursor of the page after this one, or None at the end.

        Raises:
            PageError: The page names a cursor that was followed before, or `has_more_path` leads
                to no boolean.
        """
        found = self._settings.cursor_path.find(page.document)
        cursor, self._found_nothing = (found[0] if found else None), not found
        # It is asked of each page: a mistake in it shows at the first, not at the last.
        has_more = self._has_more.says(page)
        if has_more and not cursor and self._settings.has_more_path and not page.is_bare:
            raise PageError(
                f"page {page.number:,} says that there is more "
                f"(`{self._settings.has_more_path}`), but names no cursor at "
                f"`{self._settings.cursor_path}`. Check `paginator.cursor_path`, and "
                "`paginator.has_more_path`."
            )
        if not has_more or not cursor:
            return None
        self._left_off = self._settings.stop_after_empty_page and page.row_count == 0
        if self._left_off:
            return None
        return cursor if self._guard.leads_on(cursor, page) else None

    def foretold_request(self, request: Request, page: Page) -> Request | None:
        """The request with the cursor that the page names, where nothing speaks against it."""
        settings = self._settings
        cursor = settings.cursor_path.first(page.document)
        if settings.has_more_path and settings.has_more_path.first(page.document) is not True:
            return None
        is_new = cursor and self._guard.is_new(cursor)
        return settings.place.put(request, cursor) if is_new else None

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with the cursor at its place."""
        self._guard.asked_by(cursor)
        return self._settings.place.put(request, cursor)


class HeaderCursorPaginator(Paginator):
    """Goes on with the cursor that an answer names in a header.

    Args:
        cursor_key: The name of the header; an absent or empty header is the end.
        cursor_param: The query parameter that takes the cursor.
        keys: Reads the keys of rows; None where no primary key is known.
    """

    def __init__(
        self,
        cursor_key: str = NEXT_PAGE,
        cursor_param: str = CURSOR_PARAM,
        keys: RowKeys | None = None,
    ) -> None:
        self._cursor_key = cursor_key
        self._found_nothing = False
        self._place = Place(cursor_param)
        self._guard = ReferenceGuard(
            f"a cursor in its header `{cursor_key}`", _check_cursor_param(cursor_param), keys
        )

    @property
    def listed_before(self) -> int:
        """The rows of a last page that came twice, since it names its own cursor."""
        return self._guard.listed_before

    @property
    def ended_full(self) -> bool:
        """Whether the last page named itself, and is as long as the others."""
        return self._guard.ended_full

    @property
    def found_nothing(self) -> bool:
        """Whether the last page had nothing at all where the cursor should be."""
        return self._found_nothing

    def first_request(self, request: Request) -> Request:
        """The request as it is."""
        self._guard.asked_by(self._place.value_in(request))
        return request

    def next_cursor(self, page: Page) -> Any:
        """The cursor of the page after this one, or None at the end.

        Raises:
            PageError: The cursor was followed before.
        """
        named = page.headers.get(self._cursor_key)
        cursor, self._found_nothing = named or None, named is None
        return cursor if cursor is not None and self._guard.leads_on(cursor, page) else None

    def foretold_request(self, request: Request, page: Page) -> Request | None:
        """The request with the cursor that the header names."""
        cursor = page.headers.get(self._cursor_key)
        is_new = cursor and self._guard.is_new(cursor)
        return self._place.put(request, cursor) if is_new else None

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with the cursor as a query parameter."""
        self._guard.asked_by(cursor)
        return self._place.put(request, cursor)


def _check_cursor_param(param: str) -> str:
    return (
        "Check `paginator.cursor_param`: a server that does not know the parameter "
        f"`{param}` sends the first page again."
    )
