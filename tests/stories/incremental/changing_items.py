"""A listing that grows, with a filter as APIs have it, and the resources that ask for a part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import dlt

from tests.support.servers import Answer, Asked, JsonServer

Row = dict[str, Any]
PAGE = 4


def row(n: int, at: int | None = None) -> Row:
    """A row that was last changed at some second; its other fields follow from its number."""
    at = n if at is None else at
    time = f"2024-01-25T11:{at // 60:02d}:{at % 60:02d}Z"
    made: Row = {
        "id": n,
        "kind": f"k{n % 2}",
        "n": at,
        "updatedAt": time,
        "part": at + 0.5 if n % 3 else at,
        "meta": {"at": time, "by": "x"},
    }
    return made if n % 4 else {**made, "seen": at}


WORLDS = [
    [row(n) for n in range(1, 14)],
    # The last ones again, two of them changed, and new ones with the same time.
    [*(row(n) for n in range(1, 14) if n not in (5, 12)), row(5, 13), row(12, 16), row(14, 13)]
    + [row(n) for n in range(15, 20)],
    [row(n, max(n, 16)) for n in range(1, 23)],
]


class ChangingItems:
    """Serves the rows of a world, below any path, in pages.

    Args:
        server: to serve them with.
    """

    def __init__(self, server: JsonServer) -> None:
        self.rows: list[Row] = []
        self._server = server
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        field = "n" if asked.query.get("by") == "n" else "updatedAt"
        since, until = asked.query.get("since"), asked.query.get("until")
        rows = [
            each
            for each in self.rows
            if (since is None or self._value(each, field) >= since.rjust(3))
            and (until is None or self._value(each, field) <= until.rjust(3))
        ]
        if "order" in asked.query:
            rows.sort(key=lambda each: each["n"], reverse=asked.query["order"] == "desc")
        if "in_a_list" in asked.path:
            rows = [
                {**each, "marks": [{"at": each["updatedAt"]}, {"at": "2020-01-01"}]}
                for each in rows
            ]
        first = int(asked.query.get("cursor", 0))
        following = {"next": first + PAGE} if first + PAGE < len(rows) else {}
        return Answer({"data": rows[first : first + PAGE], **following})

    @staticmethod
    def _value(each: Row, field: str) -> str:
        return str(each[field]).rjust(3)

    def asked(self) -> dict[str, list[str]]:
        """What was asked for since the last call, by path: targets, bodies, and a header."""
        found: dict[str, list[str]] = {}
        for each in self._server.asked:
            sent = f"{each.method} {each.target} {each.body!r} {each.headers.get('X-Since')}"
            found.setdefault(each.path, []).append(sent)
        self._server.asked.clear()
        return found

    def config(self, resources: Mapping[str, Mapping[str, Any]], **defaults: Any) -> Any:
        """A config with a resource for each of the endpoints.

        Args:
            resources: endpoints by name.
            defaults: for all resources.
        """
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
        return {
            "client": {"base_url": self._server.base_url, "paginator": paginator},
            "resource_defaults": {
                "primary_key": "id",
                "endpoint": {"data_selector": "data"},
                **defaults,
            },
            "resources": [
                {"name": name, "endpoint": {"path": name, **endpoint}}
                for name, endpoint in resources.items()
            ],
        }


def cursors_of(pipeline: dlt.Pipeline) -> dict[str, Any]:
    """What a pipeline knows of its incrementals, by resource, in a form to be compared."""
    sources = pipeline.state.get("sources", {})
    found = {
        name: state.get("incremental")
        for source in sources.values()
        for name, state in source.get("resources", {}).items()
        if "incremental" in state
    }
    for cursors in found.values():
        for cursor in (cursors or {}).values():
            cursor["unique_hashes"] = sorted(cursor["unique_hashes"])
    loaded: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return loaded
