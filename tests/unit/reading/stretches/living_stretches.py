"""Stretches of a living world: planned, read in any order by the real reader, and put together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import msgspec

from headrace.core.figures import ResourceFigures
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.stretches.keys import (
    KeyPlan,
    KeyStretchReader,
    merged_states,
    plan_key_stretches,
)
from headrace.reading.stretches.stretch import KeyStretch
from tests.unit.reading.keep_up.held_client import HeldClient, HeldRequest, Row
from tests.unit.reading.keep_up.living_mirror import Leg, LivingMirror, LivingSync, Seen
from tests.unit.reading.keep_up.promise import is_unfindable


def plan(mirror: LivingMirror, wanted: int) -> tuple[KeyPlan, int]:
    """Plans the stretches of a world, during which nothing happens.

    Args:
        mirror: The mirror that is to have its rows.
        wanted: How many stretches are wanted.

    Returns:
        The plan as another process would read it, and how many requests it took.
    """
    client, world = HeldClient(mirror.world), mirror.world
    figures = ResourceFigures()
    planning = mirror.loop.create_task(
        plan_key_stretches(mirror.listing, mirror.tail, client, figures, wanted, lambda: world.now)
    )
    mirror.loop.run_forever()
    count = 0
    while not planning.done():
        count += 1
        assert count < 100, "the plan does not end"
        world.advance(mirror.seconds_per_answer)
        client.answer(client.under_way[0])
        client.hand_over(client.under_way[0])
        mirror.loop.run_forever()
    found = planning.result()
    as_json = msgspec.json.encode(found.stretches)
    return KeyPlan(msgspec.json.decode(as_json, type=list[KeyStretch]), found.notes), count


class LivingStretch(LivingSync):
    """A stretch that is being read, one answer after the other.

    Args:
        mirror: The mirror that is to have its rows.
        stretch: The stretch.

    Attributes:
        ended: What the reading brought, once it has ended.
    """

    def __init__(self, mirror: LivingMirror, stretch: KeyStretch) -> None:
        self.stretch = stretch
        self.ended: Leg | None = None
        self.low = None if stretch.low is None else int(stretch.low)
        self.high = None if stretch.high is None else int(stretch.high)
        super().__init__(mirror)
        self.seen = Seen()

    def new_lane(self) -> KeyStretchReader:
        mirror, world = self.mirror, self.mirror.world
        return KeyStretchReader(
            mirror.listing,
            mirror.tail,
            self.stretch,
            self.figures,
            concurrency=mirror.settings.concurrency,
            clock=lambda: world.now,
            started=world.now,
        )

    def end_leg(self, end: LegEnd) -> None:
        assert end.is_last
        assert self.ended is None
        self.ended = self.leg
        self.ended.state, self.ended.seen = json.dumps(end.state), self.seen.copy()
        self.ended.gone = list(end.gone)

    def note_page(self, held: HeldRequest) -> None:
        """Notes the keys in this stretch that a page has shown, and passed over."""
        now, seen = self.mirror.world.now, self.seen
        keys = [int(row["id"]) for row in held.rows or ()]
        inside = [key for key in keys if self.holds(key)]
        above = None if held.cursor is None else seen.above(held.cursor)
        ends = held.next_cursor is None or len(inside) < len(keys)
        path = [*([] if above is None else [above]), *inside]
        if held.next_cursor is not None:
            seen.below[held.next_cursor] = keys[-1]
        if ends and self.low is not None:
            path.append(self.low)
        for higher, lower in pairwise(path):
            for key in range(lower + 1, higher):
                if self.holds(key):
                    seen.passed.setdefault(key, now)
        if inside:
            seen.listed.update(inside)
            seen.low = inside[-1] if seen.low is None else min(seen.low, inside[-1])
            seen.high = inside[0] if seen.high is None else max(seen.high, inside[0])

    def holds(self, key: int) -> bool:
        """Whether a key lies in the stretch."""
        return (self.low is None or key > self.low) and (self.high is None or key <= self.high)

    def wrong(self) -> list[str]:
        """What is wrong with what the reading brought; nothing where it is exact."""
        leg, there = self.ended, {int(row["id"]) for row in self.mirror.world.truth()}
        assert leg is not None
        found = [f"row {key} is of another stretch" for key in leg.rows if not self.holds(key)]
        low = self.seen.low if self.low is None else self.low
        high = self.seen.high if self.high is None else self.high
        for key, before in self.told.before.items():
            is_promised = key in there and self.holds(key) and low is not None and high is not None
            if not is_promised or not (low or 0) <= key <= (high or 0):
                continue
            row = leg.rows.get(key)
            if row is None and not self.may_miss(key):
                found.append(f"row {key} is missing: {before}")
            elif row is not None and row != before and row not in self.told.served.get(key, ()):
                found.append(f"row {key} is old: {row}, and was {before}")
        return found

    def may_miss(self, key: int) -> bool:
        """Whether the reading may lack a row, as the bounds on asking for missing keys are met."""
        whole, self.mirror.seen = self.mirror.seen, self.seen
        try:
            return is_unfindable(self.mirror, self.told, key)
        finally:
            self.mirror.seen = whole


@dataclass
class Backfill:
    """The stretches of a mirror's listing, and what was read of them.

    Args:
        mirror: The mirror that is to have the rows.
        stretches: The stretches.
        read: What each reading brought, by the place of the stretch.
    """

    mirror: LivingMirror
    stretches: Sequence[KeyStretch]
    read: dict[int, list[Leg]] = field(default_factory=dict)

    @property
    def left(self) -> list[int]:
        """The places of the stretches that are yet to be read."""
        return [place for place in range(len(self.stretches)) if place not in self.read]

    def commit(self, choice: int) -> None:
        """Loads what was read, of each stretch one reading, with the state of them all."""
        mirror = self.mirror
        legs = [each[choice % len(each)] for each in self.read.values()]
        rows: dict[int, Row] = {}
        for leg in legs:
            assert not rows.keys() & leg.rows.keys(), "a row is in two stretches"
            rows |= leg.rows
            mirror.read_at |= leg.read_at
        mirror.table |= rows
        states: list[dict[str, Any]] = [json.loads(leg.state) for leg in legs]
        mirror.state = json.dumps(merged_states(states, mirror.tail))
        mirror.seen = seen_of([leg.seen for leg in legs])
        mirror.has_listed_all = True


def seen_of(parts: Sequence[Seen]) -> Seen:
    """What all readings together have shown."""
    found = Seen()
    for part in parts:
        for key, at in part.passed.items():
            found.passed[key] = min(at, found.passed.get(key, at))
        found.given_up |= part.given_up
        found.alone |= part.alone
        found.retries |= part.retries
        found.below |= part.below
        found.listed |= part.listed
    found.low, found.high = min(found.listed, default=None), max(found.listed, default=None)
    return replace(found, first_high=found.high)
