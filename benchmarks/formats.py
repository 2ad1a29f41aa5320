"""The roads of NDJSON and CSV: one table in pages of 5,000 rows.

dlt's source reads both by a function in `response_actions` that makes JSON of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from benchmarks.processes import run_alone, served
from benchmarks.roads import DLT, DLT_TUNED, WITH_IDS, Contender, Road, Run, share

_PAGE = "5000"
# How many rows each loads, of 300,000.
_ROWS_OF = {DLT: 30_000, DLT_TUNED: 100_000, WITH_IDS: 300_000}


def measure(source: str, written: str, base_url: str) -> Run:
    """Runs one load in an empty folder and a new process."""
    return Run(**run_alone("format_loading", source, written, base_url))


@contextmanager
def loads(written: str, rows: int) -> Iterator[list[Contender]]:
    """The contenders, while the servers of the table run."""
    with ExitStack() as stack:
        contenders = []
        for name, of_full in _ROWS_OF.items():
            count = share(of_full, rows)
            command = ("-m", "benchmarks.format_serving", "--rows", str(count))
            base_url = stack.enter_context(served(*command, "--page", _PAGE))
            contenders.append(Contender(name, partial(measure, name, written, base_url), count))
        yield contenders


ROADS = (
    Road("ndjson", "NDJSON into DuckDB", (DLT, DLT_TUNED), partial(loads, "jsonl")),
    Road("csv", "CSV into DuckDB", (DLT, DLT_TUNED), partial(loads, "csv")),
)
