"""A world of rows of which each belongs to one value for good, and an API that lists by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.http.auth.credentials import Credentials
from headrace.reading.lanes.values import ListedValues, ValueListing
from headrace.reading.listing import Listing
from headrace.sansio.paging import (
    Accounting,
    CursorPaginator,
    CursorSettings,
    OffsetPaginator,
    Paginator,
    Place,
    RowKeys,
)
from headrace.sansio.paging.numbered import Numbering
from tests.unit.reading.lanes.held_answers import Answered

_KEYS = RowKeys(["id"])


@dataclass
class ValuedRow:
    """A row.

    Args:
        value: What it belongs to.
        version: How often it was changed.
        is_shown: Whether the listing shows it already.
    """

    value: Any
    version: int = 0
    is_shown: bool = True


@dataclass
class ValuedWorld:
    """Rows that come, change and go, and the values that they belong to.

    Args:
        page_rows: The number of rows in a page.
        by_offset: Whether pages are asked for by the number of rows before them; else by a cursor.
        from_listing: Whether the values are listed by another resource.
    """

    page_rows: int
    by_offset: bool
    from_listing: bool

    def __post_init__(self) -> None:
        self.rows: dict[int, ValuedRow] = {}
        self.values: list[Any] = []
        self.next = 1

    def insert(self, value: Any, *, is_shown: bool = True) -> None:
        self.rows[self.next] = ValuedRow(value, is_shown=is_shown)
        self.next += 1

    def answer(self, request: Request) -> Answered:
        """What the API answers now: the newest row first."""
        headers = {"Content-Type": "application/json"}
        params = request.params
        if request.path == "/values":
            first = int(params.get("cursor") or 0)
            page = self.values[first : first + self.page_rows]
            end = first + len(page)
            following = end if end < len(self.values) else None
            # Whoever goes on by a place in a list that only grows misses nothing.
            return (
                200,
                headers,
                {"data": [{"of": {"id": each}} for each in page], "next": following},
            )
        found = sorted(
            (
                key
                for key, row in self.rows.items()
                if row.is_shown and str(row.value) == str(params["value"])
            ),
            reverse=True,
        )
        if self.by_offset:
            first = int(params["offset"])
            shown = found[first : first + self.page_rows]
            return 200, headers, {"data": [self._row(key) for key in shown], "total": len(found)}
        cursor = params.get("cursor")
        found = [key for key in found if cursor is None or key < int(cursor)]
        shown = found[: self.page_rows]
        following = shown[-1] if len(found) > len(shown) else None
        return 200, headers, {"data": [self._row(key) for key in shown], "next": following}

    def _row(self, key: int) -> dict[str, Any]:
        return {"id": key, "value": self.rows[key].value, "version": self.rows[key].version}

    def listing(self, at_once: int) -> ValueListing:
        """How the world is listed by its values."""
        source = Listing("values", Request("GET", "/values"), Credentials(), "data", _by_cursor)
        values = ListedValues(source, JsonPath("of.id"), "rows")
        listing = Listing(
            "rows",
            Request("GET", "/rows"),
            Credentials(),
            "data",
            self._paginator,
            accounting=Accounting(keys=_KEYS, follows_keys=self.by_offset),
        )
        named = [each for each in self.values if each is not None]
        return ValueListing(
            listing, "value", values if self.from_listing else named, at_once, self.by_offset
        )

    def _paginator(self) -> Paginator:
        if not self.by_offset:
            return _by_cursor()
        numbering = Numbering(Place("offset"), step=self.page_rows, total_path=JsonPath("total"))
        return OffsetPaginator(numbering, Place("limit"))


def _by_cursor() -> Paginator:
    return CursorPaginator(CursorSettings(JsonPath("next")), _KEYS)
