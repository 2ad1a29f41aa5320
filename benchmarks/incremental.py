"""Keeps a table up with a listing, with Headrace and with dlt's own source, and compares.

    python -m benchmarks.incremental

For listings of several lengths: a first sync, a handful of changes, and the next sync, of which the
requests and the seconds are told. dlt's own source has no way to ask for changes only, so it lists
all again. How to read it: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.shapes import API_KEY

DLT = "dlt, tuned"
HEADRACE = "headrace"


@dataclass(frozen=True)
class Kept:
    """One sync.

    Args:
        sync: the first, or the next after the changes.
        source: that it was made with.
        rows: of the listing.
        requests: that it made.
        seconds: from its first step to the committed table.
        peak_bytes: the most memory that its process held.
    """

    sync: str
    source: str
    rows: int
    requests: int
    seconds: float
    peak_bytes: int

    def told(self) -> str:
        """The sync in a line."""
        return (
            f"{self.sync:6}{self.source:12}{self.rows:>12,} rows:{self.requests:>7,} requests"
            f"{self.seconds:>9.2f} s{self.peak_bytes / 1e6:>8,.0f} MB"
        )


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


def sync_in_process(sync: str, source: str, rows: int, server: LivingServer, folder: Path) -> Kept:
    """Runs one sync in a process of its own, and tells of it."""
    folder.mkdir(exist_ok=True)
    server.requests()
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.incremental", "--sync", source, server.base_url],
        cwd=folder,
        env={
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "ERROR",
            "DLT_DATA_DIR": str(folder),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result = json.loads(ran.stdout.splitlines()[-1])
    kept = Kept(sync, source, rows, server.requests(), result["seconds"], result["peak_bytes"])
    print(kept.told(), flush=True)
    return kept


def sync_here(source: str, base_url: str) -> float:
    """Runs one sync into the current folder; gives its seconds."""
    import dlt
    import dlt.sources.rest_api

    import headrace
    from headrace.config import load_config
    from headrace.dlt_source.source import build_source

    pipeline = dlt.pipeline(
        "benchmark",
        destination=dlt.destinations.duckdb("benchmark.duckdb"),
        pipelines_dir="pipelines",
    )
    settings = {"API_KEY": API_KEY, "EXECUTIONS_BASE_URL": base_url}
    config = load_config("executions", lookup=settings.get)
    started = time.perf_counter()
    if source == HEADRACE:
        headrace.sync(pipeline, build_source(config))
    else:
        plain = dlt.sources.rest_api.rest_api_source(_dlt_config(base_url))
        pipeline.run(plain, loader_file_format="parquet")
    return time.perf_counter() - started


def _dlt_config(base_url: str) -> Any:
    """The guide's config, in words that dlt's own source understands."""
    return {
        "client": {
            "base_url": base_url,
            "auth": {
                "type": "api_key",
                "name": "X-API-KEY",
                "api_key": API_KEY,
                "location": "header",
            },
        },
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [
            {
                "name": "executions",
                "endpoint": {
                    "path": "/executions",
                    "params": {"limit": 250},
                    "data_selector": "data",
                    "paginator": {
                        "type": "cursor",
                        "cursor_param": "cursor",
                        "cursor_path": "nextCursor",
                    },
                },
            }
        ],
    }


def measure(rows: int, sources: list[str], folder: Path) -> list[Kept]:
    """First syncs, changes, and the syncs that count."""
    folders = {source: folder / f"{source} {rows}" for source in sources}
    with living(rows) as server:
        # The first sync is ours in any case: dlt's own source goes on with the table.
        kept = [sync_in_process("first", HEADRACE, rows, server, each) for each in folders.values()]
        server.change()
        for source, each in folders.items():
            kept.append(sync_in_process("next", source, rows, server, each))
    return kept


def main() -> None:
    """Measures listings of several lengths and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--sources", nargs="*", choices=[HEADRACE, DLT], default=[HEADRACE, DLT])
    parser.add_argument("--output", type=Path, default=Path("incremental.json"))
    parser.add_argument("--sync", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.sync:
        seconds = sync_here(*arguments.sync)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "peak_bytes": peak}))
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = [
            each
            for rows in arguments.rows
            for each in measure(rows, arguments.sources, Path(folder))
        ]
    arguments.output.write_text(json.dumps([asdict(each) for each in kept], indent=2))


if __name__ == "__main__":
    main()
