"""The roads of keeping up with a listing: the sync after some changes, and a long first sync.

dlt's own source has no way to ask for changes only, so it lists all again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from benchmarks.clock import Clock, rows_in
from benchmarks.loading import import_all, new_pipeline
from benchmarks.processes import run_alone, served
from benchmarks.roads import DLT_TUNED, FULL, Contender, Road, Run
from benchmarks.shapes import API_KEY, SHAPES

HEADRACE = "headrace"
_LARGE = 10_000_000


class LivingServer:
    """A server in a process of its own that changes its rows when told to.

    Args:
        process: of `benchmarks.living`.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to: IO[str] = process.stdin
        self._from: IO[str] = process.stdout
        self.base_url = self._from.readline().strip()

    def change(self) -> None:
        """Lets a handful of rows change."""
        self._tell("change")

    def requests(self) -> int:
        """How many requests came since this was asked last."""
        return int(self._tell("requests"))

    def _tell(self, command: str) -> str:
        print(command, file=self._to, flush=True)
        return self._from.readline()


@contextmanager
def living(rows: int) -> Iterator[LivingServer]:
    """Serves so many rows that change when told to."""
    command = [sys.executable, "-m", "benchmarks.living", "--rows", str(rows)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield LivingServer(process)
        finally:
            process.terminate()


def sync(source: str, base_url: str, folder: Path | None = None) -> Run:
    """Runs one sync in a process of its own.

    Args:
        source: that it is made with.
        base_url: of the server.
        folder: with what stands there from the sync before; an empty one where it is None.
    """
    return Run(**run_alone("keeping_up", source, base_url, folder=folder))


def sync_after_changes(source: str, server: LivingServer, folder: Path) -> Run:
    """Lets rows change, and syncs."""
    server.change()
    server.requests()
    run = sync(source, server.base_url, folder)
    return Run(run.seconds, run.cpu_seconds, run.peak_bytes, None, server.requests())


@contextmanager
def next_syncs(rows: int) -> Iterator[list[Contender]]:
    """A third of a full load has been synced; ten rows are new at each sync."""
    with tempfile.TemporaryDirectory() as folder, living(max(rows // 3, 5_000)) as server:
        contenders = []
        for source in (DLT_TUNED, HEADRACE):
            place = Path(folder) / source
            place.mkdir()
            # The first sync is ours in any case: dlt's own source goes on with the table.
            sync(HEADRACE, server.base_url, place)
            measure = partial(sync_after_changes, source, server, place)
            contenders.append(Contender(source, measure))
        yield contenders


@contextmanager
def large_syncs(rows: int) -> Iterator[list[Contender]]:
    """A first sync of many rows, beside one of as many as a full load has."""
    with ExitStack() as stack:
        contenders = []
        for count in (rows, _LARGE * rows // FULL):
            command = (*SHAPES["executions"].serve, "--rows", str(count))
            base_url = stack.enter_context(served(*command))
            name = "headrace" if count == rows else "headrace, many rows"
            measure = partial(sync, HEADRACE, base_url)
            contenders.append(Contender(name, measure, count, once=count > rows))
        yield contenders


ROADS = (
    Road("next-sync", "The next sync, after ten changes", (DLT_TUNED,), next_syncs),
    Road("large", "A first sync of 10,000,000 rows", (HEADRACE,), large_syncs, large=True),
)


def main() -> None:
    """Runs one sync into the current folder, and prints what it took as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", choices=(DLT_TUNED, HEADRACE))
    parser.add_argument("base_url")
    arguments = parser.parse_args()
    import dlt.sources.rest_api

    import headrace
    from headrace.config import load_config
    from headrace.dlt_source.source import build_source

    pipeline = new_pipeline("duckdb")
    import_all(arguments.source)
    clock = Clock()
    if arguments.source == HEADRACE:
        settings = {"API_KEY": API_KEY, "EXECUTIONS_BASE_URL": arguments.base_url}
        headrace.sync(pipeline, build_source(load_config("executions", lookup=settings.get)))
    else:
        config: Any = SHAPES["executions"].config(arguments.base_url)
        config["resources"][0]["name"] = "executions"
        source = dlt.sources.rest_api.rest_api_source(config)
        pipeline.run(source, loader_file_format="parquet")
    clock.stop()
    clock.tell(rows_in(pipeline, "executions"))


if __name__ == "__main__":
    main()
