"""Serves listings of other shapes than executions: many columns, objects inside, lists inside.

    python -m benchmarks.serving wide --rows 100000

A page is put together from a row's bytes with its number set in, so serving costs little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

from aiohttp import web

_NUMBER = b'"@"'


def wide_row() -> dict[str, Any]:
    """Sixty columns in all, a third of them from objects inside."""
    row: dict[str, Any] = {"id": "@"}
    for number in range(13):
        row[f"name{number}"] = f"text of column {number}"
        row[f"count{number}"] = number * 1_000
        row[f"share{number}"] = number / 7
    for number in range(5):
        row[f"part{number}"] = {
            "label": f"part {number}",
            "at": "2026-11-23T06:34:39.718Z",
            "size": {"width": number, "height": number * 2},
        }
    return row


def list_row() -> dict[str, Any]:
    """A few columns, a list of texts and a list of objects."""
    return {
        "id": "@",
        "name": "an order",
        "at": "2026-11-23T06:34:39.718Z",
        "tags": ["new", "paid", "gift"],
        "lines": [{"sku": f"item {number}", "count": number, "price": 9.99} for number in range(3)],
    }


def run_row() -> dict[str, Any]:
    """A run of four steps, with 20 kB of what each was given and gave."""
    item = {"json": {f"field{number}": "x" * 40 for number in range(85)}}
    steps = {
        f"step {number}": [
            {
                "startTime": 1_795_884_391_533,
                "executionIndex": number,
                "source": [{"previousNode": f"step {number - 1}"}] if number else [],
                "executionTime": 12,
                "executionStatus": "success",
                "data": {"main": [[item]]},
            }
        ]
        for number in range(4)
    }
    return {
        "id": "@",
        "status": "success",
        "startedAt": "2026-11-23T06:34:39.718Z",
        "workflowId": "1oK2dR9",
        "data": {"resultData": {"runData": steps}},
    }


ROWS = {"wide": wide_row, "lists": list_row, "runs": run_row}


def app(row: dict[str, Any], rows: int) -> web.Application:
    """An API with one listing of numbered rows, newest first.

    Args:
        row: what each row looks like; "@" stands for its number.
        rows: how many there are.
    """
    before, after = json.dumps(row, separators=(",", ":")).encode().split(_NUMBER)

    async def items(request: web.Request) -> web.Response:
        limit = int(request.query.get("limit", 100))
        newest = int(request.query.get("cursor", rows))
        oldest = max(newest - limit, 0)
        page = b",".join(before + b"%d" % number + after for number in range(newest, oldest, -1))
        cursor = b'"%d"' % oldest if oldest else b"null"
        body = b'{"data":[%b],"nextCursor":%b}' % (page, cursor)
        return web.Response(body=body, content_type="application/json")

    served = web.Application()
    served.router.add_get("/items", items)
    return served


async def serve(row: dict[str, Any], rows: int) -> None:
    """Serves on a free port until the process is ended, and says where."""
    runner = web.AppRunner(app(row, rows))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    print(f"Serving {rows:,} rows at http://127.0.0.1:{port} until stopped", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serves one shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shape", choices=ROWS)
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    asyncio.run(serve(ROWS[arguments.shape](), arguments.rows))


if __name__ == "__main__":
    main()
