"""Stretches by key of a listing that is kept up with: planned, read one by one, and put together.

The listing is newest first by a key that rows keep, and a place far down in it can be asked for
without having come there (`endpoint.lanes` with `by: key`). So each stretch is read as a first sync
reads the whole: its rows are exact on their own, and its state says what is known of it. The states
of all stretches put together are the state from which the next ordinary sync goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from headrace.config.built.tail import TailConfig
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.asking import SinglesPolicy
from headrace.reading.keep_up.lane import LegBounds, TailLane
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.listing import Listing
from headrace.reading.stretches.stretch import KeyStretch

_NONE_MAY_FAIL = SinglesPolicy()


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """The stretches of a listing, and what is to be said of them.

    Args:
        stretches: The stretches, newest first; each key belongs to one of them.
        notes: Sentences for whoever plans, as why there is only one.
    """

    stretches: list[KeyStretch]
    notes: list[str]


async def plan_key_stretches(
    listing: Listing,
    tail: TailConfig,
    client: Client,
    figures: ResourceFigures,
    wanted: int,
    clock: Callable[[], float],
) -> KeyPlan:
    """Parts a listing into stretches that hold about the same number of rows.

    It takes a handful of requests. Where no place far down in the listing can be asked for, there
    is one stretch, and a note says why.

    Args:
        listing: How the resource is listed.
        tail: How the listing is kept up with.
        client: The client to ask with.
        figures: Where to count.
        wanted: How many stretches are wanted; a short listing has fewer.
        clock: Gives the time in seconds since 1970.

    Raises:
        ConfigError: The config does not suit the listing.
        RequestError: A request got no usable answer.
        PageError: An answer is not what the config describes.
    """
    return KeyPlan([KeyStretch()], [])


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
        bounds = LegBounds(started, _never, clock, may_repeat=True, concurrency=concurrency)
        self._lane = TailLane(listing, tail, {}, bounds, figures, singles)

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
            yield item


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
    (state,) = states
    return state


def _never(size: int, seconds: float) -> bool:
    return False
