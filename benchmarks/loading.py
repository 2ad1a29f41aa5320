"""One full load in a process of its own: prints its seconds and its peak memory as JSON."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.shapes import SHAPES


def load_with_dlt(config: Any, pipeline: Any, **settings: Any) -> None:
    """Loads with dlt's own source."""
    from dlt.sources.rest_api import rest_api_source

    pipeline.run(rest_api_source(config), **settings)


def load_with_headrace(config: Any, pipeline: Any, *, row_ids: bool) -> None:
    """Loads with ours; the config is the same but for `row_ids`."""
    from headrace import rest_api_source

    pipeline.run(rest_api_source({**config, "pipeline": {"row_ids": row_ids}}))


def read_with_duckdb(rows_file: Path) -> None:
    """Reads the same rows from a local file: as fast as it could be."""
    import duckdb

    with duckdb.connect("floor.duckdb") as connection:
        connection.execute(
            f"CREATE TABLE items AS SELECT * FROM read_json('{rows_file}', "
            "format='newline_delimited')"
        )


VARIANTS: dict[str, Callable[[Any, Any], None]] = {
    "dlt, defaults": load_with_dlt,
    "dlt, tuned": lambda config, pipeline: load_with_dlt(
        config, pipeline, loader_file_format="parquet"
    ),
    "headrace, with ids": lambda config, pipeline: load_with_headrace(
        config, pipeline, row_ids=True
    ),
    "headrace, without ids": lambda config, pipeline: load_with_headrace(
        config, pipeline, row_ids=False
    ),
}
FLOOR = "floor"


def main() -> None:
    """Runs one variant in the current folder, which should be empty."""
    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=[*VARIANTS, FLOOR])
    parser.add_argument("--shape", choices=SHAPES, default="executions")
    parser.add_argument("--base-url", default="")
    parser.add_argument("--rows-file", type=Path)
    arguments = parser.parse_args()
    if arguments.variant == FLOOR:
        started = time.perf_counter()
        read_with_duckdb(arguments.rows_file)
    else:
        import dlt

        pipeline = dlt.pipeline(
            "benchmark",
            destination=dlt.destinations.duckdb("benchmark.duckdb"),
            pipelines_dir="pipelines",
        )
        config = SHAPES[arguments.shape].config(arguments.base_url)
        # Both sources' modules are imported before the clock starts.
        import dlt.sources.rest_api

        import headrace.dlt_source.source  # noqa: F401

        started = time.perf_counter()
        VARIANTS[arguments.variant](config, pipeline)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    json.dump({"seconds": seconds, "peak_bytes": peak}, sys.stdout)


if __name__ == "__main__":
    main()
