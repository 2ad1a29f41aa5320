"""A thousand tenants in one pipeline: seconds, CPU and memory of a first sync and of the next one.

    python -m benchmarks.tenants --tenants 1000

Each tenant has a resource that is listed whole, one with an incremental and one that is kept up
with, of a hundred rows each. The server runs in a process of its own and takes 20 ms an answer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import tempfile
import time
from typing import Any

from aiohttp import web

from benchmarks.app_serving import served_app

_ROWS = 100
_STILL_OPEN = 3


def app(latency: float) -> web.Application:
    """An API of many accounts, each below a path of its own.

    Args:
        latency: seconds before each answer.
    """

    async def listed(request: web.Request) -> web.Response:
        await asyncio.sleep(latency)
        account, kind = request.match_info["account"], request.match_info["kind"]
        if request.headers.get("X-Key") != f"key-of-{account}":
            return web.json_response({"message": "not yours"}, status=401)
        rows = [
            {
                "id": number,
                "name": f"{kind} {number} of {account}",
                "at": f"2026-01-{1 + number % 28:02}T00:00:00Z",
                "status": "open" if number > _ROWS - _STILL_OPEN else "done",
            }
            for number in range(_ROWS, 0, -1)
            if f"2026-01-{1 + number % 28:02}T00:00:00Z" >= request.query.get("since", "")
        ]
        return web.json_response({"data": rows, "next": None})

    served = web.Application()
    served.router.add_get("/{account}/{kind}", listed)
    return served


def config(base_url: str, tenants: int) -> dict[str, Any]:
    """A config for all accounts."""
    return {
        "client": {
            "base_url": base_url,
            "auth": {"type": "api_key", "name": "X-Key", "api_key": "${ACCOUNT_KEY}"},
            "paginator": {"type": "cursor", "cursor_path": "next"},
        },
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"data_selector": "data"},
        },
        "resources": [
            "customers",
            {
                "name": "changes",
                "endpoint": {
                    "path": "changes",
                    "incremental": {
                        "cursor_path": "at",
                        "start_param": "since",
                        "initial_value": "2000-01-01T00:00:00Z",
                    },
                },
            },
            {
                "name": "runs",
                "endpoint": {
                    "path": "runs",
                    "incremental": {
                        "cursor_path": "id",
                        "row_order": "desc",
                        "settled_when": "status == 'done'",
                    },
                },
            },
        ],
        "tenants": [
            {
                "name": f"account-{number}",
                "set": {"client.base_url": f"{base_url}/account-{number}"},
                "secrets": {"ACCOUNT_KEY": f"KEY_OF_{number}"},
            }
            for number in range(tenants)
        ],
    }


def sync_twice(base_url: str, tenants: int) -> None:
    """Syncs twice, and prints what each took.

    Args:
        base_url: of the API.
        tenants: how many to load.
    """
    import dlt

    import headrace

    for number in range(tenants):
        os.environ[f"KEY_OF_{number}"] = f"key-of-account-{number}"
    for name in ("first", "next"):
        started, cpu = time.perf_counter(), time.process_time()
        pipeline = dlt.pipeline("tenants", destination="duckdb")
        report = headrace.sync(pipeline, headrace.rest_api_source(config(base_url, tenants)))
        total = report.figures.total
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{name} sync of {tenants:,} tenants: {time.perf_counter() - started:,.1f} s, "
            f"{time.process_time() - cpu:,.1f} s of CPU, {total.requests:,} requests, "
            f"{total.loaded_rows:,} rows, {len(report.failed_requests)} failed, {peak:,.0f} MB"
        )


def main() -> None:
    """Runs it in a folder that is thrown away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=1_000)
    tenants = parser.parse_args().tenants
    with tempfile.TemporaryDirectory() as folder, served_app(app, 0.02) as base_url:
        os.chdir(folder)
        os.environ["DLT_DATA_DIR"] = folder
        sync_twice(base_url, tenants)
        os.chdir("/")


if __name__ == "__main__":
    main()
