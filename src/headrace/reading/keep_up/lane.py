"""Keeps up with a listing: asks what the tail's planner wants to know, and cuts it into legs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import (
    ConfigError,
    Fault,
    HeadraceError,
    PageError,
    ResponseStatusError,
    StateError,
)
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import clean
from headrace.http.answer_hooks import AnswerIgnored
from headrace.reading.keep_up.lane_state import LaneState
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.keep_up.row_facts import TailRowReader
from headrace.reading.keep_up.single_rows import SingleRows
from headrace.reading.listing import Client, FetchedPage, Listing
from headrace.sansio.paging import Paginator
from headrace.sansio.rows import PageSlicer
from headrace.sansio.rows.row_facts import cut_to
from headrace.sansio.tail import (
    CursorRefused,
    Found,
    Gone,
    ListAsk,
    NotThere,
    Page,
    Planner,
    RowAsk,
)
from headrace.sansio.tail.extent import share_read
from headrace.sansio.tail.messages import Answer, Ask

# What servers answer to a cursor that they do not take any more.
_REFUSED = frozenset({400, 404, 410, 422})


@dataclass(frozen=True, slots=True)
class LegBounds:
    """When the lane ends its legs.

    Args:
        sync_started: the same moment for all legs of a sync, in seconds since 1970.
        is_over: of a leg with so many bytes after so many seconds, whether it ends.
        clock: gives the time in seconds since 1970.
        may_repeat: a row may be loaded more than once in a leg.
        concurrency: requests under way at once.
    """

    sync_started: float
    is_over: Callable[[int, float], bool]
    clock: Callable[[], float]
    may_repeat: bool
    concurrency: int


@dataclass(slots=True)
class _Answered:
    """What came.

    Args:
        answer: as the planner sees it.
        page: that it came in.
        rows: those that the planner knows of.
        apart: those that it need not know of, since they are for the quarantine.
    """

    answer: Answer
    page: FetchedPage | None = None
    rows: list[msgspec.Raw] = field(default_factory=list)
    apart: list[msgspec.Raw] = field(default_factory=list)


@dataclass(slots=True)
class _Pass:
    """One walk down the listing, from its top or from a saved cursor."""

    paginator: Paginator
    slicer: PageSlicer
    number: int = 0
    expected: str | None = None


class TailLane:
    """The requests of one resource in one sync.

    Args:
        listing: how the resource is listed.
        config: how it is kept up with.
        state: as the last leg left it; empty at first.
        bounds: of the legs.
        figures: to count on.

    Raises:
        StateError: the state is of a later version, or broken.
    """

    def __init__(
        self,
        listing: Listing,
        config: TailConfig,
        state: dict[str, Any],
        bounds: LegBounds,
        figures: ResourceFigures,
    ) -> None:
        self._listing = listing
        self._config = config
        self._bounds = bounds
        self._figures = figures
        try:
            known = LaneState.read(state)
            self._planner = self._new_planner(known.ledger)
        except (StateError, ConfigError) as error:
            raise _of_resource(listing.name, error) from None
        self._reader = TailRowReader(listing.name, config, known.fields)
        self._pass: _Pass | None = None
        self._singles = SingleRows(listing, config, figures)
        self._shown: int | str | None = None
        self._gone: list[Gone] = []
        self._refusal: ResponseStatusError | None = None

    def _new_planner(self, ledger: Any) -> Planner:
        bounds = self._bounds
        return Planner(
            self._config.settings,
            ledger,
            sync_started=bounds.sync_started,
            may_repeat=bounds.may_repeat,
        )

    async def items(self, client: Client) -> AsyncIterator[FetchedPage | LegEnd]:
        """Fetches all that the planner asks for.

        Args:
            client: to ask with.

        Yields:
            The rows to load, and behind those of each leg its end.

        Raises:
            RequestError: a request got no usable answer.
            PageError: an answer is not what the config describes.
        """
        under_way: dict[asyncio.Task[_Answered], Ask] = {}
        size, began = 0, time.monotonic()
        try:
            while True:
                for ask in self._asks(len(under_way)):
                    under_way[asyncio.create_task(self._answered(client, ask))] = ask
                if not under_way and not self._planner.is_leg_over:
                    break
                for ask, answered in await _next_done(under_way):
                    size += answered.page.size if answered.page else 0
                    page = self._learnt(ask, answered)
                    if page is not None:
                        yield page
                over = self._bounds.is_over(size, time.monotonic() - began)
                must_begin_anew = self._planner.is_leg_over and not under_way
                if must_begin_anew or (over and not self._planner.is_done):
                    is_on_disk = asyncio.Event()
                    await self._check_path(client)
                    yield self._leg_end(_setter(is_on_disk))
                    await is_on_disk.wait()
                    size, began = 0, time.monotonic()
                    if must_begin_anew:
                        self._planner = self._new_planner(self._planner.ledger)
            await self._check_path(client)
            yield self._leg_end()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    def _asks(self, under_way: int) -> Sequence[Ask]:
        room = self._bounds.concurrency - under_way
        return self._planner.asks(self._bounds.clock(), room) if room > 0 else ()

    async def _check_path(self, client: Client) -> None:
        if self._shown is not None:
            await self._singles.check_path(client, self._shown)

    def _leg_end(self, go_on: Callable[[], object] | None = None) -> LegEnd:
        """The end of the leg under way; of the last one where there is nothing to go on with."""
        state = LaneState(self._planner.ledger, self._reader.known).to_save(_may_be_kept)
        gone, self._gone = tuple(self._gone), []
        if go_on is None:
            return LegEnd(state, gone, is_last=True)
        return LegEnd(state, gone, is_last=False, go_on=go_on)

    def _learnt(self, ask: Ask, answered: _Answered) -> FetchedPage | None:
        """The rows of an answer that are to be loaded."""
        try:
            lesson = self._planner.learn(ask, answered.answer, self._bounds.clock())
        except (PageError, ConfigError) as error:
            told = _of_resource(self._listing.name, error)
            refusal = self._refusal
            if isinstance(answered.answer, CursorRefused) and refusal:
                told.located(
                    f"{told}\nThe server's last answer to a cursor: {refusal}",
                    url=refusal.url,
                    status=refusal.status,
                )
            raise told from None
        bound = self._config.settings.backfill_until
        self._figures.share = share_read(self._planner.ledger, bound)
        self._gone.extend(lesson.gone)
        self._figures.notes.extend(lesson.warnings)
        page = answered.page
        if page is None:
            return None
        wanted = [answered.rows[place] for place in lesson.load] + answered.apart
        self._figures.rows += len(page.rows) + len(page.unreadable)
        self._figures.known += len(page.rows) - len(wanted)
        return replace(page, rows=wanted) if wanted or page.unreadable else None

    async def _answered(self, client: Client, ask: Ask) -> _Answered:
        if isinstance(ask, ListAsk):
            return await self._page(client, ask.cursor)
        return await self._row(client, ask)

    async def _page(self, client: Client, cursor: str | None) -> _Answered:
        walk = self._pass
        if walk is None or cursor is None or walk.expected != cursor:
            paginator = self._listing.new_paginator()
            walk = self._pass = _Pass(paginator, self._listing.slicer(client, paginator))
        request = walk.paginator.first_request(self._listing.request)
        if cursor is not None:
            request = walk.paginator.at_cursor(request, json.loads(cursor))
        walk.number += 1
        try:
            page, following = await self._listing.fetch(
                client, request, walk.slicer, walk.number, self._figures, walk.paginator.next_cursor
            )
        except ResponseStatusError as error:
            if cursor is None or error.status not in _REFUSED:
                raise
            self._refusal, self._pass = error, None
            return _Answered(CursorRefused())
        except AnswerIgnored as ignored:
            raise PageError(
                f"{ignored.request}: {ignored.why} ignores the answer, but a listing that is kept "
                "up with would never come to the rows below. Let the function raise another error.",
                resource=self._listing.name,
                url=ignored.request.url,
            ) from None
        walk.expected = None if following is None else json.dumps(following)
        is_first_top = cursor is None and not self._planner.ledger.coverage.spans
        rows, apart, facts = self._reader.read(
            page, self._bounds.clock(), learn=True, is_first_top=is_first_top
        )
        if facts.keys:
            # One in the middle is neither still being written nor about to be pruned.
            self._shown = facts.keys[len(facts.keys) // 2]
        return _Answered(Page(facts, walk.expected), page, rows, apart)

    async def _row(self, client: Client, ask: RowAsk) -> _Answered:
        is_open = ask.key in self._planner.ledger.open
        page = await self._singles.fetch(client, ask.identity, is_open=is_open)
        if page is None:
            return _Answered(NotThere())
        page = replace(page, rows=[cut_to(row, self._reader.known) for row in page.rows])
        rows, apart, facts = self._reader.read(page, self._bounds.clock())
        if apart:
            raise PageError(
                f"resource `{self._listing.name}`, {page.request}: the answer has no "
                f"`{self._config.key}`, so it is not the row. Check `incremental.refresh_path`, "
                "and that `incremental.refresh_selector` leads to the row in it.",
                resource=self._listing.name,
                url=page.request.url,
            )
        return _Answered(Found(facts), page, rows)


def _of_resource(name: str, error: HeadraceError) -> HeadraceError:
    """The error, with the resource that it is about."""
    if isinstance(error, ConfigError):
        where = f"resources.{name}.endpoint.incremental"
        faults = [Fault(f"{where}.{each.path}", each.message) for each in error.faults]
        return ConfigError(faults, resource=name)
    return error.located(f"resource `{name}`: {error}", resource=name)


def _may_be_kept(cursor: str) -> bool:
    """Whether a cursor may go to the state: some are whole URLs, with the key in them."""
    return clean(cursor) == cursor


def _setter(event: asyncio.Event) -> Callable[[], object]:
    """What sets an event of the running loop from any thread."""
    return partial(asyncio.get_running_loop().call_soon_threadsafe, event.set)


async def _next_done(
    under_way: dict[asyncio.Task[_Answered], Ask],
) -> list[tuple[Ask, _Answered]]:
    if not under_way:
        return []
    done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    asks = [under_way.pop(task) for task in done]
    # All are looked at before one of them may raise.
    for task in done:
        task.exception()
    return [(ask, task.result()) for ask, task in zip(asks, done, strict=True)]
