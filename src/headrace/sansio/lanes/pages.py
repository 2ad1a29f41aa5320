"""Lanes of pages that are asked for by offset or page number, and the seams between them.

Two pages join where they have a row in common: each is a piece of the listing without a gap at the
moment when it was read, and rows keep their order, so nothing that was there all the while can lie
between them. A lane that has come to its planned end goes on until it meets a page of the next lane
that was asked for meanwhile. Where pages overlap by a row (`PagePlan.overlap`), each page joins the
one before it, and one that does not is asked for again from further up: rows were deleted above it.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Generic, TypeVar

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.lanes.plan import PagePlan
from headrace.sansio.lanes.seams import keep_order

Content = TypeVar("Content")

# So often a page is asked for from further up, each time twice as far.
_MOST_STEPS_BACK = 8
# So often all that it has read may be gone when it is asked for again from the top.
_MOST_RESTARTS = 5
# So often a page is looked for between one that is known and the one behind a gap, in vain.
_MOST_SEARCHES = 8
# So many pages a lane goes on behind its planned end, where rows are added faster than it reads.
_MOST_BEHIND = 256
# So many times the pages that there are may be asked for, whatever a server makes of numbers.
_MOST_TIMES = 8


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
    number: int
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
        known: The number of a page that joined and brought nothing new, while a gap is bridged.
        gap: The number of the page behind the gap; None where there is none.
        searches: How often no number between the two brought a page that joins and goes on.
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
    known: int | None = None
    gap: int | None = None
    searches: int = 0
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
        keeps_order: Whether no page has shown rows in another order than the one before it.
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
        # All that was handed on; as a set from when on rows may come again that are long gone by.
        self._marks = array("q")
        self._handed: set[int] | None = None
        self._first_total: int | None = None
        self._total: int | None = None
        self._last: _Read[Content] | None = None
        self._is_doubtful = False
        self._most_asked = _MOST_TIMES * (len(plan.starts) * plan.length + _MOST_BEHIND)
        self.asked = 0
        self.keeps_order = True

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
        """Whether every page joins the one above it, down to one that says it is the last.

        It is not known where a server gives the same page for all numbers above one, where rows lie
        in another order in the next page, nor where several rows of a page have one key, which
        tells them apart no better than from others.
        """
        ended = any(lane.ended_at_total for lane in self._lanes)
        joins = self._plan.overlap > 0 and self.keeps_order
        return joins and ended and not self._is_doubtful

    def asks(self) -> list[Ask]:
        """The pages to ask for now; each of them is under way from then on."""
        near = self._lanes[self._turn : self._turn + self._plan.ahead]
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
        if self.asked > self._most_asked:
            raise LanesGaveUpError
        if self._has_gap(lane, ask, keys):
            self._step_back(lane, ask.number)
            return
        if self._is_above_gap(lane, ask, keys):
            lane.known = ask.number
            self._search(lane)
            return
        if keys:
            self._take(lane, ask.number, content, keys, total)
        elif lane.keys or self._is_at_end(ask.number):
            lane.ended_listing = True
        else:
            # The lane before it goes on in its place.
            lane.is_over = True
        self._see_moves(lane, total)
        self._judge(lane)
        before = self._before(lane)
        if before is not None:
            self._judge(before)

    def ready(self) -> Iterator[HandedPage[Content]]:
        """The pages whose turn has come, each without the rows that came before."""
        while self._turn < len(self._lanes):
            lane = self._lanes[self._turn]
            while lane.held:
                read = lane.held.popleft()
                self._is_doubtful |= self._is_same_again(read)
                self._is_doubtful |= len(set(read.keys)) < len(read.keys)
                self.keeps_order &= self._last is None or keep_order(self._last.keys, read.keys)
                self._last = read
                yield HandedPage(read.content, self._new_in(read.keys))
            if not lane.is_over:
                return
            lane.keys = set()
            self._turn += 1

    def _begin(self, lane: _Lane[Content]) -> None:
        lane.is_begun = True
        before = self._before(lane)
        if before is not None and before.is_over:
            lane.above = before.above

    def _has_gap(self, lane: _Lane[Content], ask: Ask, keys: Sequence[bytes]) -> bool:
        """Whether a page does not join the one above it; nor does one without rows.

        At the top of the listing there is nothing that could lie between.
        """
        if not self._plan.overlap or lane.above is None or not lane.above.isdisjoint(keys):
            return False
        is_at_top = ask.number <= self._plan.first
        if is_at_top and self._plan.top is not None:
            # Above it there are rows, which may be what is missing.
            raise LanesGaveUpError
        lane.restarts += is_at_top
        if lane.restarts > _MOST_RESTARTS:
            raise LanesGaveUpError
        return not is_at_top

    def _is_above_gap(self, lane: _Lane[Content], ask: Ask, keys: Sequence[bytes]) -> bool:
        """Whether a page joins, and ends above what is missing all the same.

        Where a server rounds the number, the page behind it may be the one behind the gap again.
        """
        above, gap = lane.above, lane.gap
        is_bridge = gap is not None and ask.number < gap and above is not None
        return is_bridge and above is not None and above.issuperset(keys)

    def _step_back(self, lane: _Lane[Content], number: int) -> None:
        lane.gap = number
        if lane.known is not None:
            self._search(lane)
            return
        lane.steps_back += 1
        if lane.steps_back > _MOST_STEPS_BACK:
            raise LanesGaveUpError
        lane.number = self._plan.before(lane.wanted, 2 ** (lane.steps_back - 1))

    def _is_at_end(self, number: int) -> bool:
        """Whether the last page that told a total says that none has this number."""
        return self._total is None or self._plan.is_at_end(number, 0, self._total)

    def _is_same_again(self, read: _Read[Content]) -> bool:
        """Whether a whole page came by two numbers."""
        last, size = self._last, self._plan.size
        is_further = last is not None and read.number > last.number and len(read.keys) >= size
        return is_further and last is not None and read.keys == last.keys

    def _search(self, lane: _Lane[Content]) -> None:
        """Asks for a page between one that brings nothing new and one that does not join."""
        assert lane.known is not None
        assert lane.gap is not None
        lane.number = (lane.known + lane.gap) // 2
        if lane.number > lane.known:
            return
        lane.searches += 1
        if lane.searches >= _MOST_SEARCHES:
            raise LanesGaveUpError
        lane.number, lane.known, lane.gap, lane.steps_back = lane.wanted, None, None, 0

    def _see_moves(self, lane: _Lane[Content], total: int | None) -> None:
        """Notices that pages may bring rows again that were handed on long before.

        Args:
            lane: The lane that has brought a page.
            total: The total that it told.
        """
        has_grown = False
        if total is not None and lane.above is not None:
            self._first_total = total if self._first_total is None else self._first_total
            self._total = total
            has_grown = total - self._first_total >= self._plan.size
        if self._handed is None and (has_grown or lane.restarts or lane.behind > 1):
            self._handed = set(self._marks)

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
        lane.steps_back, lane.known, lane.gap = 0, None, None
        lane.above = frozenset(keys)
        lane.keys.update(keys)
        lane.held.append(_Read(number, content, keys))
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
        """The lane behind another one; what one without rows should have read is that one's."""
        below = self._lanes[lane.place + 1 :]
        return next((each for each in below if each.keys or not each.is_over), None)

    def _before(self, lane: _Lane[Content]) -> _Lane[Content] | None:
        above = reversed(self._lanes[: lane.place])
        return next((each for each in above if each.above or not each.is_over), None)

    def _is_at_planned_end(self, lane: _Lane[Content]) -> bool:
        following = self._following(lane)
        return following is not None and lane.number >= self._plan.starts[following.place]

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
        marks = [hash(keys[place]) for place in places]
        if self._handed is not None:
            places = [
                at for at, mark in zip(places, marks, strict=True) if mark not in self._handed
            ]
            self._handed.update(marks)
        else:
            self._marks.extend(marks)
        return places
