"""The legs of a sync: bounded pieces that are loaded and committed with what is known by then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from headrace.core import defaults
from headrace.sansio.tail import GoneRow


@dataclass(frozen=True, slots=True)
class LegSettings:
    """How long a leg may get.

    Args:
        most_bytes: of raw pages in one leg.
        least_seconds: a leg does not end by time before that,
        load_times: nor before so many times the seconds that the last load took.
    """

    most_bytes: int = defaults.LEG_BYTES
    least_seconds: float = defaults.LEG_SECONDS
    load_times: float = 10.0


@dataclass(frozen=True, slots=True)
class LegEnd:
    """Behind the last rows of a leg.

    Args:
        state: to be committed with them.
        gone: rows that are not there any more.
        is_last: whether the resource has no more.
        go_on: to be called once the leg is on disk: only then more is fetched, so that a crash
            loses one leg at most.
    """

    state: dict[str, Any]
    gone: tuple[GoneRow, ...]
    is_last: bool
    go_on: Callable[[], object] = lambda: None


@dataclass(slots=True)
class _Open:
    items: Generator[Any, None, None]
    is_finished: bool = False
    go_on: Callable[[], object] = lambda: None


@dataclass
class Legs:
    """What goes on from leg to leg of a sync.

    Args:
        settings: how long a leg may get; None for a single leg without bound.
        clock: gives the time, in seconds since 1970.
        stop: once set, the leg under way is the last one and ends soon.
        started: when the sync began, in seconds since 1970.
    """

    settings: LegSettings | None = None
    clock: Callable[[], float] = time.time
    stop: threading.Event = field(default_factory=threading.Event)
    started: float = field(init=False)
    last_load_seconds: float = field(default=0.0, init=False)
    _open: dict[str, _Open] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def is_over(self, size: int, seconds: float) -> bool:
        """Whether a leg is to end.

        Args:
            size: bytes of its raw pages.
            seconds: since it began.
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
        """What a resource fetches, up to the end of a leg; the next call goes on behind it.

        Args:
            resource: its name.
            begin: starts to fetch, in the first leg.

        Yields:
            Pages, and a `LegEnd` as the last item.
        """
        if resource not in self._open:
            self._open[resource] = _Open(begin())
        fetching = self._open[resource]
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
            if not completed or fetching.is_finished or self.settings is None:
                fetching.items.close()
                fetching.is_finished = True

    def go_on(self) -> None:
        """Fetches the next leg: the last one is on disk."""
        for each in self._open.values():
            if not each.is_finished:
                each.go_on()

    @property
    def unfinished(self) -> list[str]:
        """Names of the resources that have more."""
        return [name for name, each in self._open.items() if not each.is_finished]

    def close(self) -> None:
        """Ends all fetching."""
        for each in self._open.values():
            each.items.close()
