"""A server whose rows are listed by offset or page number, and change while they are read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from tests.support.servers import Answer, Asked, JsonServer


class NumberedRows:
    """Serves rows by `offset` and `limit`, or by `page`, and sees how many requests meet.

    Args:
        server: The server to answer for.
        count: How many rows there are.
        most: The largest page that is given.
    """

    def __init__(self, server: JsonServer, count: int, most: int = 1_000) -> None:
        self.rows: list[dict[str, Any]] = [
            {"id": n, "name": f"row {n}"} for n in range(count, 0, -1)
        ]
        self.server = server
        self.most = most
        self.total: Callable[[], Any] = lambda: len(self.rows)
        self.at_once = self.most_at_once = 0
        self.meeting: asyncio.Event | None = None
        self.meet_at = 1
        self.rounded: Callable[[int], int] = lambda offset: offset
        self.before_page: Callable[[int], None] = lambda offset: None
        self._lock = threading.Lock()
        server.handler = self._answer
        server.before_answer = self._meet

    def wait_for(self, requests: int) -> None:
        """Answers no page behind the first one before so many requests wait at once."""
        self.meet_at = requests

    async def _meet(self, asked: Asked) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self._place(asked) == 0 or self.meet_at <= 1:
            return
        if self.meeting is None:
            self.meeting = asyncio.Event()
        if self.at_once >= self.meet_at:
            self.meeting.set()
        await self.meeting.wait()

    def _answer(self, asked: Asked) -> Answer:
        self.at_once -= 1
        place, size = self._place(asked), self._size(asked)
        with self._lock:
            self.before_page(place)
            place = self.rounded(place)
            return Answer({"items": self.rows[place : place + size], "total": self.total()})

    def _size(self, asked: Asked) -> int:
        return min(int(asked.query.get("limit", self.most)), self.most)

    def _place(self, asked: Asked) -> int:
        if "page" in asked.query:
            return int(asked.query["page"]) * self._size(asked)
        return int(asked.query.get("offset", 0))


def config(server: JsonServer, *, limit: int = 100, **lanes: Any) -> dict[str, Any]:
    """A config that reads the rows by offset in lanes."""
    return numbered_config(
        server, {"type": "offset", "limit": limit, "total_path": "total"}, **lanes
    )


def numbered_config(server: JsonServer, paginator: Any, **lanes: Any) -> dict[str, Any]:
    """A config that reads the rows in lanes.

    Args:
        server: The server that has them.
        paginator: How pages are asked for.
        lanes: The keys of `lanes` beside `by`.
    """
    endpoint: dict[str, Any] = {"path": "items", "data_selector": "items", "paginator": paginator}
    if lanes.pop("is_laned", True):
        endpoint["lanes"] = {"by": "pages", **lanes}
    return {
        "client": {"base_url": server.base_url},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "replace",
                "endpoint": endpoint,
            }
        ],
    }
