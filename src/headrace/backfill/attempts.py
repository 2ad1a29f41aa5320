"""`headrace.backfill.lane`: reads a lane into files that are there whole or do not count."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from typing import IO, Any

import msgspec

from headrace.backfill.folder import SharedFolder
from headrace.backfill.lanes import (
    Lane,
    parted_resource,
    seconds_between_requests,
    shared_among,
)
from headrace.backfill.manifests import (
    FailedListing,
    Manifest,
    StretchResult,
    attempts_in,
    delete_attempts,
    find_manifest,
    rows_name,
)
from headrace.backfill.page_files import PageWriter
from headrace.backfill.plans import Plan, lane_in, read_plan
from headrace.core.exceptions import HeadraceError
from headrace.core.figures import Figures, ResourceFigures
from headrace.dlt_source.parted_resource import PartedResource, StretchItem, StretchRead
from headrace.http.lanes import Lanes
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.side_listings import ListingOutcome

# What makes no sense as a sum over lanes.
_NO_COUNTS = frozenset(["resource", "notes", "waits", "share", "unordered", "limited"])
_COUNTED = tuple(name for name in ResourceFigures.__slots__ if name not in _NO_COUNTS)


@dataclass(frozen=True)
class LaneRead:
    """A lane that has been read.

    Args:
        number: The number of the lane.
        rows: How many rows it has.
        requests: How many requests were made for it.
        failed: How many requests beside its listings failed.
        seconds: How long it took.
        was_there: Whether it had been read before, so that nothing was asked for.
    """

    number: int
    rows: int
    requests: int
    failed: int
    seconds: float
    was_there: bool = False


def read_lane_into_folder(
    url: str,
    number: int,
    *,
    workers: int = 1,
    again: bool = False,
    secrets: str | None = None,
    figures: Figures | None = None,
    clock: Callable[[], float] = time.time,
) -> LaneRead:
    """Reads a lane of a plan, into the folder of the plan.

    It may be read several times, by several machines at the same time, and may be killed: what
    counts is there whole, and of several readings one counts.

    Args:
        url: The folder of the plan.
        number: The number of the lane, from 0.
        workers: How many processes read lanes at the same time, which share the rate limit.
        again: Whether a lane that has been read is read once more, in place of what is there.
        secrets: A function, written as `package.module:function`, from the NAME in `${NAME}` to its
            value; None looks where `dlt.secrets` does.
        figures: Where to count, for whoever wants to watch meanwhile.
        clock: Gives the time, in seconds since 1970.

    Returns:
        What was read.

    Raises:
        ConfigError: There is no such plan or lane, or a secret is not known on this machine.
        HeadraceError: The API could not be read; nothing of this reading counts.
        SyncError: The folder cannot be read or written.
    """
    folder = SharedFolder(url)
    plan = read_plan(folder)
    lane = lane_in(folder, plan, number)
    there = None if again else find_manifest(folder, plan, number)
    if there is not None:
        return _told(there, was_there=True)
    config = shared_among(plan.source_config(secrets, lane), workers)
    parted = parted_resource(config, plan.resource, figures)
    reading = LaneReading(folder, plan, lane, parted, clock)
    earlier = attempts_in(folder, number) if again else []
    with _time_left_behind(seconds_between_requests(config)):
        manifest = reading.read()
        delete_attempts(folder, number, earlier)
    return _told(manifest)


@contextmanager
def _time_left_behind(seconds: float) -> Iterator[None]:
    """Leaves some time behind a reading, whole or failed, before another one begins."""
    try:
        yield
    except HeadraceError:
        time.sleep(seconds)
        raise
    time.sleep(seconds)


def _told(manifest: Manifest, *, was_there: bool = False) -> LaneRead:
    requests = sum(each.get("requests", 0) for each in manifest.counts.values())
    return LaneRead(
        manifest.lane,
        manifest.rows,
        int(requests),
        len(manifest.failed),
        manifest.ended - manifest.started,
        was_there,
    )


@dataclass
class LaneReading:
    """One reading of a lane.

    Args:
        folder: The folder of the plan.
        plan: The plan.
        lane: The lane.
        parted: Its resource.
        clock: Gives the time, in seconds since 1970.
    """

    folder: SharedFolder
    plan: Plan
    lane: Lane
    parted: PartedResource
    clock: Callable[[], float]
    _results: list[StretchResult] = field(default_factory=list)
    _failed: list[FailedListing] = field(default_factory=list)
    _rows: int = 0
    _unreadable: int = 0

    def read(self) -> Manifest:
        """Reads the lane; the manifest is there once all else is.

        Raises:
            HeadraceError: It failed, and nothing of it is left.
        """
        started = self.clock()
        moment = datetime.fromtimestamp(started, UTC)
        attempt = f"{moment:%Y%m%dT%H%M%S%f}-{token_hex(4)}"
        name = rows_name(self.lane.number, attempt)
        lanes = self.parted.tree.new_lanes()
        # One client for all stretches, which keep to one rate limit.
        with self._written(name) as file, PageWriter(file) as writer, lanes.kept_open():
            for place in range(len(self.lane.stretches)):
                self._read_stretch(place, lanes, writer)
        figures = self.parted.tree.figures
        manifest = Manifest(
            plan=self.plan.id,
            lane=self.lane.number,
            attempt=attempt,
            size=self.folder.size(name) or 0,
            rows=self._rows,
            unreadable=self._unreadable,
            started=started,
            ended=self.clock(),
            stretches=tuple(self._results),
            failed=tuple(self._failed),
            counts={
                name: {counted: getattr(each, counted) for counted in _COUNTED}
                for name, each in figures.resources.items()
            },
            notes=tuple(figures.total.notes),
        )
        self.folder.write(manifest.name, msgspec.json.encode(manifest))
        return manifest

    @contextmanager
    def _written(self, name: str) -> Iterator[IO[bytes]]:
        """The file of the rows, which goes where the reading fails."""
        try:
            with self.folder.writing(name) as file:
                yield file
        except BaseException:
            # What keeps it from being deleted is told by the error that comes.
            with suppress(HeadraceError):
                self.folder.delete(name)
            raise

    def _read_stretch(self, place: int, lanes: Lanes, writer: PageWriter) -> None:
        stretch = self.lane.stretches[place]
        read = partial(self.parted.items, stretch, keeps_failures=True)
        before, result = self._rows, StretchResult(0)
        with closing(lanes.read(read, _size_of)) as items:
            for item in items:
                match item:
                    case FetchedPage():
                        self._rows += len(item.rows)
                        self._unreadable += len(item.unreadable)
                        if item.rows or item.unreadable:
                            writer.write(place, item)
                    case ListingOutcome():
                        self._settle(item)
                    case LegEnd():
                        result = self._result_of(item)
                    case StretchRead():
                        result = msgspec.structs.replace(result, settled=item.settled)
        self._results.append(msgspec.structs.replace(result, rows=self._rows - before))

    def _settle(self, outcome: ListingOutcome) -> None:
        error = outcome.error
        if error is None:
            return
        children = self.parted.tree.children(self.parted.resource)
        for row in outcome.asked.rows:
            values = children.values(row)
            needed: dict[str, Any] = {"fields": values.fields, "included": values.included}
            key = children.key(values)
            self._failed.append(
                _failed(key, error, outcome.request, was_asked=outcome.was_asked, needed=needed)
            )

    def _result_of(self, end: LegEnd) -> StretchResult:
        for each in end.singles.failed:
            asked = bool(each.request)
            self._failed.append(_failed(each.key, each.error, each.request, was_asked=asked))
        return StretchResult(
            0,
            state=end.state,
            gone=tuple((each.identity, each.since) for each in end.gone),
            singles_have_worked=end.singles.have_worked,
        )


def _failed(
    key: str,
    error: HeadraceError,
    request: str,
    *,
    was_asked: bool,
    needed: dict[str, Any] | None = None,
) -> FailedListing:
    return FailedListing(key, request, error.url, str(error), error.status, was_asked, needed or {})


def _size_of(item: StretchItem) -> int:
    return item.size if isinstance(item, FetchedPage) else 0
