"""What a resource finds of the sync that it runs in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from headrace.figures import Figures
from headrace.legs import Legs


@dataclass(frozen=True, slots=True)
class RunningSync:
    """A sync that is under way.

    Args:
        figures: to count on.
        legs: how the sync goes on; a single leg where nobody drives it.
    """

    figures: Figures = field(default_factory=Figures)
    legs: Legs = field(default_factory=Legs)


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
