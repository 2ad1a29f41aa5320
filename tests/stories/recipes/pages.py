"""Servers that give their rows in pages, each in its own way."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from tests.support.servers import Answer, Asked

from .style import Rows, Style, dated, row


class Dated(Style):
    """Rows that can be asked for by the time of their last change."""

    table = "orders"

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.rows = [dated(number, number) for number in range(1, 6)]

    def since(self, start: str) -> list[dict[str, Any]]:
        return [each for each in self.rows if each["updated_at"] >= start]

    def change(self) -> None:
        self.rows = [*self.rows[1:], dated(1, 6), dated(6, 7)]

    def truth(self) -> Mapping[str, Rows]:
        return {self.table: self.rows}


class Cursor(Dated):
    name = "cursor"
    first = (
        "GET /v1/orders?updated_since=2024-01-01T00%3A00%3A00Z&limit=100",
        "GET /v1/orders?updated_since=2024-01-01T00%3A00%3A00Z&limit=100&cursor=3",
    )
    second = ("GET /v1/orders?updated_since=2024-01-05T00%3A00%3A00Z&limit=100",)

    def answer(self, asked: Asked) -> Answer:
        found = self.since(asked.query["updated_since"])
        at = int(asked.query.get("cursor", 0))
        following = str(at + 3) if at + 3 < len(found) else None
        return Answer({"data": found[at : at + 3], "next_cursor": following})


class Header(Dated):
    name, table = "header", "issues"
    _asked = "GET /repos/example/project/issues?per_page=100&state=all&sort=updated&direction=asc"
    first = (
        f"{_asked}&since=2024-01-01T00%3A00%3A00Z",
        f"{_asked}&since=2024-01-01T00%3A00%3A00Z&page=2",
    )
    second = (f"{_asked}&since=2024-01-05T00%3A00%3A00Z",)

    def answer(self, asked: Asked) -> Answer:
        found = self.since(asked.query["since"])
        page = int(asked.query.get("page", 1))
        link = f'<{self.base_url}{asked.target}&page={page + 1}>; rel="next"'
        has_more = page * 3 < len(found)
        headers = {"Link": link} if has_more else {}
        return Answer(found[page * 3 - 3 : page * 3], headers=headers)


class OData(Style):
    name = "odata"
    _asked = "GET /odata/accounts?%24select=id%2Cname%2Cmodifiedon&%24orderby=modifiedon+asc"
    first = (
        f"{_asked}&%24filter=modifiedon+ge+2024-01-01T00%3A00%3A00Z&%24count=true",
        "GET /odata/accounts?$skiptoken=3&since=2024-01-01T00:00:00Z",
    )
    second = (f"{_asked}&%24filter=modifiedon+ge+2024-01-05T00%3A00%3A00Z&%24count=true",)

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.rows = [self._row(number, number) for number in range(1, 6)]

    @staticmethod
    def _row(number: int, day: int) -> dict[str, Any]:
        return row(number, modifiedon=f"2024-01-{day:02}T00:00:00Z")

    def answer(self, asked: Asked) -> Answer:
        query = asked.query
        at = int(query.get("$skiptoken", 0))
        since = query["since"] if at else query["$filter"].removeprefix("modifiedon ge ")
        found = [each for each in self.rows if each["modifiedon"] >= since]
        page: dict[str, Any] = {"@odata.count": len(found), "value": found[at : at + 3]}
        if at + 3 < len(found):
            following = f"/odata/accounts?$skiptoken={at + 3}&since={since}"
            page["@odata.nextLink"] = self.base_url + following
        return Answer(page)

    def change(self) -> None:
        self.rows = [*self.rows[1:], self._row(1, 6), self._row(6, 7)]

    def truth(self) -> Mapping[str, Rows]:
        return {"accounts": self.rows}


class SearchAfter(Style):
    name = "search-after"
    settings = ("API_KEY",)
    first = (
        'POST /logs/_search {"gte": "2024-01-01T00:00:00Z"}',
        'POST /logs/_search {"gte": "2024-01-01T00:00:00Z"} after ["2024-01-03T00:00:00Z", 3]',
        'POST /logs/_search {"gte": "2024-01-01T00:00:00Z"} after ["2024-01-05T00:00:00Z", 5]',
    )
    second = (
        'POST /logs/_search {"gte": "2024-01-05T00:00:00Z"}',
        'POST /logs/_search {"gte": "2024-01-05T00:00:00Z"} after ["2024-01-06T00:00:00Z", 6]',
    )

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.rows = [row(number, at=f"2024-01-{number:02}T00:00:00Z") for number in range(1, 6)]

    def accepts(self, asked: Asked) -> bool:
        return asked.headers.get("Authorization") == "ApiKey hush"

    def answer(self, asked: Asked) -> Answer:
        body = json.loads(asked.body)
        since, after = body["query"]["range"]["at"]["gte"], body.get("search_after", ["", 0])
        found = [each for each in self.rows if each["at"] >= since]
        page = [each for each in found if [each["at"], each["id"]] > after][:3]
        hits = [{"_source": each, "sort": [each["at"], each["id"]]} for each in page]
        total = {"value": len(found), "relation": "eq"}
        return Answer({"hits": {"total": total, "hits": hits}})

    def change(self) -> None:
        self.rows.append(row(6, at="2024-01-06T00:00:00Z"))

    def truth(self) -> Mapping[str, Rows]:
        return {"logs": self.rows}


class Listed(Style):
    """Rows that are all listed in each sync."""

    table = "products"

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.rows = [row(number) for number in range(1, 251)]

    def change(self) -> None:
        self.rows[0] = row(1) | {"name": "changed"}
        self.rows.append(row(251))

    def truth(self) -> Mapping[str, Rows]:
        return {self.table: self.rows}


class Offset(Listed):
    name, table = "offset", "customers"
    settings = ("API_USER", "API_PASSWORD")
    first = second = tuple(
        f"GET /v1/customers?order_by=id&offset={offset}&limit=100" for offset in (0, 100, 200)
    )

    def accepts(self, asked: Asked) -> bool:
        given = base64.b64encode(b"hush:hush").decode()
        return asked.headers.get("Authorization") == f"Basic {given}"

    def answer(self, asked: Asked) -> Answer:
        offset, limit = int(asked.query["offset"]), int(asked.query["limit"])
        found = self.rows[offset : offset + limit]
        return Answer({"data": found, "meta": {"total": len(self.rows)}})


class Page(Listed):
    name = "page"
    settings = ("API_KEY",)
    first = second = tuple(
        f"GET /v1/products?per_page=100&sort=id&page={page}" for page in (1, 2, 3)
    )

    def accepts(self, asked: Asked) -> bool:
        return asked.headers.get("X-API-Key") == "hush"

    def answer(self, asked: Asked) -> Answer:
        page, size = int(asked.query["page"]), int(asked.query["per_page"])
        found = self.rows[(page - 1) * size : page * size]
        return Answer({"items": found, "page": page, "page_count": -(-len(self.rows) // size)})


class Link(Listed):
    name, table = "link", "articles"
    first = second = (
        "GET /v1/articles?page_size=100",
        "GET /v1/articles?page_size=100&page=2",
        "GET /v1/articles?page_size=100&page=3",
    )

    def answer(self, asked: Asked) -> Answer:
        page = int(asked.query.get("page", 1))
        following = f"{self.base_url}/v1/articles?page_size=100&page={page + 1}"
        found = self.rows[(page - 1) * 100 : page * 100]
        is_last = page * 100 >= len(self.rows)
        return Answer(
            {"count": len(self.rows), "next": None if is_last else following, "results": found}
        )
