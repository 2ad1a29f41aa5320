"""An API that lists its days between two that are asked for, and how windows over it end up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from headrace.reading.keep_up.legs import LegSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

FIRST = date(2026, 1, 1)
# A leg after each window.


SMALL = LegSettings(most_bytes=1)
Refuses = Callable[[Asked, list[Any]], Answer | None]


class Calendar:
    """An API with a row for each day, which lists those between two days.

    Args:
        server: What serves it.
        days: How many days there are, from the first on.
        is_closed: Whether the last day that is asked for is among them.
        most_days: How many days may be asked for at once.
    """

    def __init__(
        self, server: JsonServer, days: int = 100, *, is_closed: bool = False, most_days: int = 31
    ) -> None:
        self.rows = [self.row(number) for number in range(days)]
        self.is_closed = is_closed
        self.most_days = most_days
        self.refuses: Refuses = lambda asked, rows: None
        self.server = server
        server.handler = self._answer

    @staticmethod
    def row(number: int) -> dict[str, Any]:
        return {"id": number, "day": (FIRST + timedelta(days=number)).isoformat()}

    def _answer(self, asked: Asked) -> Answer:
        if "from" not in asked.query or "to" not in asked.query:
            return Answer({"message": "from and to are required"}, 400)
        low, high = asked.query["from"], asked.query["to"]
        length = (date.fromisoformat(high) - date.fromisoformat(low)).days + self.is_closed
        if length > self.most_days:
            return Answer({"message": f"at most {self.most_days} days"}, 400)
        rows = [
            each
            for each in self.rows
            if low <= each["day"]
            and (each["day"] <= high if self.is_closed else each["day"] < high)
        ]
        return self.refuses(asked, rows) or Answer(rows)

    def config(self, disposition: Any = "merge", **incremental: Any) -> dict[str, Any]:
        return {
            "client": {"base_url": self.server.base_url, "paginator": "single_page"},
            "resources": [
                {
                    "name": "days",
                    "primary_key": "id",
                    "write_disposition": disposition,
                    "endpoint": {
                        "path": "days",
                        "incremental": {
                            "cursor_path": "day",
                            "start_param": "from",
                            "end_param": "to",
                            "initial_value": FIRST.isoformat(),
                            "end_value": (FIRST + timedelta(days=100)).isoformat(),
                            "step": "31d",
                            "range_end": "closed" if self.is_closed else "open",
                            **incremental,
                        },
                    },
                }
            ],
        }

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(each.query["from"], each.query["to"]) for each in self.server.asked]


def loaded(warehouse: Warehouse, table: str = "days") -> list[int]:
    return [number for (number,) in warehouse.query(f"SELECT id FROM test_data.{table} ORDER BY 1")]


def windows_in_state(warehouse: Warehouse) -> Any:
    state = warehouse.pipeline().state["sources"]["rest_api"]["resources"]["days"]
    windows = state.get("windows")
    assert windows != {}
    return windows and windows["day"]


def too_many(asked: Asked, rows: list[Any]) -> Answer | None:
    return Answer({"message": "Too many results"}, 422) if len(rows) > 5 else None
