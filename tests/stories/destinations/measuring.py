"""What a destination does of what Headrace promises, found out by doing it.

    python -m tests.stories.destinations.measuring NAME ROWS

prints the verdicts of one destination as JSON: "yes", or Headrace's own words of refusal.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt

from headrace import HeadraceError, create_views, report, rest_api_source, status, sync, verify
from headrace.destination.dataset import StoredDataset
from headrace.destination.dlt_clients import is_sql_destination
from tests.stories.destinations.places import PLACES, Place
from tests.support.servers import Answer, Asked, JsonServer

YES = "yes"
CELLS = (
    *("merge", "child tables", "quarantine", "run history", "verify", "repair"),
    *("status", "report", "views"),
)
_PAGE = 1_000
# Longer than a TEXT of MySQL.
_LONG = "x" * 70_000
_BAD = {"id": None, "name": _LONG}


@dataclass
class Measured:
    """One destination under way.

    Args:
        pipeline: what loads into it.
        server: what the rows are asked of.
        hints: keys that the resources have for the destination.
        rows: how many rows the first listing has.
    """

    pipeline: dlt.Pipeline
    server: JsonServer
    hints: Mapping[str, Any]
    rows: int
    listed: list[dict[str, Any]] = field(default_factory=list)
    disposition: str = "merge"
    notes: list[str] = field(default_factory=list)

    def config(self, name: str = "executions", **more: Any) -> dict[str, Any]:
        paginator = {"type": "offset", "limit": _PAGE, "total_path": None}
        endpoint = {"path": name, "data_selector": "data", "paginator": paginator}
        resource = {
            "name": name,
            "primary_key": "id",
            "write_disposition": self.disposition,
            "endpoint": endpoint,
            **self.hints,
            **more,
        }
        return {"client": {"base_url": self.server.base_url}, "resources": [resource]}

    def serve(self, rows: list[dict[str, Any]]) -> None:
        self.listed = rows

        def page(asked: Asked) -> Answer:
            begin = int(asked.query["offset"])
            return Answer({"data": rows[begin : begin + _PAGE]})

        self.server.handler = page

    def sync(self, config: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        self.serve(rows)
        done = sync(self.pipeline, rest_api_source(config))
        self.notes = done.figures.total.notes

    def stored(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        dataset = StoredDataset(self.pipeline, "rest_api")
        found = [row for batch in dataset.batches(table) for row in batch.to_pylist()]
        return sorted(tuple(row[name] for name in columns) for row in found)

    def holds(self, rows: list[dict[str, Any]]) -> bool:
        columns = ("id", "n", "name")
        listed = sorted(tuple(row[each] for each in columns) for row in rows)
        return self.stored("executions", *columns) == listed

    def merge(self) -> str:
        before, now = [_row(each) for each in range(self.rows)], _second(self.rows)
        try:
            self.sync(self.config(), [*before, _BAD])
            self.sync(self.config(), [*now, _BAD])
        except HeadraceError:
            # What a table that is only added to can do is found out all the same.
            self.disposition = "append"
            self.sync(self.config(), [*before, _BAD])
            self.sync(self.config(), [*now[:40], *now[self.rows :], _BAD])
            self.serve(now)
            raise
        self.serve(now)
        return _yes(self.holds(now))

    def child_tables(self) -> str:
        def order(number: int, tags: int) -> dict[str, Any]:
            return {"id": number, "tags": [{"t": f"{number}.{each}"} for each in range(tags)]}

        expected = [order(number, 1 if number < 3 else 3) for number in range(200)]
        kept, kept_disposition = self.listed, self.disposition
        self.disposition = "merge"
        try:
            self.sync(self.config("orders"), [order(number, 3) for number in range(200)])
            self.sync(self.config("orders"), expected)
        finally:
            self.disposition = kept_disposition
            self.serve(kept)
        tags = sorted((tag["t"],) for row in expected for tag in row["tags"])
        return _yes(self.stored("orders__tags", "t") == tags)

    def quarantine(self) -> str:
        (resource,) = status(self.pipeline, self.config()).resources
        # Where rows can be deleted, one that stays bad is there once.
        times = 1 if is_sql_destination(self.pipeline) else 2
        return _yes(resource.quarantine.count == times)

    def run_history(self) -> str:
        (resource,) = status(self.pipeline, self.config()).resources
        if resource.last_complete is not None:
            return YES
        return next(note for note in self.notes if "history of runs" in note)

    def verify(self) -> str:
        found = verify(self.pipeline, rest_api_source(self.config()))
        self.serve([*self.listed[1:], {**self.listed[0], "n": -1}, _row(10_000_000)])
        (other,) = verify(self.pipeline, rest_api_source(self.config())).tables
        wrong = (len(other.comparison.missing), len(other.comparison.differing))
        return _yes(found.tables[0].has_all_loadable and wrong == (1, 1))

    def repair(self) -> str:
        found = verify(self.pipeline, rest_api_source(self.config()), repair=True)
        whole = self.disposition == "append" or self.holds(self.listed)
        return _yes(found.tables[0].has_all_loadable and whole)

    def status(self) -> str:
        (resource,) = status(self.pipeline, self.config()).resources
        return _yes(resource.rows["executions"] >= len(self.listed))

    def report(self) -> str:
        return _yes(report(self.pipeline, "report.html").executions >= len(self.listed))

    def views(self) -> str:
        made = create_views(self.pipeline)
        return YES if made.names else made.notes[0]


def measure(place: Place, rows: int) -> dict[str, str]:
    """The verdicts of a destination, by the names of the cells.

    Args:
        place: the destination.
        rows: how many rows to load first.
    """
    for module in place.without:
        sys.modules[module] = None  # type: ignore[assignment]
    folder = Path(tempfile.mkdtemp(prefix="matrix-"))
    os.chdir(folder)
    os.environ |= {"DLT_DATA_DIR": str(folder / "dlt"), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    warnings.simplefilter("ignore")
    with place.opened(folder) as destination, JsonServer() as server:
        pipeline = dlt.pipeline("shop", destination=destination, dataset_name="shop_data")
        found = Measured(pipeline, server, place.hints, rows)
        return dict(_verdicts(found, str(folder)))


def _verdicts(found: Measured, folder: str) -> Iterator[tuple[str, str]]:
    for cell in CELLS:
        doing: Callable[[], str] = getattr(found, cell.replace(" ", "_"))
        try:
            verdict = doing()
        except HeadraceError as error:
            faults = getattr(error, "faults", ())
            verdict = " ".join(each.message for each in faults) or str(error)
        except Exception as error:
            verdict = f"FAILS: {type(error).__name__}: {error}"[:500]
        yield cell, " ".join(verdict.replace(folder, "").split())


def _row(number: int) -> dict[str, Any]:
    begun = "2026-01-01T00:00:00Z"
    return {
        "id": number,
        "name": f"n{number}" if number else _LONG,
        "n": number,
        "status": "success",
        "startedAt": begun,
    }


def _second(rows: int) -> list[dict[str, Any]]:
    changed = [{**_row(number), "n": number + 1} for number in range(40)]
    return [*changed, *(_row(number) for number in range(40, rows + rows // 40))]


def _yes(holds: bool) -> str:
    return YES if holds else "FAILS: it is not as it should be"


if __name__ == "__main__":
    print(json.dumps(measure(PLACES[sys.argv[1]], int(sys.argv[2]))))  # noqa: T201
