"""Stretches by key of a listing that is kept up with: planned, read one by one, and put together.

The listing is newest first by a key that rows keep, and a place far down in it can be asked for
without having come there (`endpoint.lanes` with `by: key`). So each stretch is read as a first sync
reads the whole: its rows are exact on their own, and its state says what is known of it. The states
of all stretches put together are the state from which the next ordinary sync goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
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

    Attributes:
        may_repeat: Whether a row may come twice, the newer version later: only where its key moves.
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
        self.may_repeat = tail.settings.keys_move
        self._tail = tail
        self._stretch = stretch
        self._within = _within(listing.name, tail.settings, stretch)
        bounds = LegBounds(
            started, _never, clock, may_repeat=False, concurrency=concurrency, is_one_leg=True
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
        """Reads the stretch.

        Args:
            client: The client to ask with.

        Yields:
            Pages of rows, and as the last item a `LegEnd` with the state, which is plain JSON.

        Raises:
            RequestError: A request got no usable answer.
            PageError: An answer is not what the config describes.
        """
        async for item in self._lane.items(client):
            yield self._ended(item) if isinstance(item, LegEnd) else item

    def _ended(self, end: LegEnd) -> LegEnd:
        """The end, with what is known of the listing by this stretch alone."""
        within, seen = self._within, self._stretch.seen
        if within is None or seen is None:
            return end
        settings = self._tail.settings
        looks_back = settings.lookback(knows_hidden=settings.has_hidden) is not None
        key = read_key(seen.key, within.starts.kind)
        top = Checkpoint(key, seen.asked, seen.read) if looks_back else None
        known = LaneState.read(end.state)
        ledger = within.told(known.ledger, top, seen.began)
        return replace(end, state=LaneState(ledger, known.fields).to_save(may_be_kept))


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
        tail: How the listing is kept up with.

    Returns:
        What `keep_lane_state` puts into the state of the resource.

    Raises:
        StateError: A state was written by a later version.
    """
    if len(states) == 1:
        return dict(states[0])
    known = [LaneState.read(state) for state in states]
    fields = sorted({name for each in known for name in each.fields})
    ledger = merged([each.ledger for each in known], tail.settings)
    return LaneState(ledger, fields).to_save(may_be_kept)


def _never(size: int, seconds: float) -> bool:
    return False
