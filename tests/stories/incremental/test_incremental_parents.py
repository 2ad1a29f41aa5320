"""Incrementals of dependent resources: one cursor for all rows of the parent, or one for each."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import rest_api_source
from headrace.config import ResourceConfig, parse_config
from headrace.dlt_source.by_call import SOURCE_NAME
from headrace.dlt_source.incremental import PER_PARENT
from headrace.dlt_source.sample import take_sample
from tests.stories.against_dlt.test_same_as_dlt import MAKERS, contents
from tests.stories.incremental.changing_items import cursors_of
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

SINCE = {"cursor_path": "n", "initial_value": 0, "start_param": "since"}


class Issues:
    """Issues, some to a page, with comments that are numbered.

    Args:
        server: to serve them with.
        page: issues to a page.
    """

    def __init__(self, server: JsonServer, page: int = 10) -> None:
        self.comments: dict[int, list[int]] = {}
        self.page = page
        self.server = server
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        parts = asked.path.strip("/").split("/")
        if parts == ["issues"]:
            first = int(asked.query.get("cursor", 0))
            numbers = list(self.comments)[first : first + self.page]
            more = {"next": first + self.page} if first + self.page < len(self.comments) else {}
            return Answer({"data": [{"id": n} for n in numbers], **more})
        of = int(parts[1])
        since = int(asked.query.get("since", 0))
        numbers = [n for n in self.comments.get(of, []) if n >= since]
        return Answer({"data": [{"id": f"{of}-{n}", "n": n, "of": of} for n in numbers]})

    def asked(self) -> list[str]:
        """What was asked for since the last call, sorted."""
        found = sorted(each.target for each in self.server.asked)
        self.server.asked.clear()
        return found

    def config(self, **incremental: Any) -> Any:
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
        path = "issues/{resources.issues.id}/comments"
        return {
            "client": {"base_url": self.server.base_url, "paginator": paginator},
            "resource_defaults": {"primary_key": "id", "endpoint": {"data_selector": "data"}},
            "resources": [
                "issues",
                {
                    "name": "comments",
                    "endpoint": {"path": path, "incremental": {**SINCE, **incremental}},
                },
            ],
        }


@pytest.fixture
def api(server: JsonServer) -> Issues:
    return Issues(server)


WORLDS = [
    {1: [1, 4], 2: [2, 5], 3: []},
    {1: [1, 4, 6], 2: [2, 5, 5, 3], 3: [2, 8]},
]


def test_one_cursor_for_all_is_as_with_dlt(api: Issues, warehouse: Warehouse) -> None:
    for world in WORLDS:
        api.comments = world
        asked, known = [], []
        for name, make_source in MAKERS.items():
            pipeline = warehouse.pipeline(name)
            pipeline.run(make_source(api.config()))
            asked.append(api.asked())
            known.append(cursors_of(pipeline))
        assert asked[0] == asked[1]
        assert known[0] == known[1]
    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")
    # What was late for the cursor that all have in common is not there.
    assert ids(warehouse, "ours") == ["1-1", "1-4", "1-6", "2-2", "2-5", "3-8"]


@pytest.mark.parametrize("disposition", ["append", "merge"])
@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_all_rows_of_a_load_begin_at_the_same_value(
    way: str, disposition: str, api: Issues, warehouse: Warehouse
) -> None:
    api.page = 1
    worlds = [{1: [9], 2: [5, 9], 3: [7]}, {1: [9, 12], 2: [5, 9, 11], 3: [7, 9, 12]}]
    asked = []
    for world in worlds:
        api.comments = world
        config = api.config()
        config["resources"][1]["write_disposition"] = disposition
        source = rest_api_source(config)
        if way == "to dicts":
            source.comments.add_map(lambda row: row)
        pipeline = warehouse.pipeline()
        pipeline.run(source)
        asked.append([each for each in api.asked() if "comments" in each])
    assert asked == [[f"/issues/{n}/comments?since={since}" for n in (1, 2, 3)] for since in (0, 9)]
    found = warehouse.query("SELECT id FROM test_data.comments ORDER BY id")
    assert [each for (each,) in found] == sorted(
        f"{issue}-{value}"
        for issue, values in {1: [9, 12], 2: [5, 9, 11], 3: [7, 9, 12]}.items()
        for value in values
    )
    assert cursors_of(pipeline)["comments"]["n"]["last_value"] == 12


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_a_cursor_for_each_row_of_the_parent(way: str, api: Issues, warehouse: Warehouse) -> None:
    api.page = 2
    pipeline = warehouse.pipeline()
    asked = []
    for world in WORLDS:
        api.comments = world
        source = rest_api_source(api.config(per_parent=True))
        if way == "to dicts":
            source.comments.add_map(lambda row: row)
        pipeline.run(source)
        asked.append([each for each in api.asked() if "comments" in each])
        cursors = pipeline.state["sources"][SOURCE_NAME]["resources"]["comments"][PER_PARENT]["n"]
        assert len(cursors) == sum(1 for comments in world.values() if comments)
    assert asked == [
        [f"/issues/{n}/comments?since=0" for n in (1, 2, 3)],
        [f"/issues/{n}/comments?since={since}" for n, since in ((1, 4), (2, 5), (3, 0))],
    ]
    assert ids(warehouse) == ["1-1", "1-4", "1-6", "2-2", "2-5", "3-2", "3-8"]
    assert {key: cursor["last_value"] for key, cursor in cursors.items()} == {
        '{"id":1}': 6,
        '{"id":2}': 5,
        '{"id":3}': 8,
    }


def test_a_refresh_forgets_the_cursors_of_all_rows(api: Issues, warehouse: Warehouse) -> None:
    api.comments = WORLDS[0]
    source, pipeline = rest_api_source(api.config(per_parent=True)), warehouse.pipeline()
    pipeline.run(source)
    api.asked()
    pipeline.extract(source, refresh="drop_data")
    assert "/issues/2/comments?since=0" in api.asked()


def test_a_range_with_an_end_has_no_state(api: Issues, warehouse: Warehouse) -> None:
    api.comments = WORLDS[1]
    pipeline = warehouse.pipeline()
    for _ in range(2):
        pipeline.run(rest_api_source(api.config(per_parent=True, end_value=6, initial_value=2)))
    assert set(ids(warehouse)) == {"1-4", "2-2", "2-3", "2-5", "3-2"}
    assert "since=2" in api.asked()[-1]
    assert "sources" not in pipeline.state or not cursors_of(pipeline).get("comments")


def test_a_parent_with_an_incremental_passes_on_what_is_new(
    api: Issues, warehouse: Warehouse
) -> None:
    asked = []
    for name, make_source in MAKERS.items():
        for world in ({1: [1], 2: [2]}, {1: [1], 2: [2], 3: [3]}):
            api.comments = world
            config = api.config()
            config["resources"][0] = {
                "name": "issues",
                "endpoint": {"path": "issues", "incremental": {"cursor_path": "id"}},
            }
            warehouse.pipeline(name).run(make_source(config))
        asked.append(api.asked())
    assert asked[0] == asked[1]
    assert sum("/1/" in each for each in asked[1]) == 1
    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


@pytest.mark.parametrize("per_parent", [None, True])
def test_a_look_asks_as_a_first_sync_does(per_parent: bool | None, api: Issues) -> None:
    api.comments = WORLDS[0]
    config = parse_config(api.config(per_parent=per_parent, initial_value=4))
    comments = config.resources[1]
    assert isinstance(comments, ResourceConfig)
    assert [row["id"] for row in take_sample(config, comments, 3).rows] == ["1-4", "2-5"]


def test_rows_that_are_not_loaded_leave_no_state(api: Issues, warehouse: Warehouse) -> None:
    warehouse.pipeline()  # the one that dlt takes the state of, with none in it
    api.comments = WORLDS[1]
    for per_parent in (None, True):
        source = rest_api_source(api.config(per_parent=per_parent, initial_value=4))
        for _ in range(2):
            assert sorted(row["n"] for row in source.comments) == [4, 5, 5, 6, 8]


def ids(warehouse: Warehouse, name: str = "test") -> list[str]:
    return [each for (each,) in warehouse.query(f"SELECT id FROM {name}_data.comments ORDER BY 1")]
