"""Finds how a listing goes on, in pages as large as the server gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from headrace.core.exceptions import HeadraceError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.endings import Endings, EndUnknown
from headrace.discovery.numbered_ways import NumberedWays
from headrace.discovery.page_sizes import FoundSize, PageSizes
from headrace.discovery.probing_client import AskedEnough
from headrace.discovery.proofs import ProvenWay, prove
from headrace.discovery.survey import Knob, Survey
from headrace.discovery.trials import Row, Walk, rows_of
from headrace.discovery.ways_on import WaysOn
from headrace.http.link_header import links_by_relation
from headrace.sansio.discovery.keys import find_key
from headrace.sansio.discovery.paging_ways import (
    PagingWay,
    has_more_path,
    links_shown,
    tokens_shown,
    urls_shown,
)
from headrace.sansio.discovery.parameters import is_not_full
from headrace.sansio.paging import Page
from headrace.sansio.paging.detection import says_more
from headrace.sansio.paging.page_size import is_round
from headrace.sansio.paging.signs import looks_full, says_end, signs_of_more

# What other questions need.
_KEPT_BACK = 7
_MOST_PAGES = 8
_USUAL_PAGES = 3
_FEWEST_PAGES = 2
_WHY = "whether the listing goes on so, and how it ends"
_MOST_MISSING = 0.1
_LINKS = ("json_link", "header_link")

ONE_PAGE = "auto"
"""The paginator of a listing whose answer says that it is all.

As it grows, an answer says something else: then `auto` follows that, or fails.
"""


@dataclass(frozen=True, slots=True)
class FoundPaging:
    """How a listing goes on.

    Args:
        endpoint: The endpoint; its `paginator` is `unknown` where nothing is proven.
        walk: The pages that were read; None where nothing is proven.
        is_proven: Whether it is.
        pages: The pages of which most rows came, where others than those of the walk.
        has_all: Whether all rows came, or a sync sees by their number that it has them all.
        first_pages: The pages by which the way was proven, which may be smaller.
    """

    endpoint: Mapping[str, Any]
    walk: Walk | None
    is_proven: bool
    pages: Sequence[Sequence[Row]] = ()
    has_all: bool = False
    first_pages: Sequence[Sequence[Row]] = ()

    @property
    def has_pages(self) -> bool:
        """Whether it is proven over several pages."""
        pages = self.walk.pages if self.walk is not None else ()
        return self.is_proven and sum(map(bool, (*self.pages, *pages))) > 1 and len(pages) > 1


@stays_here
class PagingSearch:
    """Searches for the way in which a listing goes on.

    Args:
        survey: What is known of the listing; what is found is noted there.
    """

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._sizes = PageSizes(survey, urls_shown(survey.first, links_by_relation))
        self._size: FoundSize | None = None
        self._small: FoundSize | None = None
        self._total_of_small: int | None = None

    async def find(self) -> FoundPaging:
        """Finds the way, proves it, and reads on in large pages as far as may be asked.

        Raises:
            AskedEnough: No more may be asked, and nothing is proven.
        """
        survey = self._survey
        if not survey.rows:
            survey.note(
                "paginator", "unknown", "the listing is empty: nothing shows how it goes on"
            )
            return self.unknown()
        if not survey.same.keeps_order(survey.rows, survey.again):
            told = "the same request brings its rows in another order, or others: which parameter "
            survey.note("paginator", "unknown", f"{told}sorts them?")
            return self.unknown()
        if self._leads_on or looks_full(survey.first, survey.endpoint.get("params") or {}):
            self._size = await self._sizes.larger()
        proven = None
        if self._size is None and not self._leads_on:
            proven = await self._in_small_pages()
        if proven is None:
            proven = await self._search(survey.endpoint, survey.first, survey.rows)
        if proven is not None and proven.is_alone and not self._is_surely_alone(proven):
            proven = None if self._small else await self._in_small_pages()
            # Whatever leads on from a part of the rows brings others.
            proven = None if proven is not None and proven.is_alone else proven
        if proven is None:
            return self._one_page()
        survey.note("paginator", "proven", f"{proven.way.seen}: {proven.text}")
        return await self._in_large_pages(proven)

    @property
    def _leads_on(self) -> bool:
        """Whether the first page names another one, or tells of more rows."""
        survey = self._survey
        page = survey.first
        if links_shown(page, links_by_relation) or tokens_shown(page, in_body=survey.in_body):
            return True
        return bool(says_more(page.rest)) or (survey.total or 0) > page.row_count

    def _is_surely_alone(self, proven: ProvenWay) -> bool:
        """Whether one page of rows is all: the server's own link leads to no others."""
        return proven.is_whole and proven.way.paginator["type"] in _LINKS

    async def _in_small_pages(self) -> ProvenWay | None:
        """Finds the way in pages that are a part of the first one."""
        survey = self._survey
        if self._size is not None:
            size = max(1, len(survey.rows) // _USUAL_PAGES)
            self._small = await self._sizes.of_size(self._size.knob, size)
        else:
            self._small = await self._sizes.smaller()
        if self._small is None:
            return None
        base = survey.asking({self._small.knob: self._small.asked})
        page = await survey.trials.page(base, "the first page in a smaller size")
        told = replace(survey, first=page).total
        self._total_of_small = told
        return await self._search(base, page, self._small.rows)

    async def _search(
        self, base: Mapping[str, Any], page: Page, rows: Sequence[Row]
    ) -> ProvenWay | None:
        survey = self._survey
        ways = WaysOn(survey, base, page, rows)
        proven = await ways.shown()
        if proven is not None:
            return proven
        found = self._small or self._size
        if survey.in_body and isinstance(rows[-1].get("sort"), list):
            # The rows name what follows them, also where numbers are refused, or end at a bound.
            proven = await ways.behind_last_row([])
            if proven is not None:
                return proven
        longer = survey.rows if self._small else self._size.rows if self._size else None
        knob = found.knob if found else None
        proven = await NumberedWays(survey, base, page, rows, knob, longer).find()
        may_go_on = signs_of_more(page) or looks_full(page, {}) or self._small
        if proven is None and may_go_on and survey.place.rows is None:
            key = find_key([rows], survey.again)
            fields = dict.fromkeys([*(key.fields or key.offered)[:1], "id"])
            proven = await ways.behind_last_row([each for each in fields if _differs(each, rows)])
        return proven

    @property
    def _names_more(self) -> bool:
        """Whether a page that may be cut names a token, whatever else it says of more."""
        page = self._survey.first
        return is_round(page.row_count) and bool(tokens_shown(page, in_body=self._survey.in_body))

    def _one_page(self) -> FoundPaging:
        """Whether all rows came with one answer, where no way leads on."""
        survey = self._survey
        page, count = survey.first, len(survey.rows)
        total, place = survey.total, survey.total_place
        seen = signs_of_more(page)
        why = None
        if self._size is not None:
            seen = f"{self._size.knob} brought {len(self._size.rows):,} rows in place of {count:,}"
        elif seen is None and says_more(page.rest) is False and not self._names_more:
            why = "the answer says that there is no more"
        elif seen is None and total == count and self._small and self._total_of_small == count:
            why = f"{place} tells {count:,} rows, also where a page has fewer"
        elif seen is None and says_end(page) and not links_shown(page, links_by_relation):
            why = "the answer has a place for the next page, and nothing there"
        elif seen is None and total == count and is_not_full(page):
            why = f"{place} tells {count:,} rows, so many came, and the page has room for more"
        if why is not None:
            survey.note(
                "paginator", "proven", f"{why}; an answer that says else is heeded", ONE_PAGE
            )
            endpoint = {**survey.endpoint, "paginator": ONE_PAGE}
            return _whole(endpoint, survey.rows)
        told = (
            f"{seen.partition(': say')[0]}, and no way to others was found"
            if seen
            else "nothing says whether this one row is all"
            if count == 1
            else f"nothing says whether these {count:,} rows are all"
        )
        survey.note("paginator", "unknown", told)
        return self.unknown()

    def as_the_user_says(self) -> FoundPaging:
        """The one page that the listing has, as whoever asks knows."""
        survey = self._survey
        survey.note("paginator", "proven", "one answer has all rows, as you said", "single_page")
        endpoint = {**survey.endpoint, "paginator": "single_page"}
        return _whole(endpoint, survey.rows)

    def unknown(self) -> FoundPaging:
        """The listing, where nothing is proven of how it goes on."""
        endpoint = {**self._survey.endpoint, "paginator": "unknown"}
        return FoundPaging(endpoint, None, is_proven=False, pages=(self._survey.rows,))

    async def _in_large_pages(self, proven: ProvenWay) -> FoundPaging:
        """Reads the listing in the largest pages, as far as may be asked."""
        found = self._small or self._size
        if found is not None:
            knob, asked = found.knob, found.asked
            if self._small is not None:
                asked = await self._sizes.largest_of(knob)
            sized = await self._in_size(proven, knob, asked)
            if sized is not None:
                return await self._ended(sized.endpoint, sized.walk, proven)
        most = self._most_pages(len(proven.walk.pages[0]))
        walk = await self._survey.trials.walk({**proven.endpoint, "total": None}, _WHY, most)
        if walk.error is not None or len(walk.pages) < len(proven.walk.pages):
            walk = proven.walk
        return await self._ended(proven.endpoint, walk, proven)

    async def _in_size(self, proven: ProvenWay, knob: Knob, asked: int) -> ProvenWay | None:
        """The way in pages of a size, or of the largest size below it; None if none join."""
        came = len(await self._first_of(knob, asked))
        # A round number is what pages are cut at, any other one what there is.
        is_cut = came < asked and is_round(came)
        for size in dict.fromkeys((came, asked) if is_cut else (asked, came)):
            sized = await self._sized(proven, knob, size)
            if sized is None:
                continue
            if size == asked and came < asked and not sized.is_alone:
                continue
            if size < asked and sized.is_alone:
                continue
            told = f"pages of {asked:,} rows can be asked for"
            if size < asked:
                told = f"asked for {asked:,} rows, gave {came:,}"
            text = f"{knob}: {told}; {sized.text}"
            self._survey.note("paginator.limit", "proven", text)
            return sized
        return None

    async def _first_of(self, knob: Knob, size: int) -> Sequence[Row]:
        asked = self._survey.asking({knob: size})
        page = await self._survey.trials.page(asked, f"the first page of {size:,} rows")
        return rows_of(page.rows)

    async def _sized(self, proven: ProvenWay, knob: Knob, size: int) -> ProvenWay | None:
        """The way in pages of a size; None where rows are missing that came in smaller ones."""
        survey = self._survey
        asked = survey.asking({knob: size})
        page = await survey.trials.page(asked, f"the first page of {size:,} rows")
        rows = rows_of(page.rows)
        base, way = _in_pages_of(survey.endpoint, proven.way, knob, size)
        more = proven.way.paginator.get("has_more_path") or has_more_path(survey.first)
        sized = await prove(survey, base, page, rows, way, self._most_pages(len(rows)), more)
        if sized is None:
            return None
        missing = survey.same.marks(proven.walk.rows) - survey.same.marks(sized.walk.rows)
        if len(missing) > len(proven.walk.rows) * _MOST_MISSING and sized.is_whole:
            told = f"pages of {size:,} rows by {knob}: rows are missing that smaller pages had"
            survey.note("paginator", "ruled out", told)
            return None
        return sized

    def _most_pages(self, size: int) -> int:
        survey, client = self._survey, self._survey.trials.client
        wanted = _USUAL_PAGES
        if survey.total is not None:
            pages = ceil(survey.total / max(1, size)) + 1
            wanted = pages if pages <= _MOST_PAGES else _USUAL_PAGES
        return min(wanted, max(_FEWEST_PAGES, client.left - _KEPT_BACK))

    async def _ended(
        self, endpoint: Mapping[str, Any], walk: Walk, proven: ProvenWay
    ) -> FoundPaging:
        survey, has_all = self._survey, walk.end is not None and walk.error is None
        first_pages = proven.walk.pages
        found = FoundPaging(endpoint, walk, True, walk.pages, has_all, first_pages=first_pages)
        if len(proven.walk.rows) > len(walk.rows):
            found = replace(found, pages=first_pages)
        try:
            endpoint = await Endings(survey, endpoint, walk).endpoint()
        except EndUnknown as unknown:
            survey.note("paginator", "unknown", str(unknown))
            told = "So its pages go on; say where they end:"
            survey.note("paginator", "offered", told, endpoint["paginator"])
            return self.unknown()
        except (AskedEnough, HeadraceError):
            return found
        is_guarded = "total" not in endpoint and "stop_condition" not in endpoint["paginator"]
        has_all = has_all or (survey.total is not None and is_guarded)
        return replace(found, endpoint=endpoint, has_all=has_all)


def _differs(field: str, rows: Sequence[Row]) -> bool:
    """Whether a field differs in all rows: behind one value of several rows some are left out."""
    return len({str(row.get(field)) for row in rows}) == len(rows)


def _whole(endpoint: Mapping[str, Any], rows: Sequence[Row]) -> FoundPaging:
    pages = (tuple(rows),)
    return FoundPaging(endpoint, Walk(pages), is_proven=True, pages=pages, has_all=True)


def _in_pages_of(
    endpoint: Mapping[str, Any], way: PagingWay, knob: Knob, size: int
) -> tuple[Mapping[str, Any], PagingWay]:
    """An endpoint without a paginator and a way, which ask for pages of a size together."""
    paginator = dict(way.paginator)
    kind = paginator["type"]
    if kind == "cursor":
        # A larger page may show that it is wrong.
        paginator.pop("has_more_path", None)
    if kind == "offset":
        paginator.pop("limit_body_path", None)
        paginator.pop("limit_param", None)
        place = "limit_body_path" if knob.in_body else "limit_param"
        paginator |= {"limit": size, place: knob.name}
    elif kind == "cursor" and not knob.in_body:
        paginator |= {"limit": size, "limit_param": knob.name}
    else:
        return _without_page(knob.turned(endpoint, size), way), replace(way, paginator=paginator)
    # The paginator sends it.
    return knob.left_out(endpoint), replace(way, paginator=paginator)


def _without_page(endpoint: Mapping[str, Any], way: PagingWay) -> Mapping[str, Any]:
    """An endpoint without the number of a page, which its paginator sends."""
    param = way.paginator.get("page_param")
    return Knob(param).left_out(endpoint) if param else endpoint
