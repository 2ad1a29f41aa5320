"""Reading a world without HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from headrace.simulator import World

Row = dict[str, Any]


def page(world: World, **query: str | int) -> tuple[list[Row], str | None]:
    """Return a page's rows and the next one's cursor."""
    body = json.loads(world.page({name: str(value) for name, value in query.items()}))
    assert list(body) == ["data", "nextCursor"]
    return body["data"], body["nextCursor"]


def pages(world: World, **query: str | int) -> Iterator[list[Row]]:
    """Yield the rows of each page; what happens between two of them happens in the world, too."""
    rows, cursor = page(world, **query)
    yield rows
    while cursor is not None:
        rows, cursor = page(world, cursor=cursor, **query)
        yield rows


def listing(world: World, **query: str | int) -> list[Row]:
    return [row for rows in pages(world, **query) for row in rows]


def ids(rows: list[Row]) -> list[int]:
    return [row["id"] for row in rows]


def row(world: World, execution_id: int) -> Row:
    found = world.execution(execution_id)
    assert found is not None
    return found


def cursor_below(execution_id: int, limit: int) -> str:
    return base64.b64encode(
        json.dumps({"lastId": str(execution_id), "limit": limit}).encode()
    ).decode()
