"""Pages that name a cursor for the next one in their JSON.

Meaning as dlt's `JSONResponseCursorPaginator`, with `limit`, `stop_condition` and `max_pages`
on top.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from headrace.exceptions import PageError
from headrace.exchange import Request
from headrace.expressions import Expression
from headrace.json_path import JsonPath
from headrace.paging.page import Page
from headrace.redaction import one_line

_TRUE = {"yes", "true", "t", "y", "1"}
_FALSE = {"no", "false", "f", "n", "0"}


@dataclass(frozen=True, slots=True)
class CursorSettings:
    """The settings of a cursor paginator.

    Args:
        cursor_path: where a page names the cursor of the next; none, null or empty is the end.
        cursor_param: the query parameter that takes the cursor; `cursor` when None.
        cursor_body_path: or else the dotted path in the JSON body that takes it.
        stop_after_empty_page: end at a page without rows.
        has_more_path: where a page says whether there are more.
        limit: rows asked for in a page; not asked for when None.
        limit_param: the query parameter that takes the limit.
        stop_condition: true at the last page.
        max_pages: more than so many pages are an error; any number when None.
    """

    cursor_path: JsonPath
    cursor_param: str | None = None
    cursor_body_path: str | None = None
    stop_after_empty_page: bool = False
    has_more_path: JsonPath | None = None
    limit: int | None = None
    limit_param: str = "limit"
    stop_condition: Expression | None = None
    max_pages: int | None = None


class CursorPaginator:
    """Goes on with the cursor that a page names.

    Args:
        settings: of the paginator.
    """

    def __init__(self, settings: CursorSettings) -> None:
        self._settings = settings
        self._seen: set[str] = set()

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """The paths it looks up in an answer."""
        settings = self._settings
        return tuple(path for path in (settings.cursor_path, settings.has_more_path) if path)

    def first_request(self, request: Request) -> Request:
        """The request with the page size."""
        if self._settings.limit is None:
            return request
        return request.with_param(self._settings.limit_param, self._settings.limit)

    def next_request(self, request: Request, page: Page) -> Request | None:
        """The request with the next cursor.

        Raises:
            As `next_cursor`.
        """
        cursor = self.next_cursor(page)
        return None if cursor is None else self.at_cursor(request, cursor)

    def next_cursor(self, page: Page) -> Any:
        """The cursor of the page after this one, None at the end.

        Raises:
            PageError: a cursor came back that was followed before, `has_more_path` leads to no
                boolean, or there are more pages than `max_pages`.
            ExpressionError: the stop condition failed on this page.
        """
        cursor = self._settings.cursor_path.first(page.document)
        # Each is asked of each page: a mistake in one shows at the first, not at the last.
        may_go_on, is_stopped = self._may_go_on(page), self._is_stopped(page)
        if not may_go_on or not cursor or is_stopped:
            return None
        self._refuse_repetition(cursor, page)
        most = self._settings.max_pages
        if most is not None and page.number >= most:
            raise PageError(
                f"there are more than {most} pages, which `paginator.max_pages` does not allow. "
                "Raise it, or narrow what the endpoint asks for."
            )
        return cursor

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request for the page that a cursor stands for."""
        if self._settings.cursor_body_path:
            return replace(
                request, json=_with_value(request.json, self._settings.cursor_body_path, cursor)
            )
        return request.with_param(self._settings.cursor_param or "cursor", cursor)

    def _may_go_on(self, page: Page) -> bool:
        """Asked of each page, as dlt does: one that lacks `has_more_path` is not what was meant."""
        settings = self._settings
        if settings.stop_after_empty_page and page.row_count == 0:
            return False
        return settings.has_more_path is None or _has_more(settings.has_more_path, page)

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

    def _refuse_repetition(self, cursor: Any, page: Page) -> None:
        mark = repr(cursor)
        if mark in self._seen:
            raise PageError(
                f"page {page.number} names a cursor at `{self._settings.cursor_path}` that was "
                "followed before: the listing would never end. Check `paginator.cursor_param`: a "
                "server that does not know the parameter sends the first page again."
            )
        self._seen.add(mark)


def _has_more(path: JsonPath, page: Page) -> bool:
    value = path.first(page.document)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    found = "nothing" if value is None else f"{type(value).__name__} `{one_line(str(value), 60)}`"
    raise PageError(
        f"page {page.number}: `paginator.has_more_path` (`{path}`) should lead to true or false, "
        f"but leads to {found}."
    )


def _with_value(body: Any, path: str, value: Any) -> dict[str, Any]:
    """A copy of a JSON body with the value at a dotted path, made on the way where missing."""
    changed: dict[str, Any] = copy.deepcopy(body) if isinstance(body, dict) else {}
    *parents, last = path.split(".")
    place = changed
    for step in parents:
        inner = place.get(step)
        if not isinstance(inner, dict):
            inner = place[step] = {}
        place = inner
    place[last] = value
    return changed
