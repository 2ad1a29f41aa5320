"""Servers whose answers are no list of objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.support.servers import Answer, Asked

from .style import Rows, Style, row


class CsvExport(Style):
    name = "csv-export"
    first = second = ("GET /v1/invoices.csv",)

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.rows = [{"id": number, "total": number * 1.5, "paid": False} for number in range(1, 6)]

    def answer(self, asked: Asked) -> Answer:
        lines = [f"{each['id']};{each['total']};{str(each['paid']).lower()}" for each in self.rows]
        text = "\r\n".join(["id;total;paid", *lines, ""])
        return Answer(raw=text.encode(), headers={"Content-Type": "text/csv"})

    def change(self) -> None:
        self.rows[0]["paid"] = True
        self.rows.append({"id": 6, "total": 0.25, "paid": True})

    def truth(self) -> Mapping[str, Rows]:
        return {"invoices": self.rows}


class KeyedObjects(Style):
    name = "keyed-objects"
    settings = ("API_KEY",)
    first = second = ("GET /v1/devices?key=hush", "GET /v1/rates?key=hush")

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.devices = {f"d{number}": {"name": f"n{number}"} for number in range(1, 4)}
        self.rates = {"EUR": 1.0, "USD": 1.1}

    def accepts(self, asked: Asked) -> bool:
        return asked.query.get("key") == "hush"

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/v1/devices":
            return Answer({"data": self.devices})
        return Answer({"base": "EUR", "rates": self.rates})

    def change(self) -> None:
        self.devices |= {"d1": {"name": "changed"}, "d4": {"name": "n4"}}
        self.rates["USD"] = 1.2

    def truth(self) -> Mapping[str, Rows]:
        rates = [{"currency": name, "rate": rate} for name, rate in self.rates.items()]
        return {
            "devices": [{"id": key, **each} for key, each in self.devices.items()],
            "rates": rates,
        }


class GraphQL(Style):
    name = "graphql"
    first = (
        'POST /graphql {"since": "2024-01-01T00:00:00Z"}',
        'POST /graphql {"since": "2024-01-01T00:00:00Z", "after": "3"}',
    )
    second = ('POST /graphql {"since": "2024-01-05T00:00:00Z"}',)

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.rows = [self._row(number, number) for number in range(1, 6)]

    @staticmethod
    def _row(number: int, day: int) -> dict[str, Any]:
        return row(number, updatedAt=f"2024-01-{day:02}T00:00:00Z")

    def answer(self, asked: Asked) -> Answer:
        body = json.loads(asked.body)
        assert "first: 100" in body["query"]
        given = body["variables"]
        found = [each for each in self.rows if each["updatedAt"] >= given["since"]]
        at = int(given.get("after") or 0)
        info = {"endCursor": str(at + 3), "hasNextPage": at + 3 < len(found)}
        return Answer({"data": {"orders": {"nodes": found[at : at + 3], "pageInfo": info}}})

    def change(self) -> None:
        self.rows = [*self.rows[1:], self._row(1, 6), self._row(6, 7)]

    def truth(self) -> Mapping[str, Rows]:
        rows = [{**each, "updated_at": each["updatedAt"]} for each in self.rows]
        return {"orders": [{k: v for k, v in each.items() if k != "updatedAt"} for each in rows]}
