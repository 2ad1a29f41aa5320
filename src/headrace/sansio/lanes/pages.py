"""Lanes of pages that are asked for by offset or page number, and the seams between them.

Two pages join where they have a row in common: each is a piece of the listing without a gap at the
moment when it was read, and rows keep their order, so nothing that was there all the while can lie
between them. A lane that has come to its planned end goes on until it meets a page of the next lane
that was asked for meanwhile. Where pages overlap by a row (`PagePlan.overlap`), each page joins the
one before it, and one that does not is asked for again from further up: rows were deleted above it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Generic, TypeVar

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.lanes.plan import PagePlan

Content = TypeVar("Content")

# So many lanes, times those at once, are begun while the pages of the first of them are waited for.
_MOST_AHEAD = 2
# So often a page is asked for from further up, each time twice as far.
_MOST_STEPS_BACK = 8
# So often all that it has read may be gone when it is asked for again from the top.
_MOST_RESTARTS = 5
# So many pages a lane goes on behind its planned end, where rows are added faster than it reads.
_MOST_BEHIND = 256


class LanesGaveUpError(Exception):
    """Pages do not join, however often they are asked for."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A page to ask for.

    Args:
        lane: The place of its lane, from 0.
        number: The number that the request takes.
    """

    lane: int
    number: int


@dataclass(frozen=True, slots=True)
class HandedPage(Generic[Content]):
    """A page whose turn it is.

    Args:
        content: What came with it.
        places: The places, from 0, of the rows that no page before it has brought.
    """

    content: Content
    places: list[int]


@dataclass(slots=True)
class _Read(Generic[Content]):
    content: Content
    keys: Sequence[bytes]


@dataclass(slots=True)
class _Lane(Generic[Content]):
    """One lane.

    Args:
        place: Its place, from 0.
        number: The number of its next page.
        wanted: The number at which that page is where nothing has moved.
        above: The keys of the page that its next one has to join; None where none was read before
            it was asked for.
        is_begun: Whether a page of it was asked for.
        is_asking: Whether a page of it is under way.
        ended_listing: Whether the listing ended in it.
        ended_at_total: Whether it did so where the page said that the listing ends.
        is_over: Whether nothing more is asked for in it.
        steps_back: How often its next page was asked for from further up.
        restarts: How often it was asked for from the top of the listing, and joined nothing.
        behind: How many pages it has read behind its planned end.
        keys: All keys that it has brought.
        held: Its pages whose turn has not come.
    """

    place: int
    number: int
    wanted: int
    above: frozenset[bytes] | None = None
    is_begun: bool = False
    is_asking: bool = False
    ended_listing: bool = False
    ended_at_total: bool = False
    is_over: bool = False
    steps_back: int = 0
    restarts: int = 0
    behind: int = 0
    keys: set[bytes] = field(default_factory=set)
    held: deque[_Read[Content]] = field(default_factory=deque)


class PageLanes(Generic[Content]):
    """Says which pages to ask for, and gives them in the order of the listing.

    Args:
        plan: The lanes.
        looks_past_total: Whether the listing ends only at a page that brings nothing new, as its
            total may be too low.

    Attributes:
        asked: How many pages were asked for behind the first one.
    """

    def __init__(self, plan: PagePlan, *, looks_past_total: bool = False) -> None:
        self._plan = plan
        self._looks_past_total = looks_past_total
        self._lanes = [
            _Lane[Content](place, number, number) for place, number in enumerate(plan.starts)
        ]
        self._turn = 0
        # What moves down comes again with one of the next pages, and hardly with a later one.
        self._recent: OrderedDict[bytes, None] = OrderedDict()
        self._most_recent = plan.size * (2 * plan.length + 2)
        self.asked = 0

    def begin(self, content: Content, keys: Sequence[bytes], total: int | None) -> None:
        """Takes the first page, which was asked for before there was a plan.

        Args:
            content: What came with it.
            keys: The keys of its rows.
            total: How many rows the listing has, as the page tells it.
        """
        self._lanes[0].is_begun = True
        self.learn(Ask(0, self._plan.start), content, keys, total)

    @property
    def is_over(self) -> bool:
        """Whether all pages were handed on."""
        return self._turn >= len(self._lanes)

    @property
    def is_proven_whole(self) -> bool:
        """Whether every page joins the one above it, down to one that says it is the last."""
        return self._plan.overlap > 0 and any(lane.ended_at_total for lane in self._lanes)

    def asks(self) -> list[Ask]:
        """The pages to ask for now; each of them is under way from then on."""
        near = self._lanes[self._turn : self._turn + _MOST_AHEAD * self._plan.at_once]
        free = self._plan.at_once - sum(lane.is_asking for lane in near)
        found: list[Ask] = []
        for lane in near:
            if len(found) < free and not (lane.is_over or lane.is_asking or self._waits(lane)):
                if not lane.is_begun:
                    self._begin(lane)
                lane.is_asking = True
                found.append(Ask(lane.place, lane.number))
        self.asked += len(found)
        return found

    def learn(self, ask: Ask, content: Content, keys: Sequence[bytes], total: int | None) -> None:
        """Takes a page.

        Args:
            ask: What was asked for.
            content: What came.
            keys: The keys of its rows, in their order.
            total: How many rows the listing has, as the page tells it; None where it does not.

        Raises:
            LanesGaveUpError: It does not join the page above it, however often that was tried.
        """
        lane = self._lanes[ask.lane]
        lane.is_asking = False
        if self._has_gap(lane, ask, keys):
            self._step_back(lane)
            return
        if keys:
            self._take(lane, ask.number, content, keys, total)
        else:
            lane.ended_listing = True
        self._judge(lane)
        if lane.place:
            self._judge(self._lanes[lane.place - 1])

    def ready(self) -> Iterator[HandedPage[Content]]:
        """The pages whose turn has come, each without the rows that came before."""
        while self._turn < len(self._lanes):
            lane = self._lanes[self._turn]
            while lane.held:
                read = lane.held.popleft()
                yield HandedPage(read.content, self._new_in(read.keys))
            if not lane.is_over:
                return
            lane.keys = set()
            self._turn += 1

    def _begin(self, lane: _Lane[Content]) -> None:
        lane.is_begun = True
        before = self._lanes[lane.place - 1]
        if before.is_over:
            lane.above = before.above

    def _has_gap(self, lane: _Lane[Content], ask: Ask, keys: Sequence[bytes]) -> bool:
        """Whether a page does not join the one above it; nor does one without rows.

        At the top of the listing there is nothing that could lie between.
        """
        if not self._plan.overlap or lane.above is None or not lane.above.isdisjoint(keys):
            return False
        is_at_top = ask.number <= self._plan.start
        lane.restarts += is_at_top
        if lane.restarts > _MOST_RESTARTS:
            raise LanesGaveUpError
        return not is_at_top

    def _step_back(self, lane: _Lane[Content]) -> None:
        lane.steps_back += 1
        if lane.steps_back > _MOST_STEPS_BACK:
            raise LanesGaveUpError
        lane.number = self._plan.before(lane.wanted, 2 ** (lane.steps_back - 1))

    def _take(
        self,
        lane: _Lane[Content],
        number: int,
        content: Content,
        keys: Sequence[bytes],
        total: int | None,
    ) -> None:
        plan = self._plan
        brings_new = lane.above is None or not lane.above.issuperset(keys)
        # Asked from the last row that is known, the listing gives nothing below it.
        is_bottom = not brings_new and 0 < plan.overlap <= len(keys) < plan.size
        lane.steps_back = 0
        lane.above = frozenset(keys)
        lane.keys.update(keys)
        lane.held.append(_Read(content, keys))
        lane.number = lane.wanted = plan.after(number, len(keys))
        if total is None:
            is_end = len(keys) < plan.size
        else:
            is_end = lane.ended_at_total = plan.is_at_end(number, len(keys), total)
        lane.ended_listing = is_bottom or (is_end and not (self._looks_past_total and brings_new))
        following = self._following(lane)
        if following is not None and number >= plan.starts[following.place]:
            lane.behind += 1
            if lane.behind > _MOST_BEHIND:
                raise LanesGaveUpError

    def _following(self, lane: _Lane[Content]) -> _Lane[Content] | None:
        return self._lanes[lane.place + 1] if lane.place + 1 < len(self._lanes) else None

    def _is_at_planned_end(self, lane: _Lane[Content]) -> bool:
        place = lane.place + 1
        return place < len(self._lanes) and lane.number >= self._plan.starts[place]

    def _waits(self, lane: _Lane[Content]) -> bool:
        """Whether it is not known yet what the next lane begins with."""
        following = self._following(lane)
        return (
            following is not None
            and self._is_at_planned_end(lane)
            and following.is_asking
            and not following.keys
        )

    def _judge(self, lane: _Lane[Content]) -> None:
        """Sees whether a lane is over: at the end of the listing, or where the next one begins."""
        if lane.is_over or lane.is_asking or not lane.is_begun:
            return
        if lane.ended_listing:
            lane.is_over = True
            for below in self._lanes[lane.place + 1 :]:
                below.is_over |= not below.is_begun
            return
        following = self._following(lane)
        if following is None or not self._is_at_planned_end(lane):
            return
        # One that is asked for later than this page can only bring rows of it again.
        lane.is_over = not following.is_begun or not following.keys.isdisjoint(lane.above or ())

    def _new_in(self, keys: Sequence[bytes]) -> list[int]:
        recent = self._recent
        places = [place for place, key in enumerate(keys) if key not in recent]
        recent.update(dict.fromkeys(keys))
        while len(recent) > self._most_recent:
            recent.popitem(last=False)
        return places
