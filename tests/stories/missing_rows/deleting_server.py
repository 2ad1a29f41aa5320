"""A server whose rows come and go, between requests and between syncs, in many ways to page."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.support.servers import Answer, Asked

PAGINATORS: dict[str, dict[str, Any]] = {
    "offset": {"type": "offset", "limit": 3, "total_path": None},
    "offset with a total": {"type": "offset", "limit": 3, "total_path": "total"},
    "page": {"type": "page_number", "total_path": None, "base_page": 1},
    "page with a total": {"type": "page_number", "total_path": "pages", "base_page": 1},
    "cursor": {"type": "cursor", "cursor_path": "next", "cursor_param": "after"},
    "cursor that is an offset": {"type": "cursor", "cursor_path": "next", "cursor_param": "offset"},
    "link": {"type": "json_link", "next_url_path": "next"},
    "single page": {"type": "single_page"},
}
LIMIT = 3


@dataclass
class DeletingServer:
    """Lists its rows, after each request those that are left then.

    Args:
        way: How its listing goes on, one of `PAGINATORS`.
        newest_first: Whether its newest row comes first.
        lie: By how much the total is off that it tells; None where it tells none.

    Attributes:
        rows: What it has, by their keys.
        ever: The keys of all rows that it ever had.
        to_come: What happens in front of each request: the places of rows to delete, and how many
            come.
        fails_at: The requests that it answers with an error, counted from the last `quiet`.
        had: The keys of the rows that it had at any moment since `begin_watch`.
    """

    way: str = "offset"
    newest_first: bool = False
    lie: int | None = None
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    to_come: deque[tuple[tuple[int, ...], int]] = field(default_factory=deque)
    fails_at: set[int] = field(default_factory=set)
    asked: int = 0
    last_key: int = 0
    had: set[int] = field(default_factory=set)

    def add(self, count: int) -> None:
        """Rows come."""
        for _ in range(count):
            self.last_key += 1
            lists = {"tags": [{"name": self.last_key}]} if self.last_key % 4 == 0 else {}
            self.rows[self.last_key] = {"id": self.last_key, "name": f"{self.last_key}", **lists}
            self.had.add(self.last_key)

    def delete(self, places: tuple[int, ...]) -> None:
        """Rows go, each by its place among those that are left."""
        for place in places:
            if self.rows:
                del self.rows[list(self.rows)[place % len(self.rows)]]

    def begin_watch(self) -> None:
        """Notes which rows it has from now on."""
        self.had = set(self.rows)
        self.asked = 0

    def __call__(self, asked: Asked) -> Answer:
        self.asked += 1
        if self.to_come:
            gone, new = self.to_come.popleft()
            self.delete(gone)
            self.add(new)
        if self.asked in self.fails_at:
            return Answer({"error": "on purpose"}, 500)
        keys = sorted(self.rows, reverse=self.newest_first)
        rows, following = self._page(keys, asked)
        told: dict[str, Any] = {"data": [self.rows[key] for key in rows], "next": following}
        if self.lie is not None:
            told["total"] = max(0, len(keys) + self.lie)
        if self.lie is not None and self.way != "single page":
            told["pages"] = max(0, -(-(len(keys) + self.lie) // LIMIT))
        return Answer(told)

    def _page(self, keys: list[int], asked: Asked) -> tuple[list[int], Any]:
        if self.way == "single page":
            return keys, None
        if self.way == "cursor":
            after = asked.query.get("after")
            if after is not None:
                keys = [
                    k for k in keys if (k < int(after) if self.newest_first else k > int(after))
                ]
            page = keys[:LIMIT]
            return page, page[-1] if len(keys) > LIMIT else None
        if self.way.startswith("page") or self.way == "link":
            number = int(asked.query.get("page", 1))
            page = keys[(number - 1) * LIMIT : number * LIMIT]
            more = len(keys) > number * LIMIT
            return page, f"/items?page={number + 1}" if more and self.way == "link" else None
        offset = int(asked.query.get("offset", 0))
        page = keys[offset : offset + LIMIT]
        is_cursor = self.way == "cursor that is an offset"
        return page, offset + LIMIT if is_cursor and len(keys) > offset + LIMIT else None
