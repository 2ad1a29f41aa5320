"""One load of a table in one format, in a process of its own: prints seconds and peak memory."""

from __future__ import annotations

import argparse
import csv
import io
import json
import resource
import sys
import time
from typing import Any

SOURCES = ("headrace", "dlt", "dlt, tuned")
_COLUMNS = {
    "id": {"data_type": "bigint"},
    "startedAt": {"data_type": "timestamp"},
    "waitTill": {"data_type": "timestamp"},
    "cost": {"data_type": "double"},
    "finished": {"data_type": "bool"},
    "retryOf": {"data_type": "bigint"},
}


def json_of_csv(response: Any) -> None:
    """What dlt's own source needs to read CSV; an empty cell is null, as in ours."""
    lines = csv.DictReader(io.StringIO(response.content.decode()))
    rows = [{name: cell or None for name, cell in line.items()} for line in lines]
    response._content = json.dumps(rows).encode()


def json_of_jsonl(response: Any) -> None:
    """What dlt's own source needs to read NDJSON."""
    response._content = b"[" + b",".join(response.content.splitlines()) + b"]"


_FUNCTIONS = {"csv": json_of_csv, "jsonl": json_of_jsonl}


def config(source: str, written: str, base_url: str) -> Any:
    """The config of a load.

    Args:
        source: whose source loads.
        written: what the answers are written in.
        base_url: of the server.
    """
    endpoint: dict[str, Any] = {"path": written, "paginator": "header_link"}
    if source == "headrace":
        endpoint["decoder"] = written
    elif written in _FUNCTIONS:
        endpoint["response_actions"] = [{"status_code": 200, "action": _FUNCTIONS[written]}]
    return {
        "client": {"base_url": base_url},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "columns": _COLUMNS,
                "endpoint": endpoint,
            }
        ],
    }


def main() -> None:
    """Runs one load in the current folder, which should be empty."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", choices=SOURCES)
    parser.add_argument("written")
    parser.add_argument("base_url")
    arguments = parser.parse_args()
    # Both sources' modules are imported before the clock starts.
    import dlt
    import dlt.sources.rest_api

    import headrace
    import headrace.dlt_source.source

    pipeline = dlt.pipeline(
        "benchmark",
        destination=dlt.destinations.duckdb("benchmark.duckdb"),
        pipelines_dir="pipelines",
    )
    module: Any = headrace if arguments.source == "headrace" else dlt.sources.rest_api
    is_tuned = arguments.source == "dlt, tuned"
    settings: dict[str, Any] = {"loader_file_format": "parquet"} if is_tuned else {}
    started = time.perf_counter()
    source = module.rest_api_source(config(arguments.source, arguments.written, arguments.base_url))
    pipeline.run(source, **settings)
    seconds = time.perf_counter() - started
    with pipeline.sql_client() as client:
        found = client.execute_sql("SELECT count(*), sum(id), count(retry_of) FROM items")
    used = resource.getrusage(resource.RUSAGE_SELF)
    measured = {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
        "sums": str(found),
    }
    print(json.dumps(measured), file=sys.stdout)


if __name__ == "__main__":
    main()
