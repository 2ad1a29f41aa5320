"""One load of a table in one format, in a process of its own: prints seconds and peak memory."""

from __future__ import annotations

import argparse
import csv
import io
import json
from typing import Any

from benchmarks.clock import Clock
from benchmarks.loading import import_all, new_pipeline
from benchmarks.roads import DLT, DLT_TUNED, WITH_IDS

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
    if source == WITH_IDS:
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
    parser.add_argument("source", choices=(DLT, DLT_TUNED, WITH_IDS))
    parser.add_argument("written")
    parser.add_argument("base_url")
    arguments = parser.parse_args()
    import dlt.sources.rest_api

    import headrace
    import headrace.dlt_source.source

    pipeline = new_pipeline("duckdb")
    ours = arguments.source == WITH_IDS
    make: Any = headrace.rest_api_source if ours else dlt.sources.rest_api.rest_api_source
    settings: dict[str, Any] = (
        {"loader_file_format": "parquet"} if arguments.source == DLT_TUNED else {}
    )
    import_all(arguments.source)
    clock = Clock()
    source = make(config(arguments.source, arguments.written, arguments.base_url))
    pipeline.run(source, **settings)
    clock.stop()
    with pipeline.sql_client() as client:
        ((rows, ids, old),) = client.execute_sql(
            "SELECT count(*), sum(id), count(retry_of) FROM items"
        )
    # Rows are numbered from 0, and each fourth retries another.
    assert (ids, old) == (rows * (rows - 1) // 2, (rows + 3) // 4)
    clock.tell(rows)


if __name__ == "__main__":
    main()
