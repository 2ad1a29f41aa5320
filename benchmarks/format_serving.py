"""Serves one table as JSON, NDJSON and CSV, in pages by a `Link` header or as one body.

    python -m benchmarks.format_serving --rows 500000 --page 5000

All bodies are made before the first request, so serving costs little.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

COLUMNS = (
    *("id", "name", "status", "startedAt", "waitTill", "cost", "workflowId", "mode"),
    *("finished", "retryOf"),
)


def row(number: int) -> dict[str, Any]:
    """One row; a third of its cells are quoted in CSV where they need it."""
    return {
        "id": number,
        "name": f"run {number}, of many" if number % 10 == 0 else f"run {number}",
        "status": ("success", "error", "canceled")[number % 3],
        "startedAt": f"2026-11-{number % 28 + 1:02d}T06:34:{number % 60:02d}.718Z",
        "waitTill": None,
        "cost": number / 7,
        "workflowId": f"workflow-{number % 100}",
        "mode": "manual" if number % 5 else "trigger",
        "finished": number % 3 == 0,
        "retryOf": number * 7 if number % 4 == 0 else None,
    }


def as_json(rows: list[dict[str, Any]]) -> bytes:
    """The rows as a JSON list."""
    return json.dumps(rows, separators=(",", ":")).encode()


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    """The rows as NDJSON."""
    lines = (json.dumps(each, separators=(",", ":")) for each in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """The rows as CSV, with a header."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in rows:
        values = (each[name] for name in COLUMNS)
        writer.writerow(str(v).lower() if isinstance(v, bool) else v for v in values)
    return out.getvalue().encode()


FORMATS: dict[str, tuple[str, Callable[[list[dict[str, Any]]], bytes]]] = {
    "json": ("application/json", as_json),
    "jsonl": ("application/x-ndjson", as_jsonl),
    "csv": ("text/csv", as_csv),
}


def app(rows: int, page: int) -> web.Application:
    """An API with the same table in each format.

    Args:
        rows: how many there are.
        page: how many each answer has.
    """
    bodies: dict[str, list[bytes]] = {name: [] for name in FORMATS}
    for begin in range(0, rows, page):
        part = [row(number) for number in range(begin, min(begin + page, rows))]
        for name, (_, write) in FORMATS.items():
            bodies[name].append(write(part))

    async def items(request: web.Request) -> web.Response:
        name = request.match_info["format"]
        at = int(request.query.get("page", 0))
        headers = {"Content-Type": FORMATS[name][0]}
        if at + 1 < len(bodies[name]):
            headers["Link"] = f'<{request.url.origin()}/{name}?page={at + 1}>; rel="next"'
        return web.Response(body=bodies[name][at], headers=headers)

    served = web.Application()
    served.router.add_get("/{format}", items)
    return served


async def serve(rows: int, page: int) -> None:
    """Serves on a free port until the process is ended, and says where."""
    runner = web.AppRunner(app(rows, page))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    print(f"Serving {rows:,} rows at http://127.0.0.1:{port} until stopped", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serves the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--page", type=int, default=5_000)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.rows, arguments.page))


if __name__ == "__main__":
    main()
