"""The road into PostgreSQL, and the server that it leads to.

The server is that of the tests, with the settings that PostgreSQL comes with.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.load_roads import PEERS, loads
from benchmarks.processes import served
from benchmarks.roads import DLT, DLT_TUNED, FULL, WITH_IDS, WITHOUT_IDS, Contender, Road

# How many rows each loads, of 300,000.
_ROWS_OF = {DLT: 20_000, DLT_TUNED: 100_000, WITH_IDS: FULL, WITHOUT_IDS: FULL}


@contextmanager
def into_postgres(rows: int) -> Iterator[list[Contender]]:
    """The contenders, while the servers run."""
    with (
        served("-m", "benchmarks.postgres") as url,
        loads("executions", _ROWS_OF, url, rows) as contenders,
    ):
        yield contenders


ROADS = (Road("postgres", "Executions into PostgreSQL", PEERS, into_postgres),)


def main() -> None:
    """Runs a server until the process is ended, and says where it is."""
    from tests.support.postgres import start_server

    server = start_server(settings="")
    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        print(server.url(), flush=True)
        signal.pause()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
