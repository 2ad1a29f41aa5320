"""What a resource finds of the sync that it runs in."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from headrace.config.built.tail import TailConfig
from headrace.core.figures import Figures
from headrace.dlt_source.commits import Commits
from headrace.reading.keep_up.legs import LegEnd, Legs
from headrace.reading.listing import FetchedPage
from headrace.sansio.rows import BatchIds


class Witness(Protocol):
    """Sees what the resources of a sync hand over."""

    def meet(self, resource: str, tail: TailConfig | None) -> None:
        """A resource begins.

        Args:
            resource: its name.
            tail: how its listing is kept up with; None where it is not.
        """
        ...

    def see(self, resource: str, pages: Sequence[FetchedPage], ids: BatchIds | None) -> None:
        """The rows of pages are handed over.

        Args:
            resource: The name of their resource.
            pages: The pages, in the order of the listing.
            ids: The ids that their rows get in the table; None where dlt makes them.
        """
        ...


class Replay(Protocol):
    """Gives rows that were listed before, in place of those that a listing would bring."""

    def pages(self, resource: str) -> Iterator[FetchedPage | LegEnd]:
        """The rows of a resource, for one leg.

        Args:
            resource: its name.
        """
        ...

    def has_unique_keys(self, resource: str) -> bool:
        """Whether no key comes twice.

        Args:
            resource: its name.
        """
        ...


@dataclass(frozen=True, slots=True)
class RunningSync:
    """A sync that is under way.

    Args:
        figures: to count on.
        legs: how the sync goes on; a single leg where nobody drives it.
        witness: sees all rows that are handed over.
        replay: has the rows to load; None to list them.
        commits: what of it has been committed.
    """

    figures: Figures = field(default_factory=Figures)
    legs: Legs = field(default_factory=Legs)
    witness: Witness | None = None
    replay: Replay | None = None
    commits: Commits = field(default_factory=Commits)


_running: dict[str, RunningSync] = {}
_lock = threading.Lock()


@contextmanager
def running(pipeline_name: str, sync: RunningSync) -> Iterator[None]:
    """Lets resources that run in a pipeline meanwhile find their sync.

    Args:
        pipeline_name: resources that run in another pipeline do not find it.
        sync: to be found.
    """
    with _lock:
        _running[pipeline_name] = sync
    try:
        yield
    finally:
        with _lock:
            _running.pop(pipeline_name, None)


def running_sync(pipeline_name: str) -> RunningSync:
    """The sync that drives a pipeline; one of its own where `pipeline.run` was called as it is."""
    with _lock:
        return _running.get(pipeline_name) or RunningSync()
