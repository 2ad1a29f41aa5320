"""dlt's incrementals: the same requests, rows and state as with dlt's own source."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.extract.incremental.context import TimeIntervalContext
from dlt.extract.incremental.exceptions import (
    IncrementalCursorInvalidCoercion,
    IncrementalCursorPathMissing,
)
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace import rest_api_source, verify
from headrace.config import ResourceConfig, parse_config
from headrace.core.exceptions import PageError
from headrace.dlt_source.sample import take_sample
from headrace.dlt_source.source import build_source
from tests.stories.against_dlt.test_same_as_dlt import MAKERS, contents
from tests.stories.incremental.changing_items import PAGE, WORLDS, ChangingItems, cursors_of, row
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

TIME = "2024-01-25T11:00:{:02d}Z"
BEGUN = {"cursor_path": "updatedAt", "initial_value": TIME.format(3)}
NUMBERED = {"cursor_path": "n", "initial_value": 3}
BY_NUMBER = {"by": "n"}


def later(values: Any) -> Any:
    """As `max`, but dlt cannot know that."""
    return max(values)


def kind_and_id(each: dict[str, Any]) -> tuple[str, str]:
    return ("kind", "id")


def on_endpoint(*, params: Any = None, **incremental: Any) -> dict[str, Any]:
    """An endpoint with an incremental on the time, unless it says otherwise."""
    return {"params": params or {}, "incremental": {**BEGUN, "start_param": "since", **incremental}}


def by_number(**incremental: Any) -> dict[str, Any]:
    return on_endpoint(params=BY_NUMBER, **NUMBERED, **incremental)


def unfiltered(**incremental: Any) -> dict[str, Any]:
    """All rows are served each time: what is new is for the incremental to say."""
    return {"incremental": {**BEGUN, "range_start": "closed", **incremental}}


ENDPOINTS: dict[str, dict[str, Any]] = {
    "a_param": {"params": {"a": 1, "since": {"type": "incremental", **BEGUN}, "b": 2}},
    "a_param_with_lag": {"params": {"since": {"type": "incremental", **BEGUN, "lag": 4}}},
    "an_object": {"params": {"since": dlt.sources.incremental("updatedAt", TIME.format(2))}},
    "an_object_with_a_type": {
        "params": BY_NUMBER | {"since": dlt.sources.incremental[int]("n", 2)}
    },
    "start_param": on_endpoint(),
    "without_initial_value": on_endpoint(initial_value=None),
    "in_params": {
        "params": {"since": "{incremental.start_value}", "from": "<{incremental.initial_value}>"},
        "incremental": BEGUN,
    },
    "in_path_and_headers": {
        "path": "in_path_and_headers/{incremental.last_value}/list",
        "headers": {"X-Since": "{incremental.start_value}"},
        "params": {"since": "{incremental.last_value}", "of": "{incremental.cursor_path}"},
        "incremental": BEGUN,
    },
    "in_json": {
        "method": "POST",
        "json": {"n": "{incremental.start_value}", "t": ["{incremental.initial_value} on"]},
        "incremental": NUMBERED,
    },
    "in_a_form": {
        "method": "POST",
        "data": {"n": "{incremental.start_value}"},
        "incremental": NUMBERED,
    },
    "both_ends": on_endpoint(end_param="until", end_value=TIME.format(11)),
    "both_ends_in_placeholders": {
        "params": {"since": "{incremental.start_value}", "until": "{incremental.end_value}"},
        "incremental": {**BEGUN, "end_value": TIME.format(11)},
    },
    "an_end_that_belongs": unfiltered(end_value=TIME.format(11), range_end="closed"),
    "convert": by_number(convert=lambda value: value - 2),
    "transform": {
        "params": {"since": {"type": "incremental", **BEGUN, "transform": lambda v: v[:10]}}
    },
    "convert_in_placeholders": {
        "params": {"since": "{incremental.start_value}", "end": "{incremental.end_value}"},
        "incremental": {**BEGUN, "convert": lambda value: value.replace("T", "A")},
    },
    "lag_of_numbers": by_number(lag=2),
    "lag_of_times": on_endpoint(lag=2.5),
    "newest_first": on_endpoint(params={"order": "desc"}, row_order="desc"),
    "newest_first_unfiltered": unfiltered(row_order="desc") | {"params": {"order": "desc"}},
    "oldest_first": on_endpoint(params={"order": "asc"}, row_order="asc"),
    "oldest_first_up_to_an_end": unfiltered(row_order="asc", end_value=TIME.format(9))
    | {"params": {"order": "asc"}},
    "an_open_start": unfiltered(range_start="open"),
    "min": unfiltered(last_value_func="min", initial_value=TIME.format(8)),
    "a_function_of_ones_own": unfiltered(last_value_func=later),
    "rows_without_it_come": unfiltered(
        cursor_path="seen", initial_value=2, on_cursor_value_missing="include"
    ),
    "rows_without_it_stay": unfiltered(
        cursor_path="seen", initial_value=2, on_cursor_value_missing="exclude"
    ),
    "a_key_of_two": unfiltered(primary_key=["kind", "id"]),
    "a_key_by_a_function": unfiltered(primary_key=kind_and_id),
    "no_key": unfiltered(primary_key=[]),
    "a_nested_cursor": unfiltered(cursor_path="meta.at"),
    "a_nested_cursor_from_the_root": unfiltered(cursor_path="$.meta.at"),
    "a_cursor_in_a_list": unfiltered(cursor_path="marks[0].at"),
    "anywhere_in_a_list": unfiltered(cursor_path="marks[*].at"),
    "numbers_of_two_kinds": unfiltered(cursor_path="part", initial_value=1),
}
PIPELINES: dict[str, list[Callable[[Any], Any]]] = {
    "theirs": [MAKERS["theirs"]] * 3,
    # Each goes on from what the other left.
    "moved": [MAKERS["ours"], MAKERS["theirs"], MAKERS["ours"]],
}


@pytest.fixture
def api(server: JsonServer) -> ChangingItems:
    return ChangingItems(server)


def test_all_is_as_with_dlt_run_after_run(api: ChangingItems, warehouse: Warehouse) -> None:
    for number, world in enumerate(WORLDS):
        api.rows = world
        asked, known = [], []
        for name, makers in PIPELINES.items():
            pipeline = warehouse.pipeline(name)
            pipeline.run(makers[number](copy.deepcopy(api.config(ENDPOINTS))))
            asked.append(api.asked())
            known.append(cursors_of(pipeline))
        assert asked[0] == asked[1]
        assert known[0] == known[1]
    theirs = contents(warehouse, "theirs_data")
    assert theirs.keys() >= ENDPOINTS.keys()
    assert contents(warehouse, "moved_data") == theirs


def test_rows_without_a_key_are_known_by_all_of_their_fields(
    api: ChangingItems, warehouse: Warehouse
) -> None:
    for world in WORLDS:
        api.rows = world
        known = {}
        for name, make_source in MAKERS.items():
            pipeline = warehouse.pipeline(name)
            pipeline.run(make_source(api.config({"items": unfiltered()}, primary_key=None)))
            known[name] = cursors_of(pipeline)
        assert known["ours"] == known["theirs"]
    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


@pytest.mark.parametrize(
    ("incremental", "pages"),
    [
        ({"row_order": "desc", "initial_value": 30}, 3),
        ({"row_order": "desc", "initial_value": None}, 10),
        ({"row_order": "asc", "initial_value": 0, "end_value": 10}, 3),
        ({"row_order": "asc", "initial_value": 5}, 10),
    ],
)
@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_a_listing_in_order_is_left_where_its_range_ends(
    incremental: dict[str, Any], pages: int, way: str, api: ChangingItems, warehouse: Warehouse
) -> None:
    api.rows = [row(n) for n in range(10 * PAGE)]
    order = {"order": incremental["row_order"]}
    endpoint = {"params": order, "incremental": {"cursor_path": "n", "lag": 0, **incremental}}
    asked = []
    for name, make_source in MAKERS.items():
        source = make_source(api.config({"items": endpoint}))
        if way == "to dicts":
            source.resources["items"].add_map(lambda each: each)
        warehouse.pipeline(name).extract(source)
        asked.append(api.asked()["/items"])
    assert asked[0] == asked[1]
    assert len(asked[0]) == pages


def test_outside_of_a_pipeline_and_behind_functions_rows_are_dicts(api: ChangingItems) -> None:
    api.rows = WORLDS[0]
    endpoint = unfiltered(initial_value=datetime(2024, 1, 25, 11, 0, 9, tzinfo=UTC))
    found = []
    for make_source in MAKERS.values():
        resource = make_source(api.config({"items": endpoint})).resources["items"]
        parsed = resource.add_map(
            lambda each: {**each, "updatedAt": datetime.fromisoformat(each["updatedAt"])}
        )
        found.append(list(parsed))
    assert found[0] == found[1]
    assert [each["id"] for each in found[0]] == [9, 10, 11, 12, 13]


class TestWhatDltChanges:
    """Settings that reach a resource through dlt and not through the config."""

    def sources(self, api: ChangingItems) -> Iterator[tuple[str, Any]]:
        for name, make_source in MAKERS.items():
            yield name, make_source(api.config({"items": by_number()}))

    def test_an_incremental_from_hints(self, api: ChangingItems, warehouse: Warehouse) -> None:
        asked, known = [], []
        for name, source in self.sources(api):
            hinted = dlt.sources.incremental("n", initial_value=7, range_start="open")
            source.resources["items"].apply_hints(incremental=hinted)
            for world in WORLDS[:2]:
                api.rows = world
                warehouse.pipeline(name).extract(source)
            asked.append(api.asked())
            known.append(cursors_of(warehouse.pipeline(name)))
        assert asked[0] == asked[1]
        assert known[0] == known[1]
        assert "since=7 " in asked[0]["/items"][0]

    def test_a_refresh_begins_anew(self, api: ChangingItems, warehouse: Warehouse) -> None:
        api.rows = WORLDS[0]
        asked = []
        for name, source in self.sources(api):
            pipeline = warehouse.pipeline(name)
            pipeline.run(source)
            api.asked()
            pipeline.extract(source, refresh="drop_data")
            asked.append(api.asked())
        assert asked[0] == asked[1]
        assert "since=3 " in asked[0]["/items"][0]

    def test_a_scheduler_gives_the_range(self, api: ChangingItems, warehouse: Warehouse) -> None:
        api.rows = WORLDS[0]
        ends = (datetime.fromtimestamp(4, UTC), datetime.fromtimestamp(9, UTC))
        endpoint = by_number(allow_external_schedulers=True, end_param="until")
        asked, loaded = [], []
        for name, make_source in MAKERS.items():
            with Container().injectable_context(TimeIntervalContext(ends)):
                pipeline = warehouse.pipeline(name)
                pipeline.run(make_source(api.config({"items": endpoint})))
            asked.append(api.asked())
            loaded.append(warehouse.query(f"SELECT id FROM {name}_data.items ORDER BY 1"))
            assert cursors_of(pipeline).get("items") is None
        assert asked[0] == asked[1]
        assert loaded == [[(4,), (5,), (6,), (7,), (8,)]] * 2


@pytest.mark.parametrize(
    ("endpoint", "error"),
    [
        (unfiltered(cursor_path="seen"), IncrementalCursorPathMissing),
        (unfiltered(cursor_path="meta"), IncrementalCursorInvalidCoercion),
        (unfiltered(cursor_path="n"), IncrementalCursorInvalidCoercion),
        (unfiltered(cursor_path="updatedAt", initial_value=5), IncrementalCursorInvalidCoercion),
    ],
)
def test_rows_out_of_any_order_are_errors(
    endpoint: dict[str, Any], error: type[Exception], api: ChangingItems, warehouse: Warehouse
) -> None:
    api.rows = WORLDS[0]
    for name, make_source in MAKERS.items():
        with pytest.raises(PipelineStepFailed) as caught:
            warehouse.pipeline(name).run(make_source(api.config({"items": endpoint})))
        cause = caught.value.__cause__
        assert isinstance(cause, error) or isinstance(cause and cause.__cause__, PageError)


def test_rows_that_are_set_aside_are_not_judged(api: ChangingItems, warehouse: Warehouse) -> None:
    api.rows = [row(5), 7, None, row(6)]  # type: ignore[list-item]
    pipeline = warehouse.pipeline()
    pipeline.run(rest_api_source(api.config({"items": unfiltered()})))
    assert warehouse.query("SELECT id FROM test_data.items ORDER BY 1") == [(5,), (6,)]
    assert warehouse.query("SELECT count(*) FROM test_data._headrace_quarantine") == [(2,)]
    assert cursors_of(pipeline)["items"]["updatedAt"]["last_value"] == TIME.format(6)


def test_a_look_asks_as_a_first_sync_does(api: ChangingItems) -> None:
    api.rows = WORLDS[0]
    config = parse_config(api.config({"items": by_number(convert=lambda value: value + 1)}))
    (resource,) = config.resources
    assert isinstance(resource, ResourceConfig)
    assert "since=4" in str(take_sample(config, resource, 3).asked)


def test_a_load_of_a_beginning_leaves_the_state_as_it_is(
    api: ChangingItems, warehouse: Warehouse
) -> None:
    api.rows = WORLDS[0]
    config, pipeline = parse_config(api.config({"items": by_number()})), warehouse.pipeline()
    pipeline.run(build_source(config, limit_rows=3))
    assert warehouse.query("SELECT id FROM test_data.items ORDER BY 1") == [(3,), (4,), (5,)]

    pipeline.run(build_source(config))
    assert warehouse.query("SELECT max(id) FROM test_data.items") == [(13,)]
    assert "since=3&" in api.asked()["/items"][-1]


def test_a_verification_lists_from_the_first_value_and_repairs(
    api: ChangingItems, warehouse: Warehouse
) -> None:
    api.rows = WORLDS[0]
    config = api.config({"items": by_number()}, write_disposition="merge")
    pipeline = warehouse.pipeline()
    pipeline.run(rest_api_source(config))
    known = cursors_of(pipeline)
    with pipeline.sql_client() as client:
        client.execute_sql("DELETE FROM items WHERE id IN (4, 13)")
    api.asked()

    report = verify(pipeline, rest_api_source(config), repair=True)
    assert "since=3 " in api.asked()["/items"][0]
    assert sorted(report.tables[0].comparison.missing) == [4, 13]
    assert warehouse.query("SELECT count(*) FROM test_data.items") == [(11,)]
    assert cursors_of(pipeline) == known


@pytest.mark.parametrize("most", [1, 2])
def test_a_limit_leaves_the_rest_for_the_next_load(
    most: int, api: ChangingItems, warehouse: Warehouse
) -> None:
    api.rows = WORLDS[0]
    asked, known = [], []
    for name, make_source in MAKERS.items():
        pipeline = warehouse.pipeline(name)
        for _ in range(2):
            source = make_source(api.config({"items": by_number(row_order="asc")}))
            source.resources["items"].add_limit(most)
            pipeline.run(source)
        asked.append(api.asked())
        known.append(cursors_of(pipeline))
    assert asked[0] == asked[1]
    assert known[0] == known[1]
    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


def test_rows_are_tables_behind_it(api: ChangingItems, warehouse: Warehouse) -> None:
    api.rows = WORLDS[0]
    pipeline = warehouse.pipeline()
    pipeline.extract(rest_api_source(api.config({"items": by_number()})))
    (load_id,) = pipeline.list_extracted_load_packages()
    jobs = pipeline.get_load_package_info(load_id).jobs["new_jobs"]
    assert ("items", "parquet") in {
        (job.job_file_info.table_name, job.job_file_info.file_format) for job in jobs
    }
