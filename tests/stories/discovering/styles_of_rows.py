"""Listings with rows of many kinds, and listings of one page."""

from __future__ import annotations

from dataclasses import replace

from tests.support.api_styles.style import Paging, Style

_LINK = Paging(kind="link", param="page_token", shown="links/next")
_CURSOR = Paging(kind="token", param="cursor", shown="next_cursor")
_OFFSET = Paging(kind="offset", param="offset")
_PAGE = Paging(kind="page", param="page", base=1, size="per_page")
_ALL = Paging(kind="all", size=None)
_HIDDEN = Paging(kind="hidden", size=None)

ROWS = (
    Style(name="a lookup beside", paging=_CURSOR, rows_at="beside lookups"),
    Style(name="a lookup before", paging=_CURSOR, rows_at="behind lookups"),
    Style(name="as many others before", paging=_OFFSET, rows_at="beside included"),
    Style(name="rows by their id", paging=_CURSOR, rows_at="keyed"),
    Style(name="a key of two fields", paging=_CURSOR, key="pair", cap=50),
    Style(name="no key", paging=_CURSOR, key="none"),
    Style(name="rows that are alike", paging=_CURSOR, key="twins"),
    Style(name="ids that come twice", paging=_PAGE, key="some twice", total_at="total"),
    Style(name="ids that are unique on a page", paging=_CURSOR, key="unique on a page", cap=20),
)

ONE_PAGE = (
    Style(
        name="all at once, with a total",
        paging=_ALL,
        total_at="total",
        row_count=57,
        expects="unknown",
    ),
    Style(
        name="all at once, with a total and room for more",
        paging=replace(_ALL, size="limit"),
        total_at="total",
        row_count=57,
        echo=True,
        default_size=100,
    ),
    Style(name="all at once, with no next link", paging=_LINK, row_count=13),
    Style(name="all at once, and nothing says so", paging=_ALL, row_count=57, expects="unknown"),
    Style(
        name="all at once by their ids",
        paging=_ALL,
        rows_at="bare keyed",
        row_count=57,
        expects="unknown",
    ),
    Style(name="all at once, by an offset", paging=_OFFSET, row_count=13),
    Style(name="exactly one page", asks=25, paging=_OFFSET, row_count=20),
    Style(name="seven of many", paging=_HIDDEN, default_size=7, expects="unknown"),
    Style(
        name="seven of many, with a total",
        asks=25,
        paging=_HIDDEN,
        default_size=7,
        total_at="total",
        expects="unknown",
    ),
    Style(
        name="a hundred of many",
        paging=_HIDDEN,
        default_size=100,
        row_count=230,
        rows_at="bare",
        expects="unknown",
    ),
    Style(name="no rows", paging=_PAGE, row_count=0, expects="unknown"),
    Style(
        name="no rows, with a total",
        paging=_PAGE,
        row_count=0,
        total_at="total",
        expects="never less",
    ),
    Style(
        name="seven of many, and a total of the page",
        paging=_HIDDEN,
        default_size=7,
        total_at="total",
        total="of the page",
        expects="unknown",
    ),
    Style(name="an id that is null at times", asks=25, paging=_PAGE, key="some null", cap=20),
    Style(name="ids that come twice, on pages far away", paging=_CURSOR, key="some twice", cap=20),
    Style(name="lists below names", paging=_OFFSET, rows_at="columns", total_at="total"),
)
