"""Listings that go on by a link or a token, or from their last row."""

from __future__ import annotations

from dataclasses import replace

from tests.support.api_styles.style import Paging, Style

_LINK = Paging(kind="link", param="page_token", shown="links/next")
_PAGE_LINK = Paging(kind="link", param="page", base=1, token="page", size="per_page", shown="Link")
_CURSOR = Paging(kind="token", param="cursor", shown="next_cursor")
_BODY = Paging(kind="token", param="cursor", shown="next_cursor", in_body=True)
_AFTER = Paging(kind="after", param="starting_after")

LINKS = (
    Style(name="a link header", paging=_PAGE_LINK, rows_at="bare"),
    Style(
        name="a link header, with a cursor, newest first",
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
    Style(
        name="a link that leaves out the filter, but counts pages",
        asks=25,
        paging=replace(_PAGE_LINK, shown="next"),
        filtered=True,
        link_keeps=False,
        row_count=200,
        expects="never less",
    ),
    Style(
        name="a link that leaves out the filter",
        paging=_LINK,
        filtered=True,
        link_keeps=False,
        row_count=200,
        expects="unknown",
    ),
)

TOKENS = (
    Style(name="a cursor", paging=_CURSOR, more_at="has_more"),
    Style(
        name="a cursor under another name",
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
        name="a cursor within an object that the answer shows, refusing others",
        asks=25,
        paging=Paging(
            kind="token",
            param="pagination[cursor]",
            shown="meta/pagination/nextCursor",
            size="pagination[size]",
        ),
        unknown="refused",
        row_count=60,
    ),
    Style(
        name="a cursor in the body under a name of its own, refusing others",
        asks=16,
        paging=Paging(
            kind="token",
            param="start_cursor",
            shown="next_cursor",
            size="page_size",
            in_body=True,
        ),
        unknown="refused",
        more_at="has_more",
    ),
    Style(
        name="JSON:API with links, refusing others",
        asks=9,
        paging=Paging(
            kind="link", param="page[cursor]", shown="links/next", size="page[size]", link="path"
        ),
        unknown="refused",
        cap=100,
        over_cap="refused",
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
    Style(name="since_id", asks=25, paging=replace(_AFTER, param="since_id"), rows_at="bare"),
    Style(
        name="after the last row, which comes again",
        asks=25,
        paging=replace(_AFTER, param="after", includes_last=True),
        expects="never less",
    ),
    Style(
        name="a token deep in the body",
        asks=25,
        paging=Paging(
            kind="token", param="page.after", size="page.size", shown="page/after", in_body=True
        ),
    ),
    Style(
        name="the last row's id under a name that the page tells",
        asks=14,
        paging=Paging(
            kind="token",
            token="last id",
            param="last_item",
            shown="response/last_item",
            size="max_items",
        ),
        more_at="response/have_more",
    ),
    Style(
        name="before the last row, newest first",
        asks=17,
        paging=Paging(kind="after", param="before"),
        rows_at="bare",
        order="descending",
    ),
    Style(
        name="search_after",
        asks=25,
        paging=Paging(
            kind="after",
            token="sort values",
            param="search_after[0]",
            size="size",
            in_body=True,
        ),
        rows_at="hits",
        default_size=10,
        total_at="hits/total/value",
    ),
    Style(name="has_more always", paging=_CURSOR, more_at="has_more", more="always true"),
    Style(
        name="a cursor to the last row, which comes again, of rows that nothing tells apart",
        paging=replace(_CURSOR, includes_last=True),
        key="some twice",
        order="by name",
        expects="unknown",
    ),
    Style(
        name="a link to the last row, which comes again, of rows that nothing tells apart",
        asks=14,
        paging=Paging(
            kind="link", param="page_token", shown="header Next-Page", includes_last=True
        ),
        key="some twice",
        order="by name",
        row_count=189,
        default_size=50,
        cap=100,
        over_cap="refused",
        expects="unknown",
    ),
    Style(
        name="a cursor to the last row, which comes again, and ids that come twice",
        paging=replace(_CURSOR, includes_last=True),
        key="some twice",
        row_count=351,
        default_size=25,
        cap=25,
        expects="unknown",
    ),
    Style(
        name="a page that says that there is no more, and names a token that none takes",
        paging=replace(_CURSOR, param="zork"),
        more_at="has_more",
        more="always false",
        expects="unknown",
    ),
)
