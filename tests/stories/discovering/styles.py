"""Listings in the styles that APIs have, each with what a discovery is to come to."""

from __future__ import annotations

from dataclasses import replace

from tests.support.api_styles.style import Paging, Style

_LINK = Paging(kind="link", param="page_token", shown="links/next")
_PAGE_LINK = Paging(kind="link", param="page", base=1, token="page", size="per_page", shown="Link")
_CURSOR = Paging(kind="token", param="cursor", shown="next_cursor")
_OFFSET = Paging(kind="offset", param="offset")
_PAGE = Paging(kind="page", param="page", base=1, size="per_page")
_BODY = Paging(kind="token", param="cursor", shown="next_cursor", in_body=True)
_AFTER = Paging(kind="after", param="starting_after")
_ALL = Paging(kind="all", size=None)
_HIDDEN = Paging(kind="hidden", size=None)


LINKS = (
    Style(name="a link header", paging=_PAGE_LINK, rows_at="bare"),
    Style(
        name="a link header, with a cursor, newest first",
        asks=16,
        paging=Paging(kind="link", param="after", shown="Link", size="per_page"),
        rows_at="bare",
        order="descending",
        cap=100,
    ),
    Style(name="a bare URL in a header", paging=replace(_LINK, shown="header Next-Page")),
    Style(name="a whole link in the JSON", paging=_LINK, key="uuid", order="stable"),
    Style(
        name="a link that is a path",
        paging=replace(_LINK, link="path", shown="paging/next/href"),
        rows_at="nested",
    ),
    Style(name="a link that is a query", paging=replace(_LINK, link="query", shown="next")),
    Style(name="a list of links", paging=replace(_LINK, shown="links")),
    Style(
        name="OData",
        asks=16,
        paging=Paging(kind="link", param="$skiptoken", size="$top", shown="@odata.nextLink"),
        total_at="@odata.count",
        cap=50,
    ),
    Style(
        name="a link with the key in it",
        paging=_LINK,
        auth="query",
        default_size=50,
    ),
    Style(name="a link whose last page is empty", paging=_LINK, last_token="to an empty page"),
    Style(name="a link with the filter", paging=_LINK, filtered=True, row_count=200),
    Style(name="a link to another host", paging=_LINK, link_host="other", expects="unknown"),
    Style(
        name="a link to another host, that counts pages",
        asks=16,
        paging=replace(_PAGE_LINK, shown="next"),
        link_host="other",
    ),
    Style(
        name="a link to https that counts rows",
        paging=Paging(kind="link", param="offset", token="offset", shown="next"),
        link_host="https",
    ),
    Style(
        name="a link to the first page on the last one",
        paging=_LINK,
        last_token="the first page",
        expects="never less",
    ),
)

TOKENS = (
    Style(name="a cursor", paging=_CURSOR, more_at="has_more"),
    Style(
        name="a cursor under another name",
        asks=16,
        paging=Paging(
            kind="token", param="page_token", shown="meta/continuation", size="page_size"
        ),
        rows_at="nested",
    ),
    Style(
        name="nextPageToken goes back as pageToken",
        paging=Paging(kind="token", param="pageToken", shown="nextPageToken", size="maxResults"),
    ),
    Style(
        name="paging.next.after goes back as after",
        paging=Paging(kind="token", param="after", shown="paging/next/after"),
    ),
    Style(
        name="a cursor in a header",
        asks=16,
        paging=Paging(kind="token", param="page_token", shown="header X-Next-Token"),
        rows_at="bare",
    ),
    Style(
        name="a cursor that goes back under a name of its own, refusing others",
        asks=25,
        paging=Paging(kind="token", param="bookmark", shown="cursor", size="per_page"),
        unknown="refused",
        expects="never less",
    ),
    Style(
        name="the next page's number",
        paging=Paging(kind="token", param="page", base=1, token="page", shown="next_page"),
    ),
    Style(
        name="the next row's number",
        paging=Paging(kind="token", param="offset", token="offset", shown="next_offset"),
    ),
    Style(name="a cursor to an empty page", paging=_CURSOR, last_token="to an empty page"),
    Style(name="a cursor to itself", paging=_CURSOR, last_token="itself", expects="never less"),
    Style(
        name="a cursor to the first page",
        paging=_CURSOR,
        last_token="the first page",
        expects="never less",
    ),
    Style(
        name="a cursor to the first page, after the word that there is no more",
        paging=_CURSOR,
        last_token="the first page",
        more_at="has_more",
    ),
    Style(
        name="has_more never",
        paging=_CURSOR,
        more_at="has_more",
        more="always false",
        expects="never less",
    ),
    Style(
        name="has_more only on some pages",
        paging=_CURSOR,
        more_at="has_more",
        more="false on page 2",
        expects="never less",
    ),
    Style(name="a cursor, and pages cut short", paging=_CURSOR, hides=True),
    Style(
        name="a cursor, and values that change with each request", paging=_CURSOR, served_at=True
    ),
    Style(name="a cursor, and some requests refused", paging=_CURSOR, throttled=True),
    Style(name="a cursor, and rows with lists", paging=_CURSOR, nested=True, auth="bearer"),
    Style(name="a token in the body", paging=_BODY),
    Style(name="starting_after", paging=_AFTER, more_at="has_more", key="uuid", order="stable"),
    Style(name="since_id", paging=replace(_AFTER, param="since_id"), rows_at="bare"),
    Style(
        name="after the last row, which comes again",
        asks=16,
        paging=replace(_AFTER, param="after", includes_last=True),
        expects="never less",
    ),
)

NUMBERS = (
    Style(name="offset", paging=_OFFSET, total_at="total"),
    Style(name="offset, without a total", paging=_OFFSET),
    Style(name="skip and take", asks=25, paging=Paging(kind="offset", param="skip", size="take")),
    Style(
        name="_start and _limit",
        asks=25,
        paging=Paging(kind="offset", param="_start", size="_limit"),
        rows_at="bare",
        total_at="header X-Total-Count",
    ),
    Style(name="pages from 1", asks=16, paging=_PAGE, total_at="meta/total_count"),
    Style(name="pages from 1, without a total", asks=16, paging=_PAGE, rows_at="bare"),
    Style(
        name="pages from 0",
        asks=16,
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
        asks=25,
        paging=Paging(kind="page", param="_page", base=1, size="_limit"),
        rows_at="bare",
    ),
    Style(name="pages, with their number beside", paging=_PAGE, echo=True),
    Style(
        name="a page that is called offset",
        asks=25,
        paging=replace(_PAGE, param="offset", base=0),
        expects="never less",
    ),
    Style(
        name="a row that is called page",
        paging=replace(_OFFSET, param="page"),
        expects="never less",
    ),
    Style(name="pages that end with 404", asks=25, paging=_PAGE, behind="404", total_at="count"),
    Style(name="pages that end with 404, without a total", asks=16, paging=_PAGE, behind="404"),
    Style(
        name="pages that end with 400", asks=16, paging=_PAGE, behind="400", expects="never less"
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
        asks=16,
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
    Style(name="a total of the page", asks=16, paging=_PAGE, total_at="total", total="of the page"),
    Style(name="100 at most", asks=16, paging=_OFFSET, cap=100, row_count=330, total_at="total"),
    Style(
        name="100 at most, or 400",
        asks=16,
        paging=_PAGE,
        cap=100,
        over_cap="refused",
        row_count=330,
    ),
    Style(name="no more than the default", asks=25, paging=_OFFSET, cap=20, row_count=230),
    Style(name="unknown parameters refused", asks=16, paging=_PAGE, unknown="refused"),
    Style(name="unknown parameters are filters", paging=_OFFSET, unknown="filters", rows_at="bare"),
    Style(
        name="an order that changes",
        asks=25,
        paging=_OFFSET,
        order="changing",
        expects="never less",
    ),
    Style(
        name="an order that changes, with a total",
        asks=25,
        paging=_PAGE,
        order="changing",
        total_at="total",
        expects="never less",
    ),
    Style(name="exactly full pages", asks=16, paging=_PAGE, row_count=120),
    Style(name="a filter", asks=16, paging=_PAGE, filtered=True, row_count=200, auth="header"),
    Style(name="by offset, who asks by password", paging=_OFFSET, auth="basic", total_at="total"),
)

ROWS = (
    Style(name="a lookup beside", paging=_CURSOR, rows_at="beside lookups"),
    Style(name="a lookup before", paging=_CURSOR, rows_at="behind lookups"),
    Style(name="as many others before", paging=_OFFSET, rows_at="beside included"),
    Style(name="rows by their id", paging=_CURSOR, rows_at="keyed"),
    Style(name="a key of two fields", paging=_CURSOR, key="pair", cap=50),
    Style(name="no key", paging=_CURSOR, key="none"),
    Style(name="rows that are alike", paging=_CURSOR, key="twins"),
    Style(name="ids that come twice", asks=16, paging=_PAGE, key="some twice", total_at="total"),
    Style(name="ids that are unique on a page", paging=_CURSOR, key="unique on a page", cap=20),
)

ONE_PAGE = (
    Style(name="all at once, with a total", paging=_ALL, total_at="total", row_count=57),
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
    Style(name="exactly one page", paging=_OFFSET, row_count=20),
    Style(name="seven of many", paging=_HIDDEN, default_size=7, expects="unknown"),
    Style(
        name="seven of many, with a total",
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
)

STYLES = (*LINKS, *TOKENS, *NUMBERS, *ROWS, *ONE_PAGE)
