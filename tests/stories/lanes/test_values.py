"""A listing is parted by a parameter whose value never changes in a row, and stays one listing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import headrace
from headrace import HeadraceError, rest_api_source, sync
from headrace.config import ResourceConfig, parse_config
from headrace.dlt_source.sample import take_sample
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


class Runs:
    """Serves workflows, and the runs of a workflow in pages of three by cursor.

    Args:
        server: The server to answer for.

    Attributes:
        most_at_once: The largest number of requests for runs that were there at once.
    """

    def __init__(self, server: JsonServer) -> None:
        self.workflows: list[dict[str, Any]] = [{"id": n} for n in (3, 1, 2)]
        self.runs = [{"id": 10 * w + n, "of": w} for w in (1, 2, 3) for n in range(7)]
        self.server = server
        self.at_once = self.most_at_once = 0
        self.meet_at = 1
        self._meeting: asyncio.Event | None = None
        server.handler = self._answer
        server.before_answer = self._meet

    def wait_for(self, requests: int) -> None:
        """Answers no request for runs before so many have met once."""
        self.meet_at, self._meeting, self.most_at_once = requests, None, 0

    async def _meet(self, asked: Asked) -> None:
        if asked.path != "/runs":
            return
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self._meeting = self._meeting or asyncio.Event()
        if self.at_once >= self.meet_at:
            self._meeting.set()
        await self._meeting.wait()

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/workflows":
            return Answer({"data": self.workflows, "next": None})
        self.at_once -= 1
        if "workflowId" not in asked.query:
            return Answer({"message": "workflowId is required"}, 400)
        value, first = asked.query["workflowId"], int(asked.query.get("cursor", 0))
        found = [each for each in self.runs if str(each["of"]) == value]
        following = first + 3 if first + 3 < len(found) else None
        return Answer({"data": found[first : first + 3], "next": following})

    def config(self, disposition: Any = "replace", **lanes: Any) -> dict[str, Any]:
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
        by = {"by": "values", "param": "workflowId", "from": "workflows.id", "at_once": 2, **lanes}
        return {
            "client": {"base_url": self.server.base_url, "paginator": paginator},
            "resource_defaults": {"primary_key": "id", "endpoint": {"data_selector": "data"}},
            "resources": [
                {"name": "workflows", "selected": False},
                {"name": "runs", "write_disposition": disposition, "endpoint": {"lanes": by}},
            ],
        }

    @property
    def asked(self) -> list[str]:
        return [each.query["workflowId"] for each in self.server.asked if each.path == "/runs"]


@pytest.fixture
def api(server: JsonServer) -> Runs:
    return Runs(server)


def loaded(warehouse: Warehouse) -> list[tuple[int, int]]:
    return warehouse.query("SELECT id, of FROM test_data.runs ORDER BY 1")


@pytest.mark.parametrize("disposition", ["replace", "append", "merge"])
def test_so_many_values_are_read_at_once_and_loaded_as_one_listing(
    disposition: str, api: Runs, warehouse: Warehouse
) -> None:
    api.wait_for(2)
    report = sync(warehouse.pipeline(), rest_api_source(api.config(disposition)))
    assert [run for run, _ in loaded(warehouse)] == [each["id"] for each in api.runs]
    assert api.most_at_once == 2
    assert sorted(api.asked) == ["1"] * 3 + ["2"] * 3 + ["3"] * 3
    figures = report.figures.of("runs")
    # The workflows are one request more.
    assert (figures.requests, figures.rows, figures.listings_ended) == (10, 21, 1)


def test_the_rows_come_in_the_order_of_the_values(api: Runs) -> None:
    source = rest_api_source(api.config())
    assert [row["of"] for row in source.resources["runs"]] == [3] * 7 + [1] * 7 + [2] * 7


def test_values_may_be_named_and_come_once(api: Runs, warehouse: Warehouse) -> None:
    document = api.config(**{"from": None, "values": [2, "3", "2"]})
    sync(warehouse.pipeline(), rest_api_source(document))
    assert {of for _, of in loaded(warehouse)} == {2, 3}
    assert {each.path for each in api.server.asked} == {"/runs"}
    assert len(api.asked) == 6


def test_a_row_without_a_value_is_told_of(api: Runs, warehouse: Warehouse) -> None:
    api.workflows += [{"id": None}, {"id": 1}]
    report = sync(warehouse.pipeline(), rest_api_source(api.config()))
    assert len(loaded(warehouse)) == 21
    (note,) = report.figures.of("runs").notes
    assert "1 rows of `workflows` have no value at `id`" in note


def test_no_row_is_in_a_table_twice(api: Runs, warehouse: Warehouse) -> None:
    sync(warehouse.pipeline(), rest_api_source(api.config()))
    before = loaded(warehouse)
    api.runs.append({"id": 10, "of": 2})
    with pytest.raises(HeadraceError, match="1 rows came under two values of `workflowId`"):
        sync(warehouse.pipeline(), rest_api_source(api.config()))
    assert loaded(warehouse) == before


@pytest.mark.parametrize("action", ["mark", "delete"])
def test_rows_that_are_gone_are_found_as_in_one_listing(
    action: str, api: Runs, warehouse: Warehouse
) -> None:
    document = api.config("merge")
    document["resources"][1]["missing_rows"] = {"action": action, "confirm": False, "most": 1}
    sync(warehouse.pipeline(), rest_api_source(document))
    del api.runs[4]
    report = sync(warehouse.pipeline(), rest_api_source(document))
    figures = report.figures.of("runs")
    assert (figures.marked, figures.deleted) == ((1, 0) if action == "mark" else (0, 1))
    # All rows of a workflow go with it.
    del api.workflows[0]
    report = sync(warehouse.pipeline(), rest_api_source(document))
    figures = report.figures.of("runs")
    assert figures.marked + figures.deleted == 7


def test_verify_reads_by_values_too(api: Runs, warehouse: Warehouse) -> None:
    source = rest_api_source(api.config())
    sync(warehouse.pipeline(), source)
    api.wait_for(2)
    assert headrace.verify(warehouse.pipeline(), rest_api_source(api.config())).ok
    assert api.most_at_once == 2
    warehouse.query("DELETE FROM test_data.runs WHERE id = 14")
    found = headrace.verify(warehouse.pipeline(), rest_api_source(api.config()))
    runs = next(each for each in found.tables if "runs" in each.resources)
    assert list(runs.comparison.missing) == [14]


def test_a_look_at_a_few_rows_reads_one_value(api: Runs) -> None:
    config = parse_config(api.config())
    resource = config.resources[1]
    assert isinstance(resource, ResourceConfig)
    sample = take_sample(config, resource, 2)
    assert sample.rows == [{"id": 30, "of": 3}, {"id": 31, "of": 3}]
    assert api.asked == ["3"]
    assert api.most_at_once == 1


def test_what_depends_on_it_gets_all_rows(api: Runs, warehouse: Warehouse) -> None:
    document = api.config()
    document["resources"].append(
        {"name": "steps", "endpoint": {"path": "steps/{resources.runs.id}", "data_selector": "$"}}
    )
    answer = api.server.handler

    def with_steps(asked: Asked) -> Answer:
        step = asked.path.removeprefix("/steps/")
        return Answer({"id": int(step)}) if step != asked.path else answer(asked)

    api.server.handler = with_steps
    document["resources"][2]["endpoint"]["paginator"] = "single_page"
    sync(warehouse.pipeline(), rest_api_source(document))
    assert warehouse.query("SELECT count(*) FROM test_data.steps") == [(21,)]


def test_a_reader_without_a_pipeline_reads_by_values_too(api: Runs) -> None:
    api.wait_for(2)
    with headrace.read(api.config(), "runs") as reader:
        rows = [row for batch in reader for row in batch.to_pylist()]
    assert [row["of"] for row in rows] == [3] * 7 + [1] * 7 + [2] * 7
    assert api.most_at_once == 2
    api.wait_for(1)
    with headrace.read(api.config(), "runs", limit_rows=2) as reader:
        assert sum(batch.num_rows for batch in reader) == 2
    assert api.most_at_once == 1
