"""A listing that changes while lanes read it, page by page, in any order."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from headrace.sansio.lanes import Ask, PageLanes, PagePlan, plan_pages

# A listing that grows faster than it can be read has no end.
_MOST_CHANGES = 60


@dataclass
class ListedWorld:
    """Rows by number, in the order in which they are listed, newest first.

    Args:
        size: Rows a page.
        by_offset: Whether pages are asked for by the number of rows to skip.
        chance: Decides what happens when.
        deletes: Whether rows are deleted.
        busy: How often something changes between two answers, from 0 to 1.
    """

    size: int
    by_offset: bool
    chance: random.Random
    deletes: bool
    busy: float
    rows: list[int] = field(default_factory=list)
    made: int = 0
    changes: int = 0
    requests: int = 0

    def fill(self, count: int) -> None:
        """Begins with so many rows."""
        self.rows = list(range(count))
        self.made = count

    def change(self) -> None:
        """Lets something happen: rows are added at the top or late in the middle, or deleted."""
        self.changes += 1
        kind = self.chance.random()
        if self.deletes and kind < 0.5 and self.rows:
            for _ in range(self.chance.choice([1, 1, 1, 2, self.size])):
                if self.rows:
                    self.rows.pop(self.chance.randrange(len(self.rows)))
            return
        count = self.chance.choice([1, 1, 2, self.size, 2 * self.size])
        new = list(range(self.made, self.made + count))
        self.made += count
        place = 0 if kind < 0.9 else self.chance.randrange(len(self.rows) + 1)
        self.rows[place:place] = new

    def page(self, number: int) -> tuple[list[bytes], int]:
        """The keys of a page, and the total."""
        self.requests += 1
        start = number if self.by_offset else number * self.size
        keys = [b"%d" % row for row in self.rows[start : start + self.size]]
        return keys, len(self.rows)


@dataclass
class LanedReading:
    """What lanes have made of a world.

    Args:
        before: The rows that were there when it began.
        after: Those that are there when it ends.
        handed: The rows that were handed on, in order.
        lanes: How many lanes there were.
        most_at_once: How many pages were under way at once.
        is_proven_whole: Whether the lanes say that nothing can be missing.
    """

    before: set[int]
    after: set[int]
    handed: list[int]
    lanes: int = 1
    most_at_once: int = 1
    is_proven_whole: bool = False

    @property
    def missing(self) -> set[int]:
        """Rows that were there all the while, and were not handed on."""
        return self.before & self.after - set(self.handed)


def read_in_lanes(world: ListedWorld, at_once: int, *, overlaps: bool) -> LanedReading | None:
    """Reads the world in lanes while it changes; None where there is no plan."""
    before, chance = set(world.rows), world.chance
    keys, total = world.page(0)
    plan = plan_pages(
        start=0,
        left_out=0,
        size=max(len(keys), 1),
        total=total,
        at_once=at_once,
        page_bytes=chance.choice([100, 10_000_000]),
        by_offset=world.by_offset,
        overlaps=overlaps,
    )
    if plan is None or len(keys) < world.size:
        return None
    return _read(world, plan, keys, total, before)


def _read(
    world: ListedWorld, plan: PagePlan, keys: list[bytes], total: int, before: set[int]
) -> LanedReading:
    lanes: PageLanes[list[bytes]] = PageLanes(plan)
    lanes.begin(keys, keys, total)
    reading = LanedReading(before, set(), [], len(plan.starts))
    # An answer is what the server knew at some moment between the request and its arrival.
    asked: list[Ask] = []
    answered: list[tuple[Ask, list[bytes], int]] = []
    while not lanes.is_over:
        asked += lanes.asks()
        reading.most_at_once = max(reading.most_at_once, len(asked) + len(answered))
        for page in lanes.ready():
            reading.handed += [int(page.content[place]) for place in page.places]
        while world.chance.random() < world.busy and world.changes < _MOST_CHANGES:
            world.change()
        if asked and (not answered or world.chance.random() < 0.5):
            ask = asked.pop(world.chance.randrange(len(asked)))
            answered.append((ask, *world.page(ask.number)))
        elif answered:
            ask, came, told = answered.pop(world.chance.randrange(len(answered)))
            lanes.learn(ask, came, came, told)
    reading.after = set(world.rows)
    reading.is_proven_whole = lanes.is_proven_whole
    return reading
