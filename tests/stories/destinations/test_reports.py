"""Reports from destinations whose SQL Headrace does not write: the tables are copied for them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import dlt
import pytest

from headrace import report, rest_api_source, sync
from headrace.simulator.archive import Archive
from headrace.simulator.history import History
from tests.stories.reporting.serving import served
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

# What dlt asks SQLAlchemy for.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def figures_of(pipeline: dlt.Pipeline, path: Path) -> dict[str, Any]:
    text = report(pipeline, path).path.read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return {**json.loads(data), "place": "", "made": ""}


def other_mirror(place: str, folder: Path) -> tuple[dlt.Pipeline, dict[str, Any]]:
    """A pipeline into a destination that is no database of ours, and what it loads."""
    destination: Any = dlt.destinations.filesystem((folder / "lake").as_uri())
    if place == "sqlite":
        destination = dlt.destinations.sqlalchemy(f"sqlite:///{folder / 'shop.db'}")
    pipeline = dlt.pipeline("other", destination=destination, dataset_name="test_data")
    times = {name: {"data_type": "timestamp"} for name in ("startedAt", "stoppedAt", "waitTill")}
    endpoint = {"path": "executions", "paginator": "single_page"}
    return pipeline, {"name": "executions", "endpoint": endpoint, "columns": times}


@pytest.mark.parametrize("place", ["files", "sqlite"])
def test_they_count_what_duckdb_counts(
    place: str, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [{**row, "data": {"large": "x" * 100}} for row in Archive(History(300, 3)).truth()]
    node = {"node": "Ask", "run": 0, "status": "error", "milliseconds": 5, "input": "x" * 100}
    told = {"error_name": "NodeApiError", "started": "2026-11-20T00:00:00Z"}
    runs = [
        {"execution_id": row["id"], **node, **told, "error_message": f"Order {row['id']} not found"}
        for row in rows
    ]
    server.handler = lambda asked: Answer(runs if asked.path == "/node_runs" else rows)
    other, resource = other_mirror(place, tmp_path)
    nodes = {
        "name": "node_runs",
        "endpoint": {"path": "node_runs", "paginator": "single_page"},
        "columns": {"started": {"data_type": "timestamp"}},
    }
    config: dict[str, Any] = {"client": {"base_url": server.base_url}}
    config["resources"] = [resource, nodes]
    for pipeline in (warehouse.pipeline(), other):
        sync(pipeline, rest_api_source(config))
    one = figures_of(warehouse.pipeline(), tmp_path / "one.html")
    found = figures_of(other, tmp_path / "other.html")

    assert one["overall"]["now"]["runs"][0] > 100
    assert [each["form"] for each in one["overall"]["nodes"]["errors"]] == [
        "Order <number> not found"
    ]
    assert {name: found[name] for name in found if name != "health"} == {
        name: one[name] for name in one if name != "health"
    }
    assert dlt.current.pipeline() is other


@pytest.mark.parametrize("place", ["files", "sqlite"])
def test_a_served_one_follows_the_syncs(place: str, server: JsonServer, tmp_path: Path) -> None:
    rows = list(Archive(History(300, 3)).truth())
    server.answers(rows[200:], rows[:200])
    pipeline, resource = other_mirror(place, tmp_path)
    config: dict[str, Any] = {"client": {"base_url": server.base_url}, "resources": [resource]}
    sync(pipeline, rest_api_source(config))
    with served(pipeline, since="2000-01-01") as found:
        found.wait_for(pages=1)
        sync(pipeline, rest_api_source(config))
        found.wait_for(pages=2)
    assert [each.executions for each in found.pages] == [100, 300]
    assert found.failures == []
