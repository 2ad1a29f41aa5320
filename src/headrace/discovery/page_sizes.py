"""Finds what takes the size of a page, and the largest size that the server honours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.core.exceptions import HeadraceError, ResponseStatusError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.survey import Knob, Survey, knobs_given, knobs_shown, listed
from headrace.discovery.trials import Row, rows_of
from headrace.sansio.discovery.parameters import (
    BODY_SIZES,
    SIZES,
    query_names,
    sizes_shown,
    written_alike,
)

LARGE = 1_000
_FEWEST_PARTS = 3
_MOST_PARTS = 3
# Servers that refuse what they do not know, or take it for a filter, are asked for these alone.
_LIKELIEST = (
    *("limit", "per_page", "page_size", "pageSize", "size", "_limit", "_per_page", "$top"),
    *("page[size]", "count", "rows", "$limit"),
)
_NUMBER = re.compile(r"\d[\d,_]*")
_OTHER_SIZES = (100, 50)
_FEW = 2
_FEW_IN_BODY = 4


@dataclass(frozen=True, slots=True)
class FoundSize:
    """What takes the size of a page.

    Args:
        knob: What takes it.
        asked: The size that was asked for.
        rows: The rows of the first page of that size.
    """

    knob: Knob
    asked: int
    rows: Sequence[Row]


@stays_here
class PageSizes:
    """Tries sizes of pages.

    Args:
        survey: What is known of the listing.
        urls: The URLs that an answer shows.
    """

    def __init__(self, survey: Survey, urls: Sequence[str]) -> None:
        self._survey = survey
        self._urls = urls
        self._shown = sizes_shown(survey.first, urls)
        self._refused: str | None = None
        self._known: Knob | None = None
        # Where others are refused: those that are taken, though no larger page came.
        self._taken: list[Knob] | None = None

    async def larger(self) -> FoundSize | None:
        """Finds the largest page, where one is larger than the first."""
        return await self._find(LARGE)

    async def smaller(self) -> FoundSize | None:
        """Finds a page that is a part of the first one."""
        count = len(self._survey.rows)
        if count <= 1:
            return None
        return await self._find(max(1, count // _FEWEST_PARTS))

    async def of_size(self, knob: Knob, size: int) -> FoundSize | None:
        """The first page of a size, where what takes it is known.

        Args:
            knob: What takes the size.
            size: The size, in rows.
        """
        rows = await self._asked(knob, size)
        return None if rows is None else FoundSize(knob, size, rows)

    async def largest_of(self, knob: Knob) -> int:
        """The largest size that is taken without an error, where what takes it is known.

        Args:
            knob: What takes the size.
        """
        self._refused = None
        count = len(self._survey.rows)
        if await self._asked(knob, LARGE, least=count) is not None:
            return LARGE
        for size in self._sizes_below(self._refused or ""):
            if await self._asked(knob, size, least=count) is not None:
                return size
        return count

    async def _tried(self, knob: Knob, size: int) -> tuple[FoundSize | None, str | None]:
        """The page of a size, or below a bound that its refusal names; and that refusal."""
        self._refused = None
        found = await self.of_size(knob, size)
        refusal = self._refused if found is None else None
        if refusal is not None and self._named_below(refusal):
            found = await self._below_refusal(knob, size, refusal)
        return found, refusal

    async def _below_refusal(self, knob: Knob, size: int, refusal: str) -> FoundSize | None:
        """The largest page below a size that was refused, where that names a bound, say."""
        if size <= len(self._survey.rows):
            return None
        for smaller in self._sizes_below(refusal):
            found = await self.of_size(knob, smaller)
            if found is not None:
                return found
        return None

    async def _find(self, size: int) -> FoundSize | None:
        if self._known is not None:
            return await self._first_heeded([self._known], size)
        body = [Knob(name, in_body=True) for name in BODY_SIZES] if self._survey.in_body else []
        body = [knob for knob in body if knob.fits(self._survey.endpoint)]
        if self._taken is not None:
            return await self._first_heeded(self._taken, size)
        shown = knobs_shown(self._shown, [*body, *map(Knob, SIZES)], self._survey.endpoint)
        given = knobs_given(self._survey.endpoint, (*SIZES, *BODY_SIZES))
        shown = list(dict.fromkeys([*given, *shown]))
        found = await self._first_heeded(shown, size)
        if found is not None:
            return found
        named = [*query_names(self._urls), *(self._survey.endpoint.get("params") or {})]
        query = [Knob(name) for name in written_alike(SIZES, named)]
        usual = ((body, BODY_SIZES[:_FEW_IN_BODY]), (query, _LIKELIEST))
        for some, likeliest in usual:
            others = [knob for knob in some if knob not in shown]
            found = await self._among(others, size, likeliest) if others else None
            if found is not None:
                return found
        return None

    async def _first_heeded(self, knobs: Sequence[Knob], size: int) -> FoundSize | None:
        """The first knob that takes a size; where none takes this one, a smaller size."""
        refused: dict[Knob, str] = {}
        for knob in knobs:
            found, refusal = await self._tried(knob, size)
            if found is not None:
                return found
            if refusal is not None:
                refused[knob] = refusal
        too_large = self._too_large(refused)
        if self._survey.refuses_strangers:
            taken = [knob for knob in knobs if knob not in refused or knob in too_large]
            self._taken = list(dict.fromkeys([*(self._taken or ()), *taken]))
        for knob in too_large:
            found = await self._below_refusal(knob, size, refused[knob])
            if found is not None:
                return found
        return None

    def _too_large(self, refused: Mapping[Knob, str]) -> list[Knob]:
        """Those that were refused for their size, and not because they are not known."""
        if len(refused) <= _FEW:
            return list(refused)
        said = {knob: text.replace(knob.name, "") for knob, text in refused.items()}
        alike = Counter(said.values())
        odd = [knob for knob, text in said.items() if alike[text] == 1]
        return [knob for knob in refused if self._named_below(refused[knob])] or odd[:_FEW]

    async def _among(
        self, knobs: Sequence[Knob], size: int, likeliest: Sequence[str]
    ) -> FoundSize | None:
        """Tries the likeliest by itself, and then all at once, each with a size of its own."""
        found, _ = await self._tried(knobs[0], size)
        if found is not None:
            return found
        heeded = await self._heeded(knobs)
        if heeded is not None:
            self._known = heeded
            return await self._first_heeded([heeded], size)
        if self._was_filtered:
            return await self._first_heeded(
                [knob for knob in knobs if knob.name in likeliest], size
            )
        return None

    async def _heeded(self, knobs: Sequence[Knob]) -> Knob | None:
        """The knob whose size a page has, where each is asked for another size."""
        count = len(self._survey.rows)
        for values in _different_sizes(knobs, count):
            rows = await self._rows(values, "which of {} takes the size of a page")
            if rows is None:
                self._survey.refuses_strangers = len(values) > 1
                return None
            came = len(rows)
            fewer, more = sorted((rows, self._survey.rows), key=len)
            if came == count or not self._survey.same.begins_with(more, fewer):
                continue
            # Where rows are left out of a page, it is shorter than was asked for.
            above = [(size, knob.name, knob) for knob, size in values.items() if size >= came]
            if above:
                return min(above)[2]
        return None

    async def _asked(self, knob: Knob, size: int, least: int | None = None) -> Sequence[Row] | None:
        """The rows that come with a size; None where it is not heeded."""
        survey, count = self._survey, len(self._survey.rows)
        least = count + 1 if least is None else least
        rows = await self._rows(
            {knob: size}, f"whether a page of {size:,} row{'s' * (size != 1)} can be had ({{}})"
        )
        if rows is None:
            return None
        if size < count:
            return (
                rows if len(rows) == size and survey.same.begins_with(survey.rows, rows) else None
            )
        self._was_filtered = len(rows) < count
        return rows if len(rows) >= least and survey.same.begins_with(rows, survey.rows) else None

    async def _rows(self, values: Mapping[Knob, Any], why: str) -> Sequence[Row] | None:
        """The rows that come with sizes; None where they are refused."""
        self._was_filtered = False
        asked = self._survey.asking(values)
        try:
            page = await self._survey.trials.page(
                asked, why.format(listed([knob.name for knob in values]))
            )
        except ResponseStatusError as refused:
            # No number of the URL, as those of 127.0.0.1.
            said = str(refused).partition(": ")[2]
            self._refused = said.replace(str(refused.status), "")
            self._was_filtered = True
            return None
        except HeadraceError:
            self._was_filtered = True
            return None
        rows = rows_of(page.rows)
        # Servers that take what they do not know for a filter answer with nothing.
        self._was_filtered = not rows
        return rows

    def _sizes_below(self, refusal: str) -> list[int]:
        """Sizes to try after a refusal, those that it names first."""
        count = len(self._survey.rows)
        others = (size for size in _OTHER_SIZES if size > count)
        return list(dict.fromkeys([*self._named_below(refusal), *others]))[:2]

    def _named_below(self, refusal: str) -> list[int]:
        """The sizes that a refusal names, the largest first."""
        count = len(self._survey.rows)
        named = (int(re.sub(r"[,_]", "", each)) for each in _NUMBER.findall(refusal))
        return sorted({size for size in named if count < size < LARGE}, reverse=True)


def _different_sizes(knobs: Sequence[Knob], count: int) -> Iterator[dict[Knob, int]]:
    """Sizes that differ from each other and from that of a page, for all knobs or parts of them.

    Args:
        knobs: What may take a size.
        count: How many rows a page has.
    """
    if count <= len(knobs):
        # The server may give no larger page, or have no more rows: then smaller ones tell.
        yield {knob: count + place for place, knob in enumerate(knobs, start=1)}
    most = max(1, count - 1)
    for begin in range(0, min(len(knobs), _MOST_PARTS * most), most):
        part = knobs[begin : begin + most]
        yield {knob: count - place for place, knob in enumerate(part, start=1)}
