"""Stretches by key of a listing that is kept up with: planned, read one by one, and put together.

The listing is newest first by a key that rows keep, and a place far down in it can be asked for
without having come there (`endpoint.lanes` with `by: key`). So each stretch is read as a first sync
reads the whole: its rows are exact on their own, and its state says what is known of it. The states
of all stretches put together are the state from which the next ordinary sync goes on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import PageError
from headrace.core.figures import ResourceFigures
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.asking import SinglesPolicy
from headrace.reading.keep_up.lane import LegBounds, TailLane, may_be_kept
from headrace.reading.keep_up.lane_state import LaneState
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.listing import Listing
from headrace.reading.stretches.key_plan import KeyPlan, plan_key_stretches
from headrace.reading.stretches.stretch import KeyStretch, SeenTop
from headrace.sansio.tail.key_starts import KeyStarts
from headrace.sansio.tail.keys import Key, KeyKind, kind_of, read_key
from headrace.sansio.tail.ledger import Checkpoint
from headrace.sansio.tail.merging import merged
from headrace.sansio.tail.settings import TailSettings
from headrace.sansio.tail.within import Within

__all__ = ["KeyPlan", "KeyStretchReader", "merged_states", "plan_key_stretches"]

_NONE_MAY_FAIL = SinglesPolicy()
# The mark of a state that tells of a stretch, beside the one of the resource.
_READ = "of_stretch"


class KeyStretchReader:
    """Reads one stretch, as a whole: its rows, and what is known of it then.

    Args:
        listing: How the resource is listed.
        tail: How the listing is kept up with.
        stretch: The stretch.
        figures: Where to count.
        concurrency: The number of requests under way at once.
        clock: Gives the time in seconds since 1970.
        started: When the reading began, in seconds since 1970; never the same in two readings, nor
            in a sync.
        singles: What to do about requests for single rows that fail.
    """

    def __init__(
        self,
        listing: Listing,
        tail: TailConfig,
        stretch: KeyStretch,
        figures: ResourceFigures,
        *,
        concurrency: int,
        clock: Callable[[], float],
        started: float,
        singles: SinglesPolicy = _NONE_MAY_FAIL,
    ) -> None:
        self._tail = tail
        self._stretch = stretch
        self._within = _within(listing.name, tail.settings, stretch)
        bounds = LegBounds(
            started,
            _never,
            clock,
            may_repeat=False,
            concurrency=concurrency,
            is_one_leg=not tail.settings.keys_move,
        )
        state: Mapping[str, Any] = {}
        if self._within is not None:
            # The lanes of a machine are many: in each of them one page follows the other.
            tail = replace(tail, settings=replace(tail.settings, lanes=None))
            known = stretch.seen.fields if stretch.seen is not None else ()
            state = LaneState(self._within.ledger(), known).to_save(may_be_kept)
        self._lane = TailLane(
            listing, tail, dict(state), bounds, figures, singles, within=self._within
        )

    async def items(self, client: Client) -> AsyncIterator[FetchedPage | LegEnd]:
        """Reads the stretch; no row comes twice.

        Where keys move, it ends before a row that has moved comes again: the sync behind begins
        with what has moved.

        Args:
            client: The client to ask with.

        Yields:
            Pages of rows, and as the last item a `LegEnd` with the state, which is plain JSON.

        Raises:
            RequestError: A request got no usable answer.
            PageError: An answer is not what the config describes.
        """
        items = self._lane.items(client)
        assert isinstance(items, AsyncGenerator)
        async with aclosing(items):
            async for item in items:
                if isinstance(item, LegEnd):
                    yield self._ended(replace(item, is_last=True))
                    return
                yield item

    def _ended(self, end: LegEnd) -> LegEnd:
        """The end, with what is known of the listing by this stretch alone."""
        within, seen = self._within, self._stretch.seen
        if within is None or seen is None:
            return replace(end, state={**end.state, _READ: True})
        settings = self._tail.settings
        looks_back = settings.lookback(knows_hidden=settings.has_hidden) is not None
        key = read_key(seen.key, within.starts.kind)
        top = Checkpoint(key, seen.asked, seen.read) if looks_back else None
        known = LaneState.read(end.state)
        ledger = within.told(known.ledger, top, seen.began)
        state = LaneState(ledger, known.fields).to_save(may_be_kept)
        return replace(end, state={**state, _READ: True})


def _within(name: str, settings: TailSettings, stretch: KeyStretch) -> Within | None:
    """The part of the listing that a stretch is; None where it is all of it."""
    if stretch.high is None and stretch.low is None:
        return None
    if settings.lanes is None or stretch.seen is None:
        raise PageError(
            f"resource `{name}`: the stretch from `{stretch.high}` to `{stretch.low}` cannot be "
            "read: the config has no `endpoint.lanes` with `by: key`, by which it was planned. "
            "Plan again with this config.",
            resource=name,
        )
    seen: SeenTop = stretch.seen
    kind = kind_of([seen.key])
    return Within(
        _key(stretch.high, kind),
        _key(stretch.low, kind),
        KeyStarts(settings.lanes, kind, seen.example, seen.names_text),
        recent=stretch.recent,
        first_change=seen.changed,
    )


def _key(text: str | None, kind: KeyKind) -> Key | None:
    return None if text is None else read_key(text, kind)


def merged_states(states: Sequence[dict[str, Any]], tail: TailConfig) -> dict[str, Any]:
    """Puts the states of stretches together, one of each: the next ordinary sync goes on from that.

    Args:
        states: The states, in any order; the other stretches are holes, which that sync reads.
            Where keys move there is one stretch, and the last state counts. One may be that of
            the resource, from syncs before.
        tail: How the listing is kept up with.

    Returns:
        What `keep_lane_state` puts into the state of the resource.

    Raises:
        StateError: A state was written by a later version.
    """
    known = [LaneState.read(state) for state in states]
    fields = sorted({name for each in known for name in each.fields})
    of_stretches = [
        each.ledger for each, state in zip(known, states, strict=True) if _READ in state
    ]
    before = [each.ledger for each, state in zip(known, states, strict=True) if _READ not in state]
    if tail.settings.keys_move or len(states) == 1:
        ledger = known[-1].ledger
    else:
        ledger = merged(of_stretches, tail.settings, before[0] if before else None)
    return LaneState(ledger, fields).to_save(may_be_kept)


def _never(size: int, seconds: float) -> bool:
    return False
