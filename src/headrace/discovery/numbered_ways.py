"""Finds whether pages can be asked for by a number, and proves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from headrace.core.exceptions import HeadraceError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.proofs import ProvenWay, prove
from headrace.discovery.survey import Knob, Survey, listed
from headrace.discovery.trials import Row, rows_of
from headrace.http.link_header import links_by_relation
from headrace.sansio.discovery.paging_ways import PagingWay, urls_shown
from headrace.sansio.discovery.parameters import (
    BODY_OFFSETS,
    BODY_PAGES,
    OFFSETS,
    PAGES,
    offsets_shown,
    pages_shown,
)
from headrace.sansio.paging import Page

Kind = Literal["offset", "page"]
Tried = tuple[Kind, Knob]

_SECOND_PAGE = 2
_LIKELIEST = ("page", "offset", "skip", "start", "_page", "_start", "page[number]", "startAt")


@stays_here
class NumberedWays:
    """Tries what may take the place or the number of a page.

    Args:
        survey: What is known of the listing.
        base: The endpoint of the first page, without a paginator.
        page: Its first page.
        rows: Its rows.
        size: What takes the size of a page; None where that is not known.
        longer: The rows of a longer first page; None where there is none.
    """

    def __init__(
        self,
        survey: Survey,
        base: Mapping[str, Any],
        page: Page,
        rows: Sequence[Row],
        size: Knob | None,
        longer: Sequence[Row] | None,
    ) -> None:
        self._survey = survey
        self._base = base
        self._page = page
        self._rows = rows
        self._size = size
        self._longer = longer

    async def find(self) -> ProvenWay | None:
        """The first number that leads from page to page, without leaving a row out."""
        shown = [*self._shown()]
        for tried in shown:
            if await self._moves([tried]):
                proven = await self._prove(tried)
                if proven is not None:
                    return proven
        others = [tried for tried in self._all() if tried not in shown]
        for some in _without_conflicts(others):
            proven = await self._one_proven(some)
            if proven is not None:
                return proven
        return None

    async def _one_proven(self, some: list[Tried]) -> ProvenWay | None:
        for _ in range(2):
            moving = await self._one_of(some)
            if moving is None:
                return None
            proven = await self._prove(moving)
            if proven is not None:
                return proven
            some.remove(moving)
        return None

    def _all(self) -> Iterator[Tried]:
        if self._survey.in_body:
            in_body: list[Tried] = [
                *(("offset", Knob(name, in_body=True)) for name in BODY_OFFSETS),
                *(("page", Knob(name, in_body=True)) for name in BODY_PAGES),
            ]
            yield from (tried for tried in in_body if tried[1].fits(self._base))
        yield from (("offset", Knob(name)) for name in OFFSETS)
        yield from (("page", Knob(name)) for name in PAGES)

    def _shown(self) -> Iterator[Tried]:
        urls = urls_shown(self._page, links_by_relation)
        pages = pages_shown(self._page, urls)
        offsets = offsets_shown(self._page, urls)
        for tried in self._all():
            if tried[1].name in (offsets if tried[0] == "offset" else pages):
                yield tried

    async def _one_of(self, some: Sequence[Tried]) -> Tried | None:
        """Which of several moves the listing: all at once, and then halves of them."""
        likeliest = [each for each in some if each[1].name in _LIKELIEST]
        likeliest.sort(key=lambda each: _LIKELIEST.index(each[1].name))
        if not await self._moves(some):
            if not self._was_refused:
                return None
            for each in likeliest:
                if await self._moves([each]):
                    return each
            return None
        for each in likeliest[:2]:
            if await self._moves([each]):
                return each
        rest = [each for each in some if each not in likeliest[:2]]
        while len(rest) > 1:
            half = rest[: (len(rest) + 1) // 2]
            rest = half if await self._moves(half) else rest[len(half) :]
        return rest[0] if rest and await self._moves(rest) else None

    async def _moves(self, some: Sequence[Tried]) -> bool:
        """Whether a second page by one of several numbers has other rows."""
        endpoint: Mapping[str, Any] = self._base
        for kind, knob in some:
            number = len(self._rows) if kind == "offset" else _SECOND_PAGE
            endpoint = knob.turned(endpoint, number)
        names = listed([knob.name for _, knob in some])
        self._was_refused = False
        try:
            page = await self._survey.trials.page(endpoint, f"whether one of {names} leads on")
        except HeadraceError:
            self._was_refused = True
            return False
        rows, same = rows_of(page.rows), self._survey.same
        # Servers that take what they do not know for a filter answer with nothing.
        self._was_refused = not rows
        return same.are_new(rows, same.marks(self._rows))

    async def _prove(self, tried: Tried) -> ProvenWay | None:
        kind, knob = tried
        for way in self._by_offset(knob) if kind == "offset" else self._by_page(knob):
            proven = await prove(self._survey, self._base, self._rows, way)
            if proven is not None and await self._leaves_none_out(proven, knob, kind):
                return proven
        return None

    def _by_offset(self, knob: Knob) -> Iterator[PagingWay]:
        limit = self._size or Knob("limit", in_body=knob.in_body)
        paginator = {
            "type": "offset",
            "limit": len(self._rows),
            "offset_body_path" if knob.in_body else "offset_param": knob.name,
            "limit_body_path" if limit.in_body else "limit_param": limit.name,
            "total_path": None,
        }
        way = PagingWay(paginator, f"{knob}, the rows to skip", is_shown=False)
        yield way
        yield replace(way, paginator={**paginator, "offset": 1})

    def _by_page(self, knob: Knob) -> Iterator[PagingWay]:
        for base in (1, 0):
            paginator = {
                "type": "page_number",
                "base_page": base,
                "page_body_path" if knob.in_body else "page_param": knob.name,
                "total_path": None,
            }
            yield PagingWay(paginator, f"{knob}, the number of the page", is_shown=False)

    async def _leaves_none_out(self, proven: ProvenWay, knob: Knob, kind: Kind) -> bool:
        """Whether the second page begins where the first one ends."""
        survey, pages = self._survey, proven.walk.pages
        if len(pages) < 2 or not pages[1]:
            return True
        if survey.same.mark(pages[0][-1]) == survey.same.mark(pages[1][0]):
            survey.note("paginator", "ruled out", f"{knob}: page 2 begins with the last row again")
            return False
        together = [*pages[0], *pages[1]]
        if self._longer is not None and len(self._longer) >= len(together):
            if survey.same.begins_with(self._longer, together):
                return True
        elif kind == "page" or proven.way.paginator.get("offset"):
            return True
        else:
            number = len(self._rows) - 1
            endpoint = knob.turned(self._base, number)
            try:
                page = await survey.trials.page(endpoint, f"whether {knob} counts rows")
            except HeadraceError:
                return False
            rows = rows_of(page.rows)
            if rows and survey.same.mark(rows[0]) == survey.same.mark(pages[0][-1]):
                return True
        survey.note("paginator", "ruled out", f"{knob}: it leaves rows out between two pages")
        return False


def _without_conflicts(some: Sequence[Tried]) -> list[list[Tried]]:
    """Parts that can be asked with at once: in a body `page` is in the way of `page.from`."""
    plain = [tried for tried in some if not (tried[1].in_body and "." in tried[1].name)]
    deep = [tried for tried in some if tried not in plain]
    return [part for part in (plain, deep) if part]
