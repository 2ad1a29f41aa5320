"""Two pipelines of one name, each with a folder of its own, run at the same time in one process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlt.extract import DltSource

from headrace import SyncReport, rest_api_source, sync, verify
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


def source_of(server: JsonServer) -> DltSource:
    """Each item has a path of its own, so `details` begins when the first items are there."""
    items: dict[str, Any] = {"name": "items", "primary_key": "id", "write_disposition": "merge"}
    details = {**items, "name": "details", "endpoint": {"path": "items/{resources.items.id}"}}
    return rest_api_source(
        {
            "client": {"base_url": server.base_url, "paginator": "single_page"},
            "resources": [items, details],
        }
    )


def serve(server: JsonServer, ids: list[int], meanwhile: Callable[[], None]) -> None:
    """Serves items, and lets something else happen before the first answer."""
    todo = [meanwhile]

    def handler(asked: Asked) -> Answer:
        while todo:
            todo.pop()()
        rows = [{"id": each} for each in ids]
        return Answer(rows if asked.path == "/items" else {"id": int(asked.path[7:])})

    server.handler = handler


def loaded(report: SyncReport) -> dict[str, int]:
    return {name: each.loaded_rows for name, each in report.figures.resources.items()}


def test_a_sync_counts_its_own_rows_while_another_of_the_same_name_runs(
    server: JsonServer, tmp_path: Path
) -> None:
    one, other = Warehouse(tmp_path / "one"), Warehouse(tmp_path / "other")
    reports: list[SyncReport] = []
    with JsonServer() as second:

        def sync_other() -> None:
            reports.append(sync(other.pipeline(), source_of(second)))

        serve(second, [1, 2, 3, 4, 5], lambda: None)
        serve(server, [1, 2], sync_other)
        reports.append(sync(one.pipeline(), source_of(server)))

    assert [loaded(each) for each in reports] == [
        {"items": 5, "details": 5},
        {"items": 2, "details": 2},
    ]


def test_a_sync_counts_its_own_rows_while_another_of_the_same_name_is_verified(
    server: JsonServer, tmp_path: Path
) -> None:
    one, other = Warehouse(tmp_path / "one"), Warehouse(tmp_path / "other")
    verified: list[bool] = []
    with JsonServer() as second:
        serve(second, [1, 2, 3, 4, 5], lambda: None)
        sync(other.pipeline(), source_of(second))

        def verify_other() -> None:
            verified.append(verify(other.pipeline(), source_of(second)).ok)

        serve(server, [1, 2], verify_other)
        report = sync(one.pipeline(), source_of(server))

    assert verified == [True]
    assert loaded(report) == {"items": 2, "details": 2}
