"""A small API whose rows appear, change, hide and go, listed newest first; and a mirror of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import dlt
from dlt.common.pipeline import LoadInfo
from typer.testing import CliRunner, Result

from headrace import SyncReport, rest_api_source, sync
from headrace.cli.app import app
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Row, Warehouse, differences

PATH = "/executions"
PIPELINE = "test"


class KeptListing(JsonServer):
    """Lists rows at `/executions`, and shows each at `/executions/{id}`, hidden or not.

    Args:
        key: the field that orders the listing.
        page: rows asked for in a page.

    Attributes:
        rows: by their ids.
        hidden: ids of those that the listing leaves out.
        single_fields: that a row has besides, where it is shown alone.
        rows_are_wrapped: whether a row shown alone stands under `data`.
        row_answer: to each request for a row alone; None shows the row.
        takes_cursors: whether a cursor is good for anything.
        hidden_answer: to each request for hidden rows, with `status=running`; None lists them.
        heeds_status: whether it takes notice of `status`.
        last_page_names_itself: whether a last page names the cursor that it was asked by.
    """

    def __init__(self, key: str = "id", page: int = 50) -> None:
        super().__init__()
        self.handler = self._answer_to
        self.rows: dict[Any, Row] = {}
        self.hidden: set[Any] = set()
        self.single_fields: Row = {}
        self.rows_are_wrapped = False
        self.row_answer: Answer | None = None
        self.takes_cursors = True
        self.hidden_answer: Answer | None = None
        self.heeds_status = True
        self.last_page_names_itself = False
        self._other_answers: dict[str, Any] = {}
        self._key = key
        self._page = page
        self._cursors = 0
        self._at_request: dict[int, Callable[[], Answer | None]] = {}
        self._at_top: dict[int, Callable[[], Answer | None]] = {}

    # The world

    def put(self, *rows: Row) -> None:
        """Adds rows, or replaces those with the same id."""
        self.rows.update((row["id"], row) for row in rows)

    def change(self, key: Any, **fields: Any) -> None:
        """Gives a row other values."""
        self.rows[key] = {**self.rows[key], **fields}

    def refuse_old_cursors(self) -> None:
        """From now on answers 400 to each cursor that it has named until then."""
        self._cursors += 1

    def also_answer(self, path: str, body: Any) -> None:
        """Answers the same at another path, whatever is asked."""
        self._other_answers[path] = body

    def at_request(self, number: int, action: Callable[[], Answer | None]) -> None:
        """Does something when a request arrives: `number` 1 is the next one.

        What the action returns is the answer; None answers as always.
        """
        self._at_request[len(self.asked) + number] = action

    def at_top(self, number: int, action: Callable[[], Answer | None]) -> None:
        """Does something when the top is asked for, as each sync does: `number` 1 is the next time.

        Where the machine is busy, a sync may ask for a later page twice.
        """
        self._at_top[self.pages_asked.count(None) + number] = action

    def forget_requests(self) -> None:
        """Counts requests from here."""
        self.asked.clear()
        self._at_request.clear()
        self._at_top.clear()

    # What it was asked

    @property
    def pages_asked(self) -> list[str | None]:
        """The cursor of each request for a page; None stands for the top."""
        pages = (each for each in self.asked if each.path == PATH and "status" not in each.query)
        return [each.query.get("cursor") for each in pages]

    @property
    def hidden_asked(self) -> int:
        """How many pages of hidden rows were asked for."""
        return sum("status" in each.query for each in self.asked)

    @property
    def rows_asked(self) -> list[str]:
        """The ids of the rows that were asked for alone."""
        return [
            unquote(each.path.removeprefix(f"{PATH}/")) for each in self.asked if each.path != PATH
        ]

    # The config that mirrors it

    def config(self, **incremental: Any) -> dict[str, Any]:
        """A config that keeps up with the listing.

        Args:
            incremental: keys of `endpoint.incremental` besides the key and the order.
        """
        paginator = {
            "type": "cursor",
            "cursor_path": "next",
            "cursor_param": "cursor",
            "limit": self._page,
        }
        endpoint = {
            "path": PATH,
            "data_selector": "data",
            "paginator": paginator,
            "incremental": {"cursor_path": self._key, "row_order": "desc", **incremental},
        }
        resource = {
            "name": "executions",
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": endpoint,
        }
        return {
            "pipeline": {"name": PIPELINE},
            "client": {"base_url": self.base_url},
            "resources": [resource],
        }

    # Answers

    def _answer_to(self, asked: Asked) -> Answer:
        action = self._at_request.pop(len(self.asked), None)
        if action is None and self.pages_asked[-1:] == [None]:
            action = self._at_top.pop(self.pages_asked.count(None), None)
        answer = action() if action is not None else None
        if answer is not None:
            return answer
        if asked.path in self._other_answers:
            return Answer(self._other_answers[asked.path])
        if asked.path == PATH and "status" in asked.query and self.hidden_answer is not None:
            return self.hidden_answer
        if asked.path == PATH:
            status = asked.query.get("status") if self.heeds_status else None
            return self._listed(asked.query.get("cursor"), int(asked.query["limit"]), status=status)
        return self.row_answer or self._single(unquote(asked.path.removeprefix(f"{PATH}/")))

    def _single(self, key: str) -> Answer:
        found = next((row for name, row in self.rows.items() if str(name) == key), None)
        if found is None:
            return Answer({"message": "Not Found"}, 404)
        row = {**found, **self.single_fields}
        return Answer({"data": row} if self.rows_are_wrapped else row)

    def _listed(self, cursor: str | None, limit: int, *, status: str | None = None) -> Answer:
        shown = self._rows_shown(status)
        rows = sorted(shown, key=self._place, reverse=True)
        if cursor is not None:
            number, *place = json.loads(base64.b64decode(cursor))
            if number != self._cursors or not self.takes_cursors:
                return Answer({"message": "the cursor is not valid"}, 400)
            rows = [row for row in rows if self._place(row) < tuple(place)]
        page, rest = rows[:limit], rows[limit:]
        last = cursor if self.last_page_names_itself else None
        return Answer({"data": page, "next": self._cursor_after(page[-1]) if rest else last})

    def _rows_shown(self, status: str | None) -> Iterable[Row]:
        if status is None:
            return (row for key, row in self.rows.items() if key not in self.hidden)
        return (
            row
            for key, row in self.rows.items()
            if row["status"] == status and (key in self.hidden) == (status == "running")
        )

    def _place(self, row: Row) -> tuple[Any, Any]:
        return _orders(row[self._key]), _orders(row["id"])

    def _cursor_after(self, row: Row) -> str:
        return base64.b64encode(json.dumps([self._cursors, *self._place(row)]).encode()).decode()


def _orders(key: Any) -> Any:
    """Numbers may come as text, and are ordered as numbers all the same."""
    return int(key) if isinstance(key, str) and key.isdecimal() else key


@dataclass
class Mirror:
    """A table that keeps up with a listing.

    Args:
        api: with the listing.
        warehouse: with the table.
        config: how to keep up.
    """

    api: KeptListing
    warehouse: Warehouse
    config: dict[str, Any]

    def pipeline(self) -> dlt.Pipeline:
        """The pipeline that `headrace run` makes of the config."""
        pipeline: dlt.Pipeline = dlt.pipeline(
            PIPELINE,
            destination=dlt.destinations.duckdb(str(self.warehouse.file)),
            dataset_name=f"{PIPELINE}_data",
        )
        return pipeline

    def sync(self, **settings: Any) -> SyncReport:
        """One sync, with the settings of `headrace.sync`."""
        return sync(self.pipeline(), rest_api_source(self.config), **settings)

    def run(self) -> LoadInfo:
        """One plain run of dlt's pipeline."""
        return self.pipeline().run(rest_api_source(self.config))

    def change_state(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Changes what is saved of the resource, here and in the destination."""
        pipeline = self.pipeline()
        with pipeline.managed_state(extract_state=True) as state:
            change(state["sources"]["rest_api"]["resources"]["executions"])
        pipeline.normalize()
        pipeline.load()

    def headrace_run(self, *arguments: str) -> Result:
        """One `headrace run` into the same table, in this process."""
        return CliRunner().invoke(app, self.command(*arguments))

    def headrace_of(self, name: str) -> Result:
        """One `headrace verify` or `headrace status` of the same table, in this process."""
        return CliRunner().invoke(app, self.command(name=name))

    def command(self, *arguments: str, name: str = "run") -> list[str]:
        """The arguments of a command of Headrace, with its config in a file."""
        Path("mirror.json").write_text(json.dumps(self.config))
        place = ("--destination", self.warehouse.url, "--dataset", "test_data")
        return [name, "mirror.json", *place, *arguments]

    def rows(self) -> list[Row]:
        """The rows of the table, by their ids."""
        return self.warehouse.rows("test_data.executions")

    def faults(self) -> list[str]:
        """How the table differs from the API's rows; nothing when it is right."""
        return differences(self.rows(), list(self.api.rows.values()), key="id")

    def counted(self, table: str) -> int:
        """How many rows a table of the dataset has."""
        ((count,),) = self.warehouse.query(f"SELECT count(*) FROM test_data.{table}")
        return int(count)
