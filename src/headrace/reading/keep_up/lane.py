"""Keeps up with a listing: has the planner's questions answered, and cuts the answers into legs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import ConfigError, Fault, HeadraceError, PageError, StateError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import clean
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.asking import Arrival, SinglesPolicy, TailRequests
from headrace.reading.keep_up.lane_state import LaneState
from headrace.reading.keep_up.legs import FailedRow, LegEnd, SingleRequests
from headrace.reading.keep_up.row_facts import TailRowReader
from headrace.reading.listing import Listing
from headrace.sansio.tail import CursorRefused, GoneRow, Ledger, OwnListAsk, Planner, RowAsk
from headrace.sansio.tail.extent import share_read
from headrace.sansio.tail.messages import Ask
from headrace.sansio.tail.within import Within

_LISTED_ANEW = (
    "what is known of the listing cannot be read ({}): everything is listed again and merged into "
    "the table, where all rows stay"
)
_LANES = "lanes"
_NONE_MAY_FAIL = SinglesPolicy()
# So many rows that are left for the next sync are put on record; the ledger has all of them.
_MOST_LEFT = 200


@dataclass(frozen=True, slots=True)
class LegBounds:
    """When the lane ends its legs.

    Args:
        sync_started: When the sync began, in seconds since 1970; the same for all of its legs.
        is_over: Says of a leg, by its size in bytes and its age in seconds, whether it ends.
        clock: Gives the time in seconds since 1970.
        may_repeat: Whether a row may be loaded more than once in a leg.
        concurrency: The number of requests under way at once.
        is_one_leg: Whether there is one leg, in which no row may come twice but where keys move.
    """

    sync_started: float
    is_over: Callable[[int, float], bool]
    clock: Callable[[], float]
    may_repeat: bool
    concurrency: int
    is_one_leg: bool = False


class TailLane:
    """The one chain of requests that keeps up with a listing in one sync.

    Args:
        listing: How the resource is listed.
        config: How the listing is kept up with.
        state: What the last leg has left; empty at first.
        bounds: When its legs end.
        figures: Where to count.
        singles: What to do about requests for single rows that fail.
        within: The part of the listing that is read on its own, with its ledger in the state; None
            for all of it.

    Raises:
        StateError: The state was left by a later version.
    """

    def __init__(
        self,
        listing: Listing,
        config: TailConfig,
        state: dict[str, Any],
        bounds: LegBounds,
        figures: ResourceFigures,
        singles: SinglesPolicy = _NONE_MAY_FAIL,
        within: Within | None = None,
    ) -> None:
        self._within = within
        self._listing = listing
        self._config = config
        self._bounds = bounds
        self._figures = figures
        self._singles = singles
        self._on_record = set(singles.tries)
        self._failed: dict[str, FailedRow] = {}
        self._last_error: HeadraceError | None = None
        try:
            known = LaneState.read(state)
            self._planner = self._new_planner(known.ledger)
            self._is_first = not known.ledger.coverage.spans
        except (StateError, ConfigError) as error:
            raise of_resource(listing.name, error) from None
        if known.fault is not None:
            figures.note(_LISTED_ANEW.format(known.fault))
        self._reader = TailRowReader(listing.name, config, known.fields)
        self._gone: list[GoneRow] = []

    def _new_planner(self, ledger: Ledger) -> Planner:
        bounds = self._bounds
        return Planner(
            self._config.settings,
            ledger,
            sync_started=bounds.sync_started,
            may_repeat=bounds.may_repeat,
            is_one_leg=bounds.is_one_leg,
            tries=self._singles.tries,
            within=self._within,
        )

    async def items(self, client: Client) -> AsyncIterator[FetchedPage | LegEnd]:
        """Fetches all that the planner asks for.

        Args:
            client: The client to ask with.

        Yields:
            The rows to load, and behind those of each leg its end.

        Raises:
            RequestError: A request got no usable answer.
            PageError: An answer is not what the config describes.
        """
        requests = TailRequests(
            self._listing.open(client, self._figures),
            self._config,
            self._reader,
            lambda: self._planner.ledger,
            self._bounds.clock,
            self._singles,
            goes_to_end=self._within is None or self._within.low is None,
        )
        under_way: dict[asyncio.Task[Arrival], Ask] = {}
        size, began = 0, time.monotonic()
        try:
            while True:
                for ask in self._asks(len(under_way)):
                    under_way[asyncio.create_task(requests.answer(ask))] = ask
                if not under_way and not self._planner.is_leg_over:
                    break
                for ask, arrival in await _next_done(under_way):
                    size += arrival.page.size if arrival.page else 0
                    page = self._learn(ask, arrival, requests)
                    if page is not None:
                        yield page
                over = self._bounds.is_over(size, time.monotonic() - began)
                must_begin_anew = self._planner.is_leg_over and not under_way
                if must_begin_anew or (over and not self._planner.is_done):
                    is_on_disk = asyncio.Event()
                    await self._check_path(requests)
                    yield self._leg_end(requests, _setter(is_on_disk))
                    await is_on_disk.wait()
                    size, began = 0, time.monotonic()
                    if must_begin_anew:
                        self._planner = self._new_planner(self._planner.ledger)
            await self._check_path(requests)
            if self._is_first:
                requests.tell_if_none_made()
            yield self._leg_end(requests)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    def _asks(self, under_way: int) -> Sequence[Ask]:
        room = self._bounds.concurrency - under_way
        return self._planner.asks(self._bounds.clock(), room) if room > 0 else ()

    async def _check_path(self, requests: TailRequests) -> None:
        """Sees whether rows that were not there may be believed not to be there."""
        error = await requests.check_path()
        if error is None:
            self._planner.rows.failed.keep_misses()
            return
        self._gone.clear()
        for key in self._planner.rows.failed.take_back_misses():
            self._note_failed(str(self._planner.rows.identity_of(key)), error)

    def _note_failed(self, key: str, error: HeadraceError) -> None:
        self._failed[key] = FailedRow(key, error, f"GET {error.url}")
        self._last_error = error

    def _leg_end(self, requests: TailRequests, go_on: Callable[[], object] | None = None) -> LegEnd:
        """The end of the leg under way; of the last one where there is nothing to go on with."""
        state = LaneState(self._planner.ledger, self._reader.known).to_save(may_be_kept)
        gone, self._gone = tuple(self._gone), []
        singles = self._single_requests(requests.singles_have_worked)
        if go_on is None:
            return LegEnd(state, gone, is_last=True, singles=singles)
        return LegEnd(state, gone, is_last=False, go_on=go_on, singles=singles)

    def _single_requests(self, have_worked: bool) -> SingleRequests:
        failed, rows = self._failed, self._planner.rows
        self._failed = {}
        if (error := self._last_error) is not None:
            for key in rows.left(_MOST_LEFT):
                text = str(rows.identity_of(key))
                failed.setdefault(text, FailedRow(text, error))
        failed = {key: each for key, each in failed.items() if self._is_left(key)}
        settled = {key for key in self._on_record if not self._is_left(key)}
        self._on_record = (self._on_record | failed.keys()) - settled
        return SingleRequests(tuple(failed.values()), tuple(sorted(settled)), have_worked)

    def _is_left(self, text: str) -> bool:
        key = self._planner.key_of(text)
        return key is not None and self._planner.rows.is_left(key)

    def _learn(self, ask: Ask, arrival: Arrival, requests: TailRequests) -> FetchedPage | None:
        """Tells the planner what came; returns the rows of it that are to be loaded."""
        if arrival.error is not None and isinstance(ask, RowAsk):
            self._note_failed(str(ask.identity), arrival.error)
        try:
            lesson = self._planner.learn(ask, arrival.answer, self._bounds.clock())
        except (PageError, ConfigError) as error:
            told, refusal = of_resource(self._listing.name, error), requests.refusal
            if isinstance(arrival.answer, CursorRefused) and refusal:
                told.located(
                    f"{told}\nThe server's last answer to a cursor: {refusal}",
                    url=refusal.url,
                    status=refusal.status,
                )
            raise told from None
        bound = self._config.settings.backfill_until
        self._figures.share = share_read(self._planner.ledger, bound)
        self._gone.extend(lesson.gone)
        for warning in lesson.warnings:
            self._figures.note(warning)
        page = arrival.page
        if page is None:
            return None
        wanted = [arrival.rows[place] for place in lesson.load] + arrival.unplanned
        maker = self._listing.row_maker
        makes_rows = maker is not None and maker.makes_rows
        counts_known = not makes_rows and not isinstance(ask, OwnListAsk)
        known = len(page.rows) - len(wanted) if counts_known else 0
        page = requests.made(replace(page, rows=wanted))
        self._figures.rows += known
        self._figures.known += known
        return page if page.rows or page.unreadable else None


def of_resource(name: str, error: HeadraceError) -> HeadraceError:
    """The error of a planner, with the resource that it is about.

    Args:
        name: The name of the resource.
        error: The error.
    """
    if isinstance(error, ConfigError):
        where = f"resources.{name}.endpoint"
        faults = [
            Fault(
                f"{where}.{'' if each.path == _LANES else 'incremental.'}{each.path}", each.message
            )
            for each in error.faults
        ]
        return ConfigError(faults, resource=name)
    return error.located(f"resource `{name}`: {error}", resource=name)


def may_be_kept(cursor: str) -> bool:
    """Whether a cursor may go to the state: some are whole URLs, with the key in them.

    Args:
        cursor: The cursor, as JSON.
    """
    return clean(cursor) == cursor


def _setter(event: asyncio.Event) -> Callable[[], object]:
    """What sets an event of the running loop from any thread."""
    return partial(asyncio.get_running_loop().call_soon_threadsafe, event.set)


async def _next_done(
    under_way: dict[asyncio.Task[Arrival], Ask],
) -> list[tuple[Ask, Arrival]]:
    if not under_way:
        return []
    done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    asks = [under_way.pop(task) for task in done]
    # All are looked at before one of them may raise.
    for task in done:
        task.exception()
    return [(ask, task.result()) for ask, task in zip(asks, done, strict=True)]
