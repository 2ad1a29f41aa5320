"""Listings that go on by the number of a row or of a page."""

from __future__ import annotations

from dataclasses import replace

from tests.support.api_styles.style import Paging, Style

_OFFSET = Paging(kind="offset", param="offset")
_PAGE = Paging(kind="page", param="page", base=1, size="per_page")

NUMBERS = (
    Style(name="offset", paging=_OFFSET, total_at="total"),
    Style(name="offset, without a total", paging=_OFFSET),
    Style(name="skip and take", paging=Paging(kind="offset", param="skip", size="take")),
    Style(
        name="_start and _limit",
        paging=Paging(kind="offset", param="_start", size="_limit"),
        rows_at="bare",
        total_at="header X-Total-Count",
    ),
    Style(name="pages from 1", paging=_PAGE, total_at="meta/total_count"),
    Style(name="pages from 1, without a total", paging=_PAGE, rows_at="bare"),
    Style(
        name="pages from 0",
        paging=replace(_PAGE, base=0, size="size"),
        rows_at="nested",
        total_at="data/totalElements",
    ),
    Style(
        name="JSON:API",
        asks=25,
        paging=Paging(kind="page", param="page[number]", base=1, size="page[size]"),
        key="text digits",
        rows_at="beside included",
    ),
    Style(
        name="_page and _limit",
        paging=Paging(kind="page", param="_page", base=1, size="_limit"),
        rows_at="bare",
    ),
    Style(name="pages, with their number beside", paging=_PAGE, echo=True),
    Style(
        name="a page that is called offset",
        paging=replace(_PAGE, param="offset", base=0),
        expects="never less",
    ),
    Style(
        name="a row that is called page",
        paging=replace(_OFFSET, param="page"),
        expects="never less",
    ),
    Style(name="pages that end with 404", asks=25, paging=_PAGE, behind="404", total_at="count"),
    Style(name="pages that end with 404, without a total", asks=25, paging=_PAGE, behind="404"),
    Style(
        name="pages that end with 400", asks=25, paging=_PAGE, behind="400", expects="never less"
    ),
    Style(
        name="the last page for ever, with a total",
        asks=25,
        paging=_PAGE,
        behind="the last page",
        total_at="total",
        expects="never less",
    ),
    Style(
        name="the last page for ever",
        asks=25,
        paging=_PAGE,
        behind="the last page",
        expects="never less",
    ),
    Style(
        name="the last page for ever, and pages cut short",
        paging=_PAGE,
        behind="the last page",
        hides=True,
        expects="never less",
    ),
    Style(name="pages cut short", paging=_PAGE, hides=True),
    Style(name="offset, pages cut short", paging=_OFFSET, hides=True, expects="never less"),
    Style(name="a total that is too high", paging=_OFFSET, total_at="total", total="too high"),
    Style(name="a total that is too low", paging=_OFFSET, total_at="total", total="too low"),
    Style(name="a total of the page", asks=25, paging=_PAGE, total_at="total", total="of the page"),
    Style(name="100 at most", asks=25, paging=_OFFSET, cap=100, row_count=330, total_at="total"),
    Style(
        name="100 at most, or 400",
        asks=25,
        paging=_PAGE,
        cap=100,
        over_cap="refused",
        row_count=330,
    ),
    Style(name="no more than the default", asks=25, paging=_OFFSET, cap=20, row_count=230),
    Style(name="unknown parameters refused", asks=25, paging=_PAGE, unknown="refused"),
    Style(
        name="pages within an object that the answer shows, and others refused",
        asks=14,
        paging=replace(_PAGE, param="pagination[page]", size="pagination[pageSize]"),
        unknown="refused",
        echo=True,
        echo_in="meta/",
        cap=100,
        row_count=330,
        total_at="meta/pagination/total",
    ),
    Style(
        name="JSON:API that shows its page, and refuses others",
        asks=14,
        paging=replace(_PAGE, param="page[number]", size="page[size]"),
        unknown="refused",
        echo=True,
        echo_in="meta/",
        key="uuid",
    ),
    Style(
        name="pages within an object of the body, and others refused",
        asks=14,
        paging=replace(_PAGE, param="paging.page", size="paging.size", in_body=True),
        unknown="refused",
        echo=True,
        echo_in="meta/",
    ),
    Style(name="unknown parameters are filters", paging=_OFFSET, unknown="filters", rows_at="bare"),
    Style(
        name="an order that changes",
        paging=_OFFSET,
        order="changing",
        expects="never less",
    ),
    Style(
        name="an order that changes, with a total",
        paging=_PAGE,
        order="changing",
        total_at="total",
        expects="never less",
    ),
    Style(name="exactly full pages", paging=_PAGE, row_count=120),
    Style(name="a filter", paging=_PAGE, filtered=True, row_count=200, auth="header"),
    Style(name="by offset, who asks by password", paging=_OFFSET, auth="basic", total_at="total"),
    Style(
        name="from and size in the body",
        paging=Paging(kind="offset", param="from", size="size", in_body=True),
        rows_at="hits",
        default_size=10,
        total_at="hits/total/value",
    ),
    Style(
        name="startIndex from 1",
        paging=Paging(kind="offset", param="startIndex", base=1, size="count"),
        total_at="totalResults",
    ),
    Style(
        name="a window of 200 rows",
        asks=25,
        paging=_OFFSET,
        cap=50,
        window=200,
        row_count=330,
        expects="never less",
    ),
)
