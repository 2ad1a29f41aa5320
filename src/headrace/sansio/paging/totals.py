"""Where an answer tells how many rows there are in all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import capwords
from typing import Any

from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.paging.envelope import Keys, fields_around, path_of, plain_name, whole_number

# The surest first: `count` is often the number of the page's own rows.
_ROWS = (
    *("totalcount", "totalrows", "totalrecords", "totalresults", "totalentries", "totalitems"),
    *("totalelements", "totalobjects", "totaldocs", "totalhits", "totalsize", "totalmatches"),
    *(
        "filteredtablerowscount",
        "recordsfiltered",
        "numfound",
        "odatacount",
        "iotcount",
        "matchcount",
        "counttotal",
    ),
    *("rowstotal", "itemstotal", "resultstotal", "recordcount", "rowcount", "itemcount"),
    *("resultcount", "resultscount", "nbhits", "recordstotal", "total", "count", "found"),
)
_ROWS_RANK = {name: rank for rank, name in enumerate(_ROWS)}
_PAGES = frozenset(
    [
        *("totalpages", "pages", "pagestotal", "pagecount", "pagescount", "totalpagecount"),
        *("nbpages", "numpages", "numberofpages", "lastpage", "maxpage", "npages"),
    ]
)
_HEADERS = (
    *("x-total-count", "x-total", "total-count", "x-total-results", "x-total-records"),
    *("total-records", "x-totalcount", "x-wp-total", "x-result-count", "x-pagination-total"),
    *("x-pagination-total-count", "pagination-count", "total-results"),
)
_CONTENT_RANGE = "content-range"
# RFC 9110, 14.4, with any unit: `items 0-24/1200`; PostgREST leaves the unit out.
_RANGE = re.compile(r"^\s*(?:[\w-]+\s+)?(?:(\d+)-(\d+)|\*)/(\d+|\*)\s*$")


@dataclass(frozen=True, slots=True)
class TotalPlace:
    """Where the pages of a listing tell how many rows it has.

    Args:
        path: Where the number stands in the JSON; None where a header has it.
        header: The name of the header that has it.
        is_guessed: Whether the place was found by its usual name, and the config says nothing.
    """

    path: JsonPath | None = None
    header: str = ""
    is_guessed: bool = False

    def read(self, document: Any, headers: Mapping[str, str]) -> int | None:
        """The number that a page tells; None where it tells none.

        Args:
            document: The page's JSON, with what the path leads to.
            headers: The headers of the page.
        """
        if self.path is None:
            value = headers.get(self.header)
            if self.header == _CONTENT_RANGE:
                return _end_of_range(value)
            return whole_number(value)
        value = self.path.first(document)
        return whole_number(value.get("value") if isinstance(value, Mapping) else value)

    def is_least(self, document: Any) -> bool:
        """Whether a page says that there are at least so many, as Elasticsearch does above 10,000.

        Args:
            document: The page's JSON, with what the path leads to.
        """
        if self.path is None:
            return False
        value = self.path.first(document)
        if not isinstance(value, Mapping):
            value = document
            for key in (self.path.steps or ())[:-1]:
                value = value.get(key) if isinstance(value, Mapping) else None
        return isinstance(value, Mapping) and value.get("relation") == "gte"

    def __str__(self) -> str:
        if self.path is not None:
            return f"`{self.path}`"
        return f"the header `{capwords(self.header, '-')}`"


def find_total(rest: Any, headers: Mapping[str, str], rows_at: Keys = ()) -> TotalPlace | None:
    """Finds where a page tells the number of all rows, by a usual name.

    Args:
        rest: The page's JSON without its rows.
        headers: The headers of the page.
        rows_at: The keys that lead to the rows.
    """
    for header in _HEADERS:
        if whole_number(headers.get(header)) is not None:
            return TotalPlace(header=header, is_guessed=True)
    if _end_of_range(headers.get(_CONTENT_RANGE)) is not None:
        return TotalPlace(header=_CONTENT_RANGE, is_guessed=True)
    ranked = [
        (_ROWS_RANK[name], keys)
        for keys, value in fields_around(rest, rows_at)
        if (name := plain_name(keys[-1])) in _ROWS_RANK and _is_total(value)
    ]
    if not ranked:
        return None
    keys = min(ranked, key=lambda each: each[0])[1]
    return TotalPlace(path_of(keys), is_guessed=True)


def counts_pages(path: JsonPath) -> bool:
    """Whether a path leads to a number of pages, by its last key.

    Args:
        path: Where an answer tells a total.
    """
    return bool(path.steps) and plain_name((path.steps or ("",))[-1]) in _PAGES


def find_pages(rest: Any, rows_at: Keys = ()) -> tuple[Keys, int] | None:
    """Finds where a page tells the number of all pages, by a usual name.

    Args:
        rest: The page's JSON without its rows.
        rows_at: The keys that lead to the rows.

    Returns:
        The keys that lead to the number, and the number.
    """
    for keys, value in fields_around(rest, rows_at):
        number = whole_number(value)
        if number is not None and plain_name(keys[-1]) in _PAGES:
            return keys, number
    return None


def range_of(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """The places of the first and the last row of a page, as its `Content-Range` says them.

    Args:
        headers: The headers of the page.
    """
    found = _RANGE.match(headers.get(_CONTENT_RANGE) or "")
    return (int(found[1]), int(found[2])) if found and found[1] else None


def _end_of_range(value: str | None) -> int | None:
    found = _RANGE.match(value or "")
    return whole_number(found[3]) if found else None


def _is_total(value: Any) -> bool:
    # Elasticsearch: {"value": 1200, "relation": "eq"}.
    if isinstance(value, Mapping):
        value = value.get("value") if "relation" in value else None
    return whole_number(value) is not None
