"""A mirror of a world: the real lane of the real connector, loading into a table in memory.

The rows of a leg and the lane's state are committed together, the state as JSON. Each sync starts
from that alone, as it would after the local folder of a pipeline was lost.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import pairwise

import msgspec

from headrace.config import ResourceConfig, SourceConfig, load_config
from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import HeadraceError
from headrace.core.figures import ResourceFigures
from headrace.reading.build import build_listing
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.lane import LegBounds, TailLane
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.listing import Listing
from headrace.reading.stretches.keys import KeyStretchReader
from headrace.sansio.tail import GoneRow
from headrace.sansio.tail.settings import KeyLaneSettings
from tests.unit.reading.keep_up.held_client import HeldClient, HeldRequest, PausingLoop, Row
from tests.unit.reading.keep_up.watched_world import WatchedWorld

SETTLED = ("success", "error", "canceled", "crashed")
# For so many seconds after its stop a crashed row may get another one, as the connector says.
CRASHED_FOR = 86_400.0
GRACE = 600.0
_MOST_REQUESTS = 5_000


@dataclass(frozen=True, slots=True)
class MirrorSettings:
    """The settings of a mirror.

    Args:
        limit: The number of rows in a page.
        concurrency: The number of requests under way at once.
        leg_bytes: The size of the pages, in bytes, at which a leg ends.
        max_probes: The largest number of missing keys to ask for in one sync.
        trust_after: After how many missing keys without a row the listing of hidden rows is taken
            to be whole.
        heeds_status: Whether the server lists by status.
        lanes: How the first listing is read in lanes; None where it is not.
    """

    limit: int = 50
    concurrency: int = 8
    leg_bytes: float = float("inf")
    max_probes: int = 200
    trust_after: int = 100
    heeds_status: bool = True
    lanes: KeyLaneSettings | None = None


@dataclass(slots=True)
class Seen:
    """What the API has shown to the mirror, beside the rows themselves.

    Args:
        low: The oldest key that was listed; None before the first page with rows.
        high: The newest key that was listed.
        first_high: The newest key of the first page with rows.
        passed: The keys that pages passed over without a row, with the time of the first such page
            in seconds since 1970.
        given_up: Those of them whose row was still absent when it was asked for ten or more minutes
            after that.
        alone: The keys of the rows that came by their own path when they were last loaded.
        retries: The time at which each retry was last loaded, by its key.
        below: For each cursor the last key of the page that named it.
        listed: The keys that pages have shown.
    """

    low: int | None = None
    high: int | None = None
    first_high: int | None = None
    passed: dict[int, float] = field(default_factory=dict)
    given_up: set[int] = field(default_factory=set)
    alone: set[int] = field(default_factory=set)
    retries: dict[int, float] = field(default_factory=dict)
    below: dict[str, int] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)

    def copy(self) -> Seen:
        """A copy that later answers do not change."""
        return replace(
            self,
            passed=self.passed.copy(),
            given_up=self.given_up.copy(),
            alone=self.alone.copy(),
            retries=self.retries.copy(),
            below=self.below.copy(),
            listed=self.listed.copy(),
        )

    def page(self, held: HeldRequest, now: float) -> None:
        """Notes what a page of the listing has shown.

        Args:
            held: The request, which has been answered.
            now: The time in seconds since 1970.
        """
        keys = [int(row["id"]) for row in held.rows or ()]
        path = keys if held.cursor is None else [self.above(held.cursor), *keys]
        if held.cursor is None and keys and (newer := [k for k in self.listed if k > keys[0]]):
            # The newest rows were deleted since an earlier page had shown them.
            path = [min(newer), *keys]
        if held.next_cursor is not None:
            self.below[held.next_cursor] = keys[-1]
        elif path and self.low is not None and self.low < path[-1]:
            path = [*path, self.low]
        for higher, lower in pairwise(path):
            for key in range(lower + 1, higher):
                self.passed.setdefault(key, now)
        if not keys:
            return
        self.listed.update(keys)
        self.low = keys[-1] if self.low is None else min(self.low, keys[-1])
        self.high = keys[0] if self.high is None else max(self.high, keys[0])
        self.first_high = keys[0] if self.first_high is None else self.first_high

    def above(self, cursor: str) -> int:
        """The key that the rows of a page are below.

        Args:
            cursor: The cursor of the page, which a page has named, or a lane has made.
        """
        known = self.below.get(cursor)
        return int(json.loads(b64decode(cursor))["lastId"]) if known is None else known

    def absent(self, held: HeldRequest) -> None:
        """Notes that a row was not there when it was asked for by its path.

        Args:
            held: The request, which has been answered.
        """
        if held.asked_at >= self.passed.get(held.key, held.asked_at) + GRACE:
            self.given_up.add(held.key)


@dataclass(slots=True)
class Leg:
    """What is committed at once.

    Args:
        rows: The rows by their keys.
        read_at: When each of them was read, in seconds since 1970.
        gone: The open rows that were found to be gone.
        state: The state of the lane at the end of the leg, as JSON.
        seen: What the API had shown by then.
        is_last: Whether the sync had nothing more to ask for.
    """

    rows: dict[int, Row] = field(default_factory=dict)
    read_at: dict[int, float] = field(default_factory=dict)
    gone: list[GoneRow] = field(default_factory=list)
    state: str = "{}"
    seen: Seen = field(default_factory=Seen)
    is_last: bool = False


@dataclass(slots=True)
class EndedSync:
    """What happened in a sync, for the checks after it has ended without an error.

    Args:
        started: The time at which it began, in seconds since 1970.
        before: All rows of the API as they were when it began, by their keys.
        open: The keys of the table's rows that could still change then.
        is_first: Whether no sync before it had loaded all that it asked for.
        served: The versions of each row that the server has sent since it began, by the row's key.
        probed: The keys that the listing had passed over and that the sync asked for by their path.
        saw_nothing: Whether the listing was empty, though it had shown rows before.
        requests: The number of its requests.
        pages: The number of those that were for pages of the listing.
        rows_alone: The number of those that were for single rows.
    """

    started: float
    before: dict[int, Row]
    open: set[int]
    is_first: bool
    served: dict[int, list[Row]] = field(default_factory=dict)
    probed: set[int] = field(default_factory=set)
    saw_nothing: bool = False
    requests: int = 0
    pages: int = 0
    rows_alone: int = 0


class LivingMirror:
    """The table, and what was committed together with its rows.

    Args:
        world: The world to mirror.
        settings: The settings of the mirror.

    Attributes:
        table: The rows that have been loaded, by their keys.
        read_at: When each of them was read, in seconds since 1970.
        gone: The rows that are said to be gone: the time since when each is missed, by its key.
        extracted: The leg that waits to be loaded; None where there is none.
        last_started: The time at which the last sync began that ended without an error; None
            before the first.
        has_listed_all: Whether a sync has loaded all that it asked for, however it ended.
        seconds_per_answer: How long the world goes on before each answer, in seconds.
    """

    resource = "executions"

    def __init__(self, world: WatchedWorld, settings: MirrorSettings) -> None:
        self.world = world
        self.settings = settings
        self.listing, self.tail = connector(
            settings.limit, settings.max_probes, settings.trust_after, self.resource
        )
        in_lanes = replace(self.tail.settings, lanes=settings.lanes)
        self.tail = replace(self.tail, settings=in_lanes)
        self.fields = {"id", "finished", "mode", "retryOf", "retrySuccessId", "status"}
        self.fields |= {"startedAt", "stoppedAt", "workflowId", "waitTill"}
        self.table: dict[int, Row] = {}
        self.read_at: dict[int, float] = {}
        self.gone: dict[int, float] = {}
        self.state = "{}"
        self.seen = Seen()
        self.extracted: Leg | None = None
        self.last_started: float | None = None
        self.has_listed_all = False
        self.loop = PausingLoop()
        self.seconds_per_answer = 0.0

    def load(self) -> None:
        """Commits the leg that waits to be loaded."""
        leg, self.extracted = self.extracted, None
        if leg is None:
            return
        self.table |= leg.rows
        self.read_at |= leg.read_at
        for gone in leg.gone:
            key = int(gone.identity)
            assert key not in self.gone, f"row {key} is gone twice"
            self.gone[key] = gone.since
        self.state, self.seen = leg.state, leg.seen
        self.has_listed_all |= leg.is_last

    def open_rows(self) -> set[int]:
        """The keys of the rows that can still change, without those known to be gone."""
        return {key for key in self.table if self.is_open(key)} - self.gone.keys()

    def is_open(self, key: int) -> bool:
        """Whether a row could still change when it was read."""
        row = self.table[key]
        if row["status"] != "crashed" or row["stoppedAt"] is None:
            return row["status"] not in SETTLED
        stopped = datetime.fromisoformat(row["stoppedAt"]).timestamp()
        return self.read_at[key] - stopped < CRASHED_FOR

    def sync(self) -> EndedSync:
        """Makes a whole sync during which nothing happens, its requests answered in their order."""
        return LivingSync(self).finish()


class LivingSync:
    """A sync under way, which goes on by one answer at a time.

    Args:
        mirror: The mirror to bring up to date.

    Attributes:
        told: What has happened so far.
        seen: What the API has shown so far.
        refused: The number of cursors that the server has refused.
    """

    def __init__(self, mirror: LivingMirror) -> None:
        world = mirror.world
        # No two syncs begin at one moment.
        world.advance(0.001)
        before = {int(row["id"]): row for row in world.truth()}
        self.mirror = mirror
        # A sync may be cut off after its last leg, when its listing has come to its end.
        is_first = not mirror.has_listed_all
        self.told = EndedSync(world.now, before, mirror.open_rows(), is_first)
        self.client = self.new_client(world)
        self.refused = 0
        self._came_alone = False
        self.seen = mirror.seen.copy()
        self.leg = Leg()
        self.figures = ResourceFigures()
        self._running = mirror.loop.create_task(self._read(self.new_lane().items(self.client)))
        mirror.loop.run_forever()

    def new_lane(self) -> TailLane | KeyStretchReader:
        """What asks for the rows."""
        mirror, world, settings = self.mirror, self.mirror.world, self.mirror.settings
        bounds = LegBounds(
            world.now,
            lambda size, _: size >= settings.leg_bytes,
            lambda: world.now,
            may_repeat=False,
            concurrency=settings.concurrency,
        )
        state = json.loads(mirror.state)
        return TailLane(mirror.listing, mirror.tail, state, bounds, self.figures)

    def new_client(self, world: WatchedWorld) -> HeldClient:
        """What asks the world."""
        return HeldClient(world, heeds_status=self.mirror.settings.heeds_status)

    async def _read(self, items: AsyncIterator[FetchedPage | LegEnd]) -> None:
        assert isinstance(items, AsyncGenerator)
        async with aclosing(items):
            async for item in items:
                if isinstance(item, LegEnd):
                    self.end_leg(item)
                else:
                    self._extract(item)

    def _extract(self, page: FetchedPage) -> None:
        assert not page.unreadable
        for raw in page.rows:
            row: Row = msgspec.json.decode(raw)
            key = int(row["id"])
            assert key not in self.leg.rows, f"row {key} is loaded twice in a leg"
            assert row.keys() == self.mirror.fields, f"row {key} has other fields: {sorted(row)}"
            self.leg.rows[key] = row
            self.leg.read_at[key] = self.mirror.world.now
            (self.seen.alone.add if self._came_alone else self.seen.alone.discard)(key)
            if row["retryOf"] is not None:
                self.seen.retries[key] = self.mirror.world.now

    def end_leg(self, end: LegEnd) -> None:
        # A pipeline has loaded a leg before it extracts the next one.
        self.mirror.load()
        for gone in end.gone:
            assert gone.since < self.told.started, "one sync alone does not tell that it is gone"
        self.leg.gone = list(end.gone)
        self.leg.state = json.dumps(end.state)
        self.leg.seen = self.seen.copy()
        self.leg.is_last = end.is_last
        self.mirror.extracted, self.leg = self.leg, Leg()
        end.go_on()

    @property
    def is_over(self) -> bool:
        """Whether the sync has ended, with or without an error."""
        return self._running.done()

    @property
    def failure(self) -> HeadraceError | None:
        """The error with which the sync ended; None where there is none."""
        error = self._running.exception() if self.is_over else None
        if error is not None and not isinstance(error, HeadraceError):
            raise error
        return error

    def answer(self, choice: int) -> None:
        """Lets the server answer one of the requests; the answer is then on its way.

        Args:
            choice: Chooses among the requests that have not been answered; any number will do.
        """
        waiting = [held for held in self.client.under_way if held.answer is None]
        if waiting:
            self._answer(waiting[choice % len(waiting)])

    def _answer(self, held: HeldRequest) -> None:
        self.mirror.world.advance(self.mirror.seconds_per_answer)
        self.client.answer(held)
        for row in held.rows or ():
            self.told.served.setdefault(int(row["id"]), []).append(
                {name: value for name, value in row.items() if name in self.mirror.fields}
            )

    def step(self, choice: int = 0) -> None:
        """Gives the lane one of the answers, and lets it go on as far as it can.

        Args:
            choice: Chooses among the requests under way; any number will do.
        """
        assert self.client.under_way, "it waits, but for no answer"
        held = self.client.under_way[choice % len(self.client.under_way)]
        if held.answer is None:
            self._answer(held)
        told = self.told
        told.requests += 1
        assert told.requests < _MOST_REQUESTS, "the sync does not end"
        if isinstance(held.answer, Exception) and (held.is_list or held.is_of_one_kind):
            self.refused += 1
        elif held.is_list:
            told.pages += 1
            is_empty_top = not held.rows and held.cursor is None
            told.saw_nothing |= is_empty_top and self.seen.high is not None
            self.note_page(held)
        elif not held.is_of_one_kind:
            told.rows_alone += 1
            self._note_single(held)
        self._came_alone = not held.is_list
        self.client.hand_over(held)
        self.mirror.loop.run_forever()

    def note_page(self, held: HeldRequest) -> None:
        """Notes what a page has shown."""
        self.seen.page(held, self.mirror.world.now)

    def _note_single(self, held: HeldRequest) -> None:
        is_known = held.key in self.mirror.table or held.key in self.leg.rows
        if held.key in self.seen.passed and not is_known:
            self.told.probed.add(held.key)
        if not held.rows:
            self.seen.absent(held)

    def finish(self, choice: int = 0) -> EndedSync:
        """Brings the sync to its end, and loads what it brought.

        Args:
            choice: Chooses the next of the requests under way; any number will do.

        Raises:
            HeadraceError: The sync failed.
        """
        while not self.is_over:
            self.step(choice)
        if self.failure is not None:
            raise self.failure
        self.mirror.load()
        self.mirror.last_started = self.told.started
        return self.told

    def crash(self) -> None:
        """Ends the sync at once; what was not extracted is lost."""
        self._running.cancel()
        self.mirror.loop.run_forever()


@cache
def connector(
    limit: int, max_probes: int, trust_after: int, name: str = "executions"
) -> tuple[Listing, TailConfig]:
    """The listing of the `executions` connector, as it ships but for three settings.

    Args:
        limit: The number of rows in a page.
        max_probes: The largest number of missing keys to ask for in one sync.
        trust_after: After how many missing keys without a row the listing of hidden rows is taken
            to be whole.
        name: The name of the resource.
    """
    secrets = {"API_KEY": "not needed", "EXECUTIONS_BASE_URL": "http://world.invalid/api/v1"}
    config: SourceConfig = load_config(
        "executions",
        [f"resources.{name}.endpoint.paginator.limit={limit}"],
        lookup=secrets.get,
    )
    (resource,) = (each for each in config.resources if each.name == name)
    assert isinstance(resource, ResourceConfig)
    tail = resource.tail
    assert isinstance(tail, TailConfig)
    bounded = replace(tail.settings, max_probes=max_probes, trust_after=trust_after)
    return build_listing(config, resource), replace(tail, settings=bounded)
