"""A server that lists items by the time of their last change, and sees how many requests meet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.support.servers import Answer, Asked, JsonServer

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


class TimedItems:
    """Serves items in pages of four, the oldest change first, by `from`, `to` and `cursor`.

    Args:
        server: The server to answer for.
        count: How many items there are, one each two hours from the first of January on.

    Attributes:
        before_answer: Is called before each request is answered.
        most_at_once: The largest number of requests that were there at once.
    """

    def __init__(self, server: JsonServer, count: int = 60) -> None:
        self.rows = {n: FIRST + timedelta(hours=2 * n) for n in range(count)}
        self.before_answer: Callable[[Asked], Answer | None] = lambda asked: None
        self.at_once = self.most_at_once = 0
        self.meet_at = 1
        self._meeting: asyncio.Event | None = None
        server.handler = self._answer
        server.before_answer = self._meet

    def wait_for(self, requests: int) -> None:
        """Answers nothing before so many requests have met once."""
        self.meet_at, self._meeting = requests, None
        self.most_at_once = 0

    async def _meet(self, asked: Asked) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self._meeting is None:
            self._meeting = asyncio.Event()
        if self.at_once >= self.meet_at:
            self._meeting.set()
        await self._meeting.wait()

    def _answer(self, asked: Asked) -> Answer:
        self.at_once -= 1
        told = self.before_answer(asked)
        if told is not None:
            return told
        low, high = asked.query["from"], asked.query["to"]
        cursor = asked.query.get("cursor", "")
        found = sorted(
            (f"{at:%Y-%m-%dT%H:%M:%SZ}/{n}", n, at)
            for n, at in self.rows.items()
            if low <= f"{at:%Y-%m-%dT%H:%M:%SZ}" < high
        )
        rest = [each for each in found if each[0] > cursor]
        following = rest[3][0] if len(rest) > 4 else None
        data = [{"id": n, "at": f"{at:%Y-%m-%dT%H:%M:%SZ}"} for _, n, at in rest[:4]]
        headers = {"Date": format_datetime(datetime.now(UTC), usegmt=True)}
        return Answer({"data": data, "next": following}, headers=headers)


def config(server: JsonServer, *, is_laned: bool = True, **keys: Any) -> dict[str, Any]:
    """A config that reads the items in windows of a day.

    Args:
        server: The server that has them.
        is_laned: Whether windows are read at once.
        keys: Those of the incremental, and of `lanes` with `lanes_` before them.
    """
    lanes = {name[6:]: keys.pop(name) for name in [*keys] if name.startswith("lanes_")}
    incremental = {
        "cursor_path": "at",
        "initial_value": f"{FIRST:%Y-%m-%dT%H:%M:%SZ}",
        "end_value": f"{FIRST + timedelta(days=5):%Y-%m-%dT%H:%M:%SZ}",
        "start_param": "from",
        "end_param": "to",
        "range_end": "open",
        "step": "1d",
    }
    endpoint: dict[str, Any] = {
        "path": "items",
        "data_selector": "data",
        "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"},
        "incremental": {**incremental, **keys},
    }
    if is_laned:
        endpoint["lanes"] = {"by": "time", "at_once": 3, **lanes}
    resource = {"name": "items", "primary_key": "id", "write_disposition": "merge"}
    return {
        "client": {"base_url": server.base_url},
        "resources": [{**resource, "endpoint": endpoint}],
    }


def lows(server: JsonServer) -> list[str]:
    """The days at which the windows begin that were asked for, in their order."""
    return [each.query["from"][:10] for each in server.asked]
