"""Finds whether pages can be asked for by a number, and proves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from headrace.core.exceptions import HeadraceError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.proofs import ProvenWay, prove
from headrace.discovery.survey import Knob, Survey, knobs_given, knobs_shown, one_of
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
    places_beside,
)
from headrace.sansio.paging import Page
from headrace.sansio.paging.envelope import all_fields, plain_name

Kind = Literal["offset", "page"]
Tried = tuple[Kind, Knob]

_GIVEN: dict[Kind, Sequence[str]] = {
    "offset": (*OFFSETS, *BODY_OFFSETS),
    "page": (*PAGES, *BODY_PAGES),
}
_SECOND_PAGE = 2
_MOST_PARTS = 3
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
        shown = list(dict.fromkeys(self._shown()))
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
        self._was_refused = self._survey.refuses_strangers
        placed = None if self._was_refused else await self._placed(some)
        if placed is not None:
            tried, base = placed
            proven = await self._prove(tried, base)
            if proven is not None or base is not None:
                return proven
            some.remove(tried)
        if not self._was_refused:
            return None
        for tried in self._likeliest_first(some)[: len(_LIKELIEST)]:
            if await self._moves([tried]):
                return await self._prove(tried)
        return None

    async def _placed(self, some: Sequence[Tried]) -> tuple[Tried, int | None] | None:
        """Which of several numbers moves the listing, each asking for another place, and its base.

        Sets whether the server refuses such a request, or shows a place that none asked for.
        """
        known, size = self._longer or self._rows, len(self._rows)
        for asked in _different_places(self._likeliest_first(some), size, len(known)):
            rows = await self._second_page(asked)
            if not rows:
                self._was_refused = True
                return None
            place = self._survey.same.place_of(rows, known)
            if place == 0:
                continue
            for tried, number in asked.items():
                for base in (0, 1) if tried[0] == "offset" else (1, 0):
                    if place == (number - base) * (1 if tried[0] == "offset" else size):
                        return tried, base
            pages = [tried for tried in asked if tried[0] == "page"]
            if place is None and len(pages) == 1:
                return pages[0], None
            self._was_refused = True
            return None
        return None

    async def _second_page(self, numbers: Mapping[Tried, int]) -> Sequence[Row]:
        """The rows at some numbers; none where they are refused."""
        endpoint: Mapping[str, Any] = self._base
        for (_, knob), number in numbers.items():
            endpoint = knob.turned(endpoint, number)
        names = one_of([knob.name for _, knob in numbers])
        try:
            page = await self._survey.trials.page(endpoint, f"whether {names} leads on")
        except HeadraceError:
            return ()
        return rows_of(page.rows)

    def _likeliest_first(self, some: Sequence[Tried]) -> list[Tried]:
        """Those that usually stand beside what takes the size, and then what is usual at all."""
        beside = places_beside(self._size.name) if self._size is not None else ()
        likely = {name: place for place, name in enumerate(dict.fromkeys((*beside, *_LIKELIEST)))}
        in_body = self._size is not None and self._size.in_body

        def rank(tried: Tried) -> tuple[bool, int]:
            return tried[1].in_body != in_body, likely.get(tried[1].name, len(likely))

        return sorted(some, key=rank)

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
        usual, endpoint = [*self._all()], self._base
        for kind, names in _GIVEN.items():
            given = [Knob(name) for name in self._survey.places_dropped if name in names]
            yield from ((kind, knob) for knob in (*given, *knobs_given(endpoint, names)))
        yield from self._within_object_of_size()
        shown: dict[Kind, list[str]] = {
            "offset": offsets_shown(self._page, urls),
            "page": pages_shown(self._page, urls),
        }
        for kind, names in shown.items():
            knobs = knobs_shown(names, [knob for of, knob in usual if of == kind], endpoint)
            yield from ((kind, knob) for knob in sorted(knobs, key=self._is_apart_from_size))

    def _within_object_of_size(self) -> Iterator[Tried]:
        """Beside `search[pageSize]`: `search[currentPage]`, where the answer tells of such."""
        if self._size is None or not self._size.is_nested or self._size.in_body:
            return
        above = self._size.name.partition("[")[0]
        told = {plain_name(keys[-1]) for keys, _ in all_fields(self._page.rest)}
        kinds: dict[Kind, Sequence[str]] = {"page": PAGES, "offset": OFFSETS}
        for kind, names in kinds.items():
            for name in names:
                if plain_name(name) in told and "[" not in name:
                    yield kind, Knob(f"{above}[{name}]")

    def _is_apart_from_size(self, knob: Knob) -> bool:
        """Whether the size is within an object, as `page[size]`, and this one is not."""
        return self._size is not None and self._size.is_nested and not knob.is_nested

    async def _moves(self, some: Sequence[Tried]) -> bool:
        """Whether a second page by one of several numbers has other rows."""
        numbers = {
            tried: len(self._rows) if tried[0] == "offset" else _SECOND_PAGE for tried in some
        }
        rows, same = await self._second_page(numbers), self._survey.same
        return same.are_new(rows, same.marks(self._rows))

    async def _prove(self, tried: Tried, base: int | None = None) -> ProvenWay | None:
        kind, knob = tried
        ways = self._by_offset(knob) if kind == "offset" else self._by_page(knob)
        for way in ways:
            begin = way.paginator.get("offset" if kind == "offset" else "base_page", 0)
            if base is not None and begin != base:
                continue
            # The paginator sends it, and begins where the first page does.
            base_of_way = knob.left_out(self._base)
            proven = await prove(self._survey, base_of_way, self._page, self._rows, way)
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


def _different_places(some: Sequence[Tried], size: int, known: int) -> Iterator[dict[Tried, int]]:
    """Numbers that lead to places that differ, whether they begin at 0 or at 1.

    Args:
        some: What may take a number, the likeliest first.
        size: How many rows a page has.
        known: How many of the first rows are known, so that their place is seen.
    """
    waiting = list(some)
    for _ in range(_MOST_PARTS):
        asked: dict[Tried, int] = {}
        taken: set[int] = {0}
        for tried in waiting:
            step = 1 if tried[0] == "offset" else size
            for number in range(2, known // step, 2):
                places = {number * step, (number - 1) * step}
                if not places & taken:
                    asked[tried] = number
                    taken |= places
                    break
            else:
                is_first = not any(kind == "page" for kind, _ in asked)
                # Too few rows are known for a number whose place shows whether it begins at 0.
                if tried[0] == "page" and is_first and known < (_SECOND_PAGE + 1) * size:
                    asked[tried] = _SECOND_PAGE
                    taken |= {size, _SECOND_PAGE * size}
        if not asked:
            return
        yield asked
        waiting = [tried for tried in waiting if tried not in asked]
