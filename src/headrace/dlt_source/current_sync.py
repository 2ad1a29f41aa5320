"""The sync that a resource runs in, found by its pipeline.

dlt calls the function of a resource and passes nothing to it from the code that started the
pipeline. So a sync is registered here while it runs, and the resource looks it up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import Any, Protocol

import dlt

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import HeadraceError
from headrace.core.failed_requests import FailedRequest, Failure
from headrace.core.figures import Figures, ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.commits import Commits
from headrace.dlt_source.incremental.dependent import BegunCursor
from headrace.dlt_source.refusals import Refusals
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.legs import LegEnd, Legs
from headrace.sansio.rows import BatchIds
from headrace.sansio.windows import WindowSettings


class Witness(Protocol):
    """Is shown what the resources of a sync hand over to dlt; `verify` compares by it."""

    def meet(self, resource: str, tail: TailConfig | None) -> None:
        """Learns that a resource begins.

        Args:
            resource: The name of the resource.
            tail: How its listing is kept up with; None where it is not.
        """
        ...

    def see(self, resource: str, pages: Sequence[FetchedPage], ids: BatchIds | None) -> None:
        """Learns that the rows of some pages are handed over.

        Args:
            resource: The name of their resource.
            pages: The pages, in the order of the listing.
            ids: The ids that their rows get in the table; None where dlt makes them.
        """
        ...

    def begin_again(self) -> None:
        """Learns that what was handed over was given up, and comes once more."""
        ...


class KeptRows(Protocol):
    """Gives rows that were listed before; they are loaded in place of a new listing."""

    def pages(self, resource: str) -> Iterator[FetchedPage | LegEnd]:
        """Gives the rows of a resource for one leg.

        Args:
            resource: The name of the resource.

        Yields:
            Pages with the rows, and behind them the end of the leg.
        """
        ...

    def has_unique_keys(self, resource: str) -> bool:
        """Whether no key comes twice among the rows of a resource.

        Args:
            resource: The name of the resource.
        """
        ...

    def for_legs(self, legs: Legs) -> KeptRows:
        """The same rows, for another sync.

        Args:
            legs: The legs of that sync.
        """
        ...


class EarlierReading(Protocol):
    """What was read of a resource before the sync; it is loaded in place of asking the API.

    Unlike rows that were kept, it counts as a sync: the state learns of it.
    """

    @property
    def id(self) -> str:
        """What tells it from others."""
        ...

    def has(self, resource: str) -> bool:
        """Whether it is of a resource.

        Args:
            resource: The name of the resource.
        """
        ...

    def pages(self, figures: ResourceFigures) -> Iterator[FetchedPage]:
        """Gives the pages of its resource, in the order of the listing.

        Args:
            figures: Where to count them.
        """
        ...

    def tail_end(self, tail: TailConfig, known: dict[str, Any]) -> LegEnd:
        """Gives what follows the pages of a listing that is kept up with.

        Args:
            tail: How it is kept up with.
            known: What was known of it before.
        """
        ...

    def windows_end(self, settings: WindowSettings) -> LegEnd:
        """Gives what follows the pages of a range that was asked for in windows.

        Args:
            settings: How the range is parted.
        """
        ...

    def failed(self) -> Iterator[tuple[str, Failure]]:
        """Gives the listings of single rows of the parent that failed, each by its key."""
        ...


@dataclass(frozen=True, slots=True)
class RunningSync:
    """A sync that is under way.

    Args:
        figures: The figures to count on.
        legs: The legs of the sync; a single leg where the user calls `pipeline.run`.
        witness: Is shown all rows that are handed over; None where nobody wants to see them.
        kept_rows: Has the rows to load, in a repair; None to list them.
        earlier: What was read before, and is loaded in place of a listing; None to list.
        commits: The loads of the sync that have been committed so far.
        refusals: The rows that the destination has refused, which are set aside.
        forgotten_requests: The requests that were on record before a full refresh, by the name of
            the resource.
        settled: The names of the resources whose rows that earlier syncs have found to be gone are
            dealt with.
        doubted: The names of the resources of which nobody can say what the last load has found.
        begun_cursors: By the name of a dependent resource, what its incremental began with.
        failed_tenants: By the name of a resource that is kept up with, its tenants that have
            failed, each with the reason.
        tenants_brought: The names of such resources of which a tenant has brought something.
    """

    figures: Figures = field(default_factory=Figures)
    legs: Legs = field(default_factory=Legs)
    witness: Witness | None = None
    kept_rows: KeptRows | None = None
    earlier: EarlierReading | None = None
    commits: Commits = field(default_factory=Commits)
    refusals: Refusals = field(default_factory=Refusals)
    forgotten_requests: dict[str, list[FailedRequest]] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)
    begun_cursors: dict[str, BegunCursor] = field(default_factory=dict)
    failed_tenants: dict[str, dict[str, HeadraceError]] = field(default_factory=dict)
    tenants_brought: set[str] = field(default_factory=set)

    @property
    def asks(self) -> bool:
        """Whether the API is asked for the rows."""
        return self.kept_rows is None and self.earlier is None


# By the ids of the pipelines: several in a process may have one name, in folders of their own.
_running: dict[int, RunningSync] = {}
_lock = threading.Lock()


@contextmanager
def running(pipeline: dlt.Pipeline, sync: RunningSync) -> Iterator[None]:
    """Lets the resources of a pipeline find their sync while the block runs.

    Args:
        pipeline: The pipeline. Resources that run in another one do not find it.
        sync: The sync to be found.
    """
    with _lock:
        _running[id(pipeline)] = sync
    try:
        yield
    finally:
        with _lock:
            _running.pop(id(pipeline), None)


def running_sync(pipeline: dlt.Pipeline) -> RunningSync:
    """The sync that runs a pipeline; a new one of a single leg where the user runs the pipeline.

    Args:
        pipeline: The pipeline.
    """
    with _lock:
        return _running.get(id(pipeline)) or RunningSync()
