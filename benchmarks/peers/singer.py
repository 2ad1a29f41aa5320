"""Reads a listing with `singer-sdk`, as a tap: prints what it took as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, ClassVar

import requests
from singer_sdk import RESTStream, Tap

BASE_URL, PATH, API_KEY = sys.argv[1:]
COUNTED = {"rows": 0}
KINDS: dict[Any, str] = {
    **{bool: "boolean", int: "integer", float: "number", str: "string"},
    **{dict: "object", list: "array", type(None): "string"},
}


class Items(RESTStream[Any]):  # type: ignore[misc]
    """The listing."""

    name = "items"
    path = PATH
    url_base = BASE_URL
    primary_keys: ClassVar[list[str]] = ["id"]
    records_jsonpath = "$.data[*]"
    next_page_token_jsonpath = "$.nextCursor"

    @property
    def http_headers(self) -> dict[str, str]:
        """The key."""
        return {"X-API-KEY": API_KEY}

    def get_url_params(self, context: Any, next_page_token: Any) -> dict[str, Any]:
        """The place in the listing."""
        params = {"limit": 250}
        return {**params, "cursor": next_page_token} if next_page_token else params

    def parse_response(self, response: Any) -> Iterable[dict[str, Any]]:
        """The rows of a page, which are counted."""
        for row in super().parse_response(response):
            COUNTED["rows"] += 1
            yield row


class ItemsTap(Tap):  # type: ignore[misc]
    """The tap with that one stream."""

    name = "tap-items"
    config_jsonschema: ClassVar[dict[str, Any]] = {"type": "object", "properties": {}}

    def discover_streams(self) -> list[Items]:
        """The one stream, with the types that its first row shows."""
        answer = requests.get(
            f"{BASE_URL}{PATH}", params={"limit": 1}, headers={"X-API-KEY": API_KEY}, timeout=60
        )
        (row,) = answer.json()["data"]
        properties = {name: {"type": [KINDS[type(value)], "null"]} for name, value in row.items()}
        return [Items(self, schema={"type": "object", "properties": properties})]


def main() -> None:
    """Reads all rows as Singer's messages, which go nowhere."""
    tap = ItemsTap(config={}, parse_env_config=False)
    began, cpu = time.perf_counter(), time.process_time()
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        tap.sync_all()
    run = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "rows": COUNTED["rows"],
    }
    print(json.dumps(run))


if __name__ == "__main__":
    main()
