"""Measures what the process takes for the one thing it was started for."""

from __future__ import annotations

import json
import resource
import time
from dataclasses import asdict
from typing import Any

from benchmarks.roads import Run


class Clock:
    """Runs from its making to `stop`."""

    def __init__(self) -> None:
        self._cpu = _cpu_seconds()
        self._started = time.perf_counter()
        self._run: Run | None = None

    def stop(self) -> None:
        """Ends what is measured."""
        self._run = Run(
            seconds=time.perf_counter() - self._started,
            cpu_seconds=_cpu_seconds() - self._cpu,
            peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            rows=None,
        )

    def tell(self, rows: int | None) -> None:
        """Prints the run as JSON.

        Args:
            rows: that were loaded, for the checks and for rows a second.
        """
        assert self._run is not None
        print(json.dumps({**asdict(self._run), "rows": rows}))


def rows_in(pipeline: Any, table: str) -> int:
    """How many rows a table has at the destination.

    Args:
        pipeline: that loaded them.
        table: to count.
    """
    with pipeline.sql_client() as client:
        ((count,),) = client.execute_sql(f"SELECT count(*) FROM {table}")
    return int(count)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
