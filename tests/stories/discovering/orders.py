"""An API of orders, whose pages go on by a cursor."""

from __future__ import annotations

from typing import Any

from tests.support.servers import Answer, Asked, Handler

KEY = "canary-orders-key-0123456789"
MOST = 100
ORDERS = [
    {
        "id": number,
        "status": "open" if number > 340 else "shipped",
        "amount": f"{number}.50",
        "placedAt": f"2026-11-{number % 28 + 1:02}T10:00:00Z",
        "cancelledAt": None,
    }
    for number in range(360, 0, -1)
]


def orders_api(rows: list[dict[str, Any]] | None = None, cursor_param: str = "after") -> Handler:
    """Answers as the API does: newest first, at most 100 a page, for those who have the key."""
    listed = ORDERS if rows is None else rows

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("X-API-Key") != KEY:
            return Answer({"error": "who are you?"}, 401)
        if asked.path != "/api/v1/orders":
            return Answer({"error": "not found"}, 404)
        size = min(int(asked.query.get("limit", 25)), MOST)
        begin = int(asked.query.get(cursor_param, "at-0").removeprefix("at-"))
        page = listed[begin : begin + size]
        following = f"at-{begin + size}" if begin + size < len(listed) else None
        return Answer({"data": page, "meta": {"next": following, "count": len(listed)}})

    return answer


def bare_list(asked: Asked) -> Answer:
    """Answers with seven rows, whatever is asked; nothing says whether they are all."""
    return Answer([{"id": number, "name": f"name {number}"} for number in range(7)])
