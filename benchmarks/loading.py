"""One full load in a process of its own: prints what it took as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import Any

from benchmarks.clock import Clock, rows_in
from benchmarks.roads import DLT, DLT_TUNED, WITH_IDS, WITHOUT_IDS
from benchmarks.shapes import SHAPES

FLOOR = "floor"
_IMPORTED_LATE = (
    "dlt.common.libs.pyarrow",
    "dlt.destinations.impl.duckdb.duck",
    "dlt.destinations.impl.postgres.postgres",
    "dlt.sources.rest_api",
    "headrace.dlt_source.handover",
    "headrace.dlt_source.source",
    "headrace.syncing.sync",
    "pyarrow.json",
    "pyarrow.parquet",
)


def load_with_dlt(config: Any, pipeline: Any, **settings: Any) -> None:
    """Loads with dlt's own source."""
    from dlt.sources.rest_api import rest_api_source

    pipeline.run(rest_api_source(config), **settings)


def load_with_headrace(config: Any, pipeline: Any, *, row_ids: bool) -> None:
    """Loads with ours; the config is the same but for `row_ids`."""
    from headrace import rest_api_source

    pipeline.run(rest_api_source({**config, "pipeline": {"row_ids": row_ids}}))


VARIANTS: dict[str, Callable[[Any, Any], None]] = {
    DLT: load_with_dlt,
    DLT_TUNED: lambda config, pipeline: load_with_dlt(
        config, pipeline, loader_file_format="parquet"
    ),
    WITH_IDS: lambda config, pipeline: load_with_headrace(config, pipeline, row_ids=True),
    WITHOUT_IDS: lambda config, pipeline: load_with_headrace(config, pipeline, row_ids=False),
}


def read_with_duckdb(rows_file: Path) -> None:
    """Reads the same rows from a local file: as fast as it could be."""
    import duckdb

    clock = Clock()
    with duckdb.connect("floor.duckdb") as connection:
        connection.execute(
            f"CREATE TABLE items AS SELECT * FROM read_json('{rows_file}', "
            "format='newline_delimited')"
        )
        clock.stop()
        found = connection.execute("SELECT count(*) FROM items").fetchone()
    assert found is not None
    clock.tell(found[0])


def import_all(variant: str) -> None:
    """Imports, before a clock starts, what the loads of a source import late.

    Args:
        variant: The name of the contender.
    """
    for name in _IMPORTED_LATE:
        import_module(name)
    # With dlt's own source Arrow imports it, where it is installed.
    if variant in (DLT, DLT_TUNED) and find_spec("pandas") is not None:
        import_module("pandas")


def new_pipeline(destination: str) -> Any:
    """A pipeline whose all lies in the current folder.

    Args:
        destination: `duckdb`, `files` for Parquet files in a folder, or the URL of a PostgreSQL,
            where a dataset of its own is made.
    """
    import dlt

    place: Any
    if destination == "files":
        place = dlt.destinations.filesystem(Path("files").absolute().as_uri())
    elif destination == "duckdb":
        place = dlt.destinations.duckdb("benchmark.duckdb")
    else:
        place = dlt.destinations.postgres(destination)
    return dlt.pipeline(
        "benchmark",
        destination=place,
        dataset_name=f"loaded_{token_hex(4)}",
        pipelines_dir="pipelines",
    )


def load(arguments: argparse.Namespace) -> None:
    """Runs one variant with dlt."""
    if not arguments.cold:
        # Both sources' modules are imported before the clock starts.

        import headrace.dlt_source.source  # noqa: F401
    pipeline = new_pipeline(arguments.destination)
    # Plain files cannot be merged into.
    disposition = "append" if arguments.destination == "files" else "merge"
    config = SHAPES[arguments.shape].config(arguments.base_url, disposition)
    clock = Clock()
    VARIANTS[arguments.variant](config, pipeline)
    clock.stop()
    clock.tell(None if arguments.cold else rows_in(pipeline, "items"))


def main() -> None:
    """Runs one variant in the current folder, which should be empty."""
    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=[*VARIANTS, FLOOR])
    parser.add_argument("--shape", choices=SHAPES, default="executions")
    parser.add_argument("--base-url", default="")
    parser.add_argument("--destination", default="duckdb")
    parser.add_argument("--rows-file", type=Path)
    parser.add_argument("--cold", action="store_true", help="import nothing before it is needed")
    arguments = parser.parse_args()
    if arguments.variant == FLOOR:
        read_with_duckdb(arguments.rows_file)
    else:
        load(arguments)


if __name__ == "__main__":
    main()
