"""Finds how a listing goes on, in pages as large as the server gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from headrace.core.exceptions import HeadraceError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.endings import Endings
from headrace.discovery.numbered_ways import NumberedWays
from headrace.discovery.page_sizes import FoundSize, PageSizes
from headrace.discovery.probing_client import AskedEnough
from headrace.discovery.proofs import ProvenWay, judged
from headrace.discovery.survey import Knob, Survey
from headrace.discovery.trials import Row, Walk
from headrace.discovery.ways_on import WaysOn
from headrace.http.link_header import links_by_relation
from headrace.sansio.discovery.keys import find_key
from headrace.sansio.discovery.paging_ways import links_shown, tokens_shown, urls_shown
from headrace.sansio.discovery.parameters import is_not_full, sizes_shown
from headrace.sansio.paging import Page
from headrace.sansio.paging.detection import says_more
from headrace.sansio.paging.signs import looks_full, says_end, signs_of_more

# What other questions need.
_KEPT_BACK = 7
_MOST_PAGES = 8
_USUAL_PAGES = 3
_MOST_MISSING = 0.1
_LINKS = ("json_link", "header_link")


@dataclass(frozen=True, slots=True)
class FoundPaging:
    """How a listing goes on.

    Args:
        endpoint: The endpoint; its `paginator` is `unknown` where nothing is proven.
        walk: The pages that were read; None where nothing is proven.
        is_proven: Whether it is.
    """

    endpoint: Mapping[str, Any]
    walk: Walk | None
    is_proven: bool


@stays_here
class PagingSearch:
    """Searches for the way in which a listing goes on.

    Args:
        survey: What is known of the listing; what is found is noted there.
    """

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        urls = urls_shown(survey.first, links_by_relation)
        self._sizes = PageSizes(survey, sizes_shown(survey.first, urls))
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
        longer = survey.rows if self._small else self._size.rows if self._size else None
        knob = found.knob if found else None
        proven = await NumberedWays(survey, base, page, rows, knob, longer).find()
        may_go_on = signs_of_more(page) or looks_full(page, {}) or self._small
        if proven is None and may_go_on and survey.place.rows is None:
            key = find_key([rows], survey.again)
            fields = list(dict.fromkeys([*(key.fields or key.offered)[:1], "id"]))
            proven = await ways.behind_last_row(fields)
        return proven

    def _one_page(self) -> FoundPaging:
        """Whether all rows came with one answer, where no way leads on."""
        survey = self._survey
        page, count = survey.first, len(survey.rows)
        total, place = survey.total, survey.total_place
        seen = signs_of_more(page)
        why = None
        if self._size is not None:
            seen = f"{self._size.knob} brought {len(self._size.rows):,} rows in place of {count:,}"
        elif seen is None and says_more(page.rest) is False:
            why = "the answer says that there is no more"
        elif seen is None and total == count and self._small and self._total_of_small == count:
            why = f"{place} tells {count:,} rows, also where a page has fewer"
        elif seen is None and says_end(page) and not links_shown(page, links_by_relation):
            why = "the answer has a place for the next page, and nothing there"
        elif seen is None and total == count and is_not_full(page):
            why = f"{place} tells {count:,} rows, so many came, and the page has room for more"
        if why is not None:
            survey.note("paginator", "proven", why, "single_page")
            endpoint = {**survey.endpoint, "paginator": "single_page"}
            return FoundPaging(endpoint, Walk((tuple(survey.rows),)), is_proven=True)
        told = (
            seen.partition(": say")[0]
            if seen
            else f"nothing says whether these {count:,} rows are all"
        )
        survey.note("paginator", "unknown", told)
        return self.unknown()

    def as_the_user_says(self) -> FoundPaging:
        """The one page that the listing has, as whoever asks knows."""
        survey = self._survey
        survey.note("paginator", "proven", "one answer has all rows, as you said", "single_page")
        endpoint = {**survey.endpoint, "paginator": "single_page"}
        return FoundPaging(endpoint, Walk((tuple(survey.rows),)), is_proven=True)

    def unknown(self) -> FoundPaging:
        """The listing, where nothing is proven of how it goes on."""
        endpoint = {**self._survey.endpoint, "paginator": "unknown"}
        return FoundPaging(endpoint, None, is_proven=False)

    async def _in_large_pages(self, proven: ProvenWay) -> FoundPaging:
        """Reads the listing in the largest pages, as far as may be asked."""
        found = self._small or self._size
        if found is not None:
            knob, asked = found.knob, found.asked
            if self._small is not None:
                asked = await self._sizes.largest_of(knob)
            sized = await self._in_size(proven, knob, asked)
            if sized is not None:
                return await self._ended(*sized)
        walk = await self._walk(proven.endpoint, len(proven.walk.pages[0]))
        if walk.error is not None:
            walk = proven.walk
        return await self._ended(proven.endpoint, walk)

    async def _in_size(
        self, proven: ProvenWay, knob: Knob, asked: int
    ) -> tuple[Mapping[str, Any], Walk] | None:
        """The endpoint in pages of a size, or of the largest size below it; None if none join."""
        survey = self._survey
        endpoint = self._sized(proven, knob, asked)
        walk = await self._walk(endpoint, asked)
        came = len(walk.pages[0]) if walk.pages else 0
        told = f"pages of {asked:,} rows can be asked for"
        if 0 < came < asked and sum(bool(page) for page in walk.pages) > 1:
            told = f"asked for {asked:,} rows, gave {came:,}"
            endpoint = self._sized(proven, knob, came)
            walk = await self._walk(endpoint, came)
        fault, seen = judged(survey, walk, walk.pages[0] if walk.pages else ())
        missing = survey.same.marks(proven.walk.rows) - survey.same.marks(walk.rows)
        is_less = len(missing) > len(proven.walk.rows) * _MOST_MISSING
        if fault is not None or walk.error is not None or is_less:
            why = fault or walk.error or "rows are missing that smaller pages had"
            survey.note("paginator", "ruled out", f"pages of {asked:,} rows by {knob}: {why}")
            return None
        survey.note("paginator.limit", "proven", "; ".join(filter(None, (f"{knob}: {told}", seen))))
        return endpoint, walk

    def _sized(self, proven: ProvenWay, knob: Knob, size: int) -> Mapping[str, Any]:
        """The endpoint, asking for pages of a size."""
        paginator = dict(proven.way.paginator)
        base = {**self._survey.endpoint, "paginator": paginator}
        kind = paginator["type"]
        if kind == "offset":
            paginator.pop("limit_body_path", None)
            paginator.pop("limit_param", None)
            paginator |= {
                "limit": size,
                f"limit_{'body_path' if knob.in_body else 'param'}": knob.name,
            }
        elif kind == "cursor" and not knob.in_body:
            paginator |= {"limit": size, "limit_param": knob.name}
        else:
            return knob.turned(base, size)
        # The paginator sends it.
        return knob.left_out(base)

    async def _walk(self, endpoint: Mapping[str, Any], size: int) -> Walk:
        survey, client = self._survey, self._survey.trials.client
        most = max(1, client.left - _KEPT_BACK)
        wanted = _USUAL_PAGES
        if survey.total is not None:
            pages = ceil(survey.total / max(1, size)) + 1
            wanted = pages if pages <= _MOST_PAGES else _USUAL_PAGES
        why = "whether the listing goes on so, and how it ends"
        return await survey.trials.walk({**endpoint, "total": None}, why, min(wanted, most))

    async def _ended(self, endpoint: Mapping[str, Any], walk: Walk) -> FoundPaging:
        try:
            endpoint = await Endings(self._survey, endpoint, walk).endpoint()
        except (AskedEnough, HeadraceError):
            return FoundPaging(endpoint, walk, is_proven=True)
        return FoundPaging(endpoint, walk, is_proven=True)
