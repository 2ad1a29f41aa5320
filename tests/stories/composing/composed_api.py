"""A server of any composition, whose rows change between two syncs."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from tests.support.servers import Answer, Asked, JsonServer

from .composition import NAMES, Composition

Row = dict[str, Any]
TYPES = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "xml": "application/xml",
}
TEXTS = ("plain", "a, b", 'in "quotes"', "two\nlines", "<&>", "é", "{x}", " spaced ")


@dataclass
class ComposedApi:
    """Rows with the day of their last change, each in a group, and what a server makes of them.

    Args:
        composition: What it is like.
        server: What to serve them with.

    Attributes:
        rows: The rows as they stand, by their id.
        groups: The numbers of the groups.
        faults: What was wrong with requests.
    """

    composition: Composition
    server: JsonServer
    rows: dict[int, Row] = field(default_factory=dict)
    groups: list[int] = field(default_factory=lambda: [1, 2, 3])
    faults: list[str] = field(default_factory=list)
    _version: int = 0
    _versions: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server.handler = self.answer

    def write(self, ids: Sequence[int]) -> None:
        """Adds rows, or changes those that are there.

        At first each has its own day of the past months; what comes later is of the last two days,
        as a sync does not look further back.

        Args:
            ids: Their ids.
        """
        self._version += 1
        today = datetime.now(UTC).date()
        for number in ids:
            day = today - timedelta(days=3 - self._version if self._version > 1 else 5 * number)
            self.rows[number] = {
                "id": number,
                "n": self._version * 100 + number,
                "day": day.isoformat(),
                "text": TEXTS[(number + self._version) % len(TEXTS)],
                "group": self.groups[number % len(self.groups)],
            }
            self._versions[number] = self._version

    def answer(self, asked: Asked) -> Answer:
        """Answers a request.

        Args:
            asked: The request.
        """
        if asked.path == "/groups":
            return Answer([{"id": group, "name": f"g{group}"} for group in self.groups])
        found = self._found(asked)
        at, size = self._place(asked), self._size(asked, len(found))
        page, rest, headers = found[at : at + size], {}, {}
        if at + size < len(found):
            after = {**asked.query, "after": str(at + size)}
            link = f"{self.server.base_url}{asked.path}?{urlencode(after)}"
            rest = {"next": str(at + size), "link": link}
            headers = {"Link": f'<{link}>; rel="next"', "X-Next": str(at + size)}
        else:
            delta = urlencode({"token": self._version})
            rest = {"token": str(self._version), "delta": f"{self.server.base_url}/rows?{delta}"}
        body = self._body(page, rest)
        if self.composition.is_packed:
            body = gzip.compress(body)
        return Answer(
            raw=body, headers={"Content-Type": TYPES[self.composition.decoder], **headers}
        )

    def _found(self, asked: Asked) -> list[Row]:
        query = asked.query
        found = [self.rows[number] for number in sorted(self.rows)]
        groups = query.get("group")
        if asked.path.startswith("/groups/"):
            groups = asked.path.split("/")[2]
        if groups is not None:
            found = [row for row in found if str(row["group"]) in groups.split(",")]
        if "token" in query:
            found = [row for row in found if self._versions[row["id"]] > int(query["token"])]
        if "from" in query:
            found = [row for row in found if row["day"] >= query["from"]]
        if "to" in query:
            self._check_window(query["from"], query["to"])
            is_open = self.composition.range_end == "open"
            found = [
                row
                for row in found
                if row["day"] < query["to"] or (not is_open and row["day"] == query["to"])
            ]
        return found

    def _check_window(self, start: str, end: str) -> None:
        """Notes a window that is longer than the step, as a server would refuse it."""
        number, unit = int(self.composition.step[:-1]), self.composition.step[-1]
        most = number * {"d": 1, "w": 7}[unit] - (self.composition.range_end == "closed")
        days = (date.fromisoformat(end) - date.fromisoformat(start)).days
        if not 0 <= days <= most:
            self.faults.append(f"a window from {start} to {end}")

    def _place(self, asked: Asked) -> int:
        match self.composition.paging:
            case "offset":
                return int(asked.query.get("offset", 0))
            case "page":
                return int(asked.query.get("page", 0)) * self.composition.size
            case "single":
                return 0
        return int(asked.query.get("after", 0))

    def _size(self, asked: Asked, count: int) -> int:
        return count or 1 if self.composition.paging == "single" else self.composition.size

    def _body(self, page: list[Row], rest: dict[str, Any]) -> bytes:
        match self.composition.decoder:
            case "jsonl":
                lines = self._shaped(page)
                lines = (
                    [{key: row} for key, row in lines.items()] if isinstance(lines, dict) else lines
                )
                return "".join(json.dumps(line) + "\n" for line in lines).encode()
            case "csv":
                return _csv(page)
            case "xml":
                return _xml(page, rest)
        document = {"rows": self._shaped(page), "rest": rest, "names": NAMES}
        return json.dumps(document).encode()

    def _shaped(self, page: list[Row]) -> Any:
        match self.composition.row_shape:
            case "names":
                return [[row[name] for name in NAMES] for row in page]
            case "keys":
                return {row["id"]: {k: v for k, v in row.items() if k != "id"} for row in page}
        return page


def _csv(page: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, NAMES)
    writer.writeheader()
    writer.writerows(page)
    return text.getvalue().encode()


def _xml(page: list[Row], rest: dict[str, Any]) -> bytes:
    def element(name: str, inner: str) -> str:
        return f"<{name}>{inner}</{name}>"

    def fields(values: dict[str, Any]) -> str:
        return "".join(element(name, escape(str(value))) for name, value in values.items())

    rows = "".join(element("row", fields(row)) for row in page)
    return element("page", element("rows", rows) + element("rest", fields(rest))).encode()
