"""Finds how a listing goes on from page to page, and proves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.core.exceptions import HeadraceError
from headrace.core.secrets.shipping import stays_here
from headrace.discovery.proofs import ProvenWay, prove
from headrace.discovery.survey import Knob, Survey, one_of
from headrace.discovery.trials import Row, rows_of
from headrace.http.link_header import links_by_relation
from headrace.sansio.discovery.paging_ways import (
    PagingWay,
    ShownToken,
    behind_last_row,
    links_shown,
    tokens_shown,
)
from headrace.sansio.discovery.parameters import BEFORE_LAST_ROW
from headrace.sansio.paging import Page

_TRIED_ALONE = 2
_LIKELY = 4


@stays_here
class WaysOn:
    """Tries the ways to go on that a page shows, and those by its last row.

    Args:
        survey: What is known of the listing.
        base: The endpoint of the page, without a paginator.
        page: The page.
        rows: Its rows.
    """

    def __init__(
        self, survey: Survey, base: Mapping[str, Any], page: Page, rows: Sequence[Row]
    ) -> None:
        self._survey = survey
        self._base = base
        self._page = page
        self._rows = rows
        self._was_refused = False

    async def shown(self) -> ProvenWay | None:
        """The first way that the page names and that leads on."""
        proven = await self._first_proven(links_shown(self._page, links_by_relation))
        if proven is not None:
            return proven
        for token in tokens_shown(self._page, in_body=self._survey.in_body):
            proven = await self._of_token(token)
            if proven is not None:
                return proven
        return None

    async def behind_last_row(self, fields: Sequence[str]) -> ProvenWay | None:
        """The first way that goes on from the last row.

        Args:
            fields: The fields that may tell rows apart, the likeliest first.
        """
        ways = behind_last_row(self._page, self._rows[-1], fields, in_body=self._survey.in_body)
        by_path: dict[str, list[PagingWay]] = {}
        for way in ways:
            by_path.setdefault(way.paginator["cursor_path"], []).append(way)
        for some in by_path.values():
            proven = await self._of_token(ShownToken(some[0].seen, tuple(some)), alone=1)
            if proven is not None:
                return proven
        return None

    async def _of_token(self, token: ShownToken, alone: int = _TRIED_ALONE) -> ProvenWay | None:
        """Tries the likeliest ways to send a token by themselves, then several at once."""
        likeliest, rest = (
            [way for way in ways if _knob(way).fits(self._base)]
            for ways in (token.ways[:alone], token.ways[alone:])
        )
        proven = await self._first_proven(likeliest)
        if proven is not None:
            return proven
        value = self._value(rest[0]) if rest else None
        if value is None:
            return None
        before = [way for way in rest if way.paginator.get("cursor_param") in BEFORE_LAST_ROW]
        behind = [way for way in rest if way not in before]
        for some in (behind[:_LIKELY], behind[_LIKELY:], before):
            self._was_refused = False
            leading = await self._one_of(some, value)
            proven = None if leading is None else await self._prove(leading)
            if proven is not None:
                return proven
            if self._was_refused:
                # A server that refuses what it does not know refuses them all at once.
                return await self._first_proven(some[:_LIKELY])
        return None

    async def _first_proven(self, ways: Sequence[PagingWay]) -> ProvenWay | None:
        for way in ways:
            proven = await self._prove(way)
            if proven is not None:
                return proven
        return None

    async def _one_of(self, ways: Sequence[PagingWay], value: Any) -> PagingWay | None:
        """Which of several ways to send a token leads on: all at once, and then halves of them."""
        if not ways or not await self._leads_on(ways, value):
            return None
        while len(ways) > 1:
            half = ways[: (len(ways) + 1) // 2]
            ways = half if await self._leads_on(half, value) else ways[len(half) :]
        return ways[0]

    async def _leads_on(self, ways: Sequence[PagingWay], value: Any) -> bool:
        """Whether one of several ways to send a token brings other rows."""
        endpoint: Mapping[str, Any] = self._base
        for way in ways:
            endpoint = _knob(way).turned(endpoint, value)
        names = one_of([_knob(way).name for way in ways])
        try:
            page = await self._survey.trials.page(endpoint, f"whether {names} leads on")
        except HeadraceError:
            self._was_refused = True
            return False
        rows, same = rows_of(page.rows), self._survey.same
        return same.are_new(rows, same.marks(self._rows))

    def _value(self, way: PagingWay) -> Any:
        opened = self._survey.trials.listing({**self._base, "paginator": dict(way.paginator)})
        return opened.new_paginator().next_cursor(self._page)

    async def _prove(self, way: PagingWay) -> ProvenWay | None:
        return await prove(self._survey, self._base, self._page, self._rows, way)


def _knob(way: PagingWay) -> Knob:
    body = way.paginator.get("cursor_body_path")
    return Knob(body, in_body=True) if body else Knob(way.paginator["cursor_param"])
