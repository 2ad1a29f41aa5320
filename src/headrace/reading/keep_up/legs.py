"""The legs of a sync: pieces of bounded size, each loaded and committed together with its state.

A leg is one dlt load, so each leg is a new call of the resource's function. What the resource
fetches goes on across these calls: the generator that fetches is kept here, and each call takes
from it up to the end of the next leg.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from headrace.core import defaults
from headrace.core.exceptions import HeadraceError
from headrace.sansio.tail import GoneRow


@dataclass(frozen=True, slots=True)
class LegSettings:
    """The bounds of a leg, which ends at the first one that it reaches.

    A load has a fixed cost, from a fraction of a second to many seconds, so the bound in time grows
    with the duration of the last load.

    Args:
        most_bytes: The size of the raw pages, in bytes, at which a leg ends.
        least_seconds: The smallest age, in seconds, at which a leg may end by time.
        load_times: The age at which a leg may end by time, as a multiple of the duration of the
            last load; the larger of the two ages counts.
    """

    most_bytes: int = defaults.LEG_BYTES
    least_seconds: float = defaults.LEG_SECONDS
    load_times: float = 10.0


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A request for a single row that failed, or was left for the next sync after others failed.

    Args:
        key: The value by which the path names the row.
        error: Why it failed, or why the others did.
        request: The request, without secrets; empty where it was not made.
    """

    key: str
    error: HeadraceError
    request: str = ""


@dataclass(frozen=True, slots=True)
class SingleRequests:
    """How the requests for single rows went in a leg, and what is on record of them.

    Args:
        failed: Those that failed.
        settled: The keys that were on record and need to be asked for no more.
        have_worked: Whether one has worked.
    """

    failed: tuple[FailedRow, ...] = ()
    settled: tuple[str, ...] = ()
    have_worked: bool = False


@dataclass(frozen=True, slots=True)
class LegEnd:
    """The end of a leg, which follows its last rows.

    Args:
        state: The state to be committed together with the rows of the leg, as JSON values.
        gone: The rows that are known by now to be gone from the API.
        is_last: Whether the resource has no more to fetch.
        go_on: Must be called once the rows of the leg are on disk. Only then is more fetched, so
            that a crash loses one leg at most.
        singles: How the requests for single rows went.
    """

    state: dict[str, Any]
    gone: tuple[GoneRow, ...]
    is_last: bool
    go_on: Callable[[], object] = lambda: None
    singles: SingleRequests = SingleRequests()


@dataclass(slots=True)
class _Fetching:
    """What one resource fetches in this sync.

    Args:
        items: Fetches pages; the end of each leg follows the pages of the leg.
        is_finished: Whether there is nothing more to fetch.
        go_on: Lets the fetching go on behind the end of the last leg.
    """

    items: Generator[Any, None, None]
    is_finished: bool = False
    go_on: Callable[[], object] = lambda: None


@dataclass
class Legs:
    """The legs of one sync, and the fetching of all its resources that goes on from leg to leg.

    Args:
        settings: The bounds of a leg; None for a single leg without bounds.
        clock: Gives the time in seconds since 1970.
        stop: Once this is set, the leg under way ends soon and is the last one.

    Attributes:
        started: The time at which the sync began, in seconds since 1970.
        last_load_seconds: The duration of the last load in seconds; 0 before the first one.
    """

    settings: LegSettings | None = None
    clock: Callable[[], float] = time.time
    stop: threading.Event = field(default_factory=threading.Event)
    started: float = field(init=False)
    last_load_seconds: float = field(default=0.0, init=False)
    _fetching: dict[str, _Fetching] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def is_over(self, size: int, seconds: float) -> bool:
        """Whether a leg must end now.

        Args:
            size: The size of its raw pages in bytes.
            seconds: The time in seconds since it began.
        """
        if self.stop.is_set():
            return True
        if self.settings is None:
            return False
        longest = max(
            self.settings.least_seconds, self.settings.load_times * self.last_load_seconds
        )
        return size >= self.settings.most_bytes or seconds >= longest

    def items(
        self, resource: str, begin: Callable[[], Generator[Any, None, None]]
    ) -> Generator[Any, None, None]:
        """Gives what a resource fetches in one leg; the next call goes on where this one ended.

        Args:
            resource: The name of the resource in the running pipeline.
            begin: Begins to fetch; called in the first leg only.

        Yields:
            Pages, and a `LegEnd` as the last item.
        """
        if resource not in self._fetching:
            self._fetching[resource] = _Fetching(begin())
        fetching = self._fetching[resource]
        completed = False
        try:
            for item in fetching.items:
                if isinstance(item, LegEnd):
                    completed = True
                    fetching.is_finished = item.is_last
                    fetching.go_on = item.go_on
                yield item
                if completed:
                    return
        finally:
            # Without its end a leg has failed, and without bounds there is one leg only.
            if not completed or fetching.is_finished or self.settings is None:
                fetching.items.close()
                fetching.is_finished = True

    def go_on(self) -> None:
        """Lets the resources fetch the next leg; to be called when the last one is on disk."""
        for each in self._fetching.values():
            if not each.is_finished:
                each.go_on()

    @property
    def unfinished(self) -> list[str]:
        """The names of the resources that have more to fetch."""
        return [name for name, each in self._fetching.items() if not each.is_finished]

    def close(self) -> None:
        """Ends the fetching of all resources."""
        for each in self._fetching.values():
            each.items.close()

    def begin_again(self) -> None:
        """Ends the fetching, and has the next leg begin with what was committed last."""
        self.close()
        self._fetching.clear()
