"""Each sync leaves a row for each resource in the history of runs, however it ends."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from headrace import LegSettings, ResponseStatusError, SyncError, rest_api_source, sync
from headrace.destination.run_history import TABLE, RunHistory
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.command_line import headrace, headrace_running
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

ROWS = 3_000
PAGE = 100
# A page has about 4,000 bytes.
TEN_PAGES = LegSettings(most_bytes=40_000, least_seconds=3_600)


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing(page=PAGE) as running:
        running.put(*({"id": number, "status": "success"} for number in range(1, ROWS + 1)))
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    following = {"settled_when": "status == 'success'", "refresh_path": "/executions/{id}"}
    return Mirror(api, warehouse, api.config(**following, late_rows="probe"))


def history(
    of: Warehouse | PostgresDatabase, *columns: str, dataset: str = "test_data"
) -> list[Any]:
    """The columns of all rows, oldest first."""
    chosen = ", ".join(columns)
    return of.query(f"SELECT {chosen} FROM {dataset}.{TABLE} ORDER BY started_at, resource")


def items(server: JsonServer, **hints: Any) -> dict[str, Any]:
    resource = {"name": "items", "primary_key": "id", "write_disposition": "merge", **hints}
    client = {"base_url": server.base_url, "paginator": "single_page"}
    return {"client": client, "resources": [resource]}


def test_a_whole_and_a_quiet_sync(mirror: Mirror, warehouse: Warehouse) -> None:
    report = mirror.sync(legs=TEN_PAGES)
    mirror.sync(legs=TEN_PAGES)

    assert (
        history(warehouse, "pipeline", "resource", "table_name", "outcome", "error")
        == [("test", "executions", "executions", "complete", None)] * 2
    )
    counts = ("requests", "pages", "retries", "rows_received", "rows_loaded", "resumed")
    # The second one looks at the top alone, and has nothing to load.
    assert history(warehouse, *counts) == [
        (30, 30, 0, ROWS, ROWS, False),
        (1, 1, 0, PAGE, 0, False),
    ]
    ((legs, size, seconds, version), _) = history(
        warehouse, "legs", "bytes", "ended_at - started_at", "headrace_version"
    )
    assert legs >= 3
    assert size == report.figures.total.bytes
    assert seconds.total_seconds() > 0
    assert version
    assert report.run_id in {run_id for (run_id,) in history(warehouse, "run_id")}


def test_a_sync_that_fails_in_a_later_leg_tells_what_was_committed(
    api: KeptListing, mirror: Mirror, warehouse: Warehouse
) -> None:
    api.also_answer("/few", {"data": [{"id": 1, "status": "success"}], "next": None})
    (listed,) = mirror.config["resources"]
    few = {**listed, "name": "few", "endpoint": {**listed["endpoint"], "path": "/few"}}
    mirror.config["resources"] = [few, listed]
    api.at_request(21, lambda: Answer({"message": "not now"}, 403))

    with pytest.raises(ResponseStatusError):
        mirror.sync(legs=TEN_PAGES)

    failed, done = history(warehouse, "resource", "outcome", "rows_loaded", "rows_received")
    assert failed[:2] == ("executions", "failed")
    assert failed[2] == mirror.counted("executions") < failed[3]
    # This one came to its end in the first leg.
    assert done == ("few", "complete", 1, 1)
    ((told,), (nothing,)) = history(warehouse, "error")
    assert '403 Forbidden and says: "not now"' in told
    assert nothing is None


def test_a_first_sync_that_fails_before_there_is_a_dataset(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(Answer({"message": "x" * 5_000}, 500))
    with pytest.raises(ResponseStatusError):
        sync(warehouse.pipeline(), rest_api_source(items(server)))

    ((outcome, loaded, error),) = history(warehouse, "outcome", "rows_loaded", "error")
    assert (outcome, loaded) == ("failed", 0)
    assert "500 Internal Server Error" in error
    assert len(error) <= 2_000

    server.answers([{"id": 1}])
    sync(warehouse.pipeline(), rest_api_source(items(server)))
    assert [outcome for (outcome,) in history(warehouse, "outcome")] == ["failed", "complete"]
    assert warehouse.rows("test_data.items") == [{"id": 1}]


def test_a_load_that_fails_is_told_and_stays_to_be_loaded(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers([{"id": 1, "v": 1}])
    pipeline = warehouse.pipeline()
    sync(pipeline, rest_api_source(items(server)))
    schema, state = pipeline.default_schema.version_hash, pipeline.state["_version_hash"]
    rename_column(warehouse, "v", "w")
    server.answers([{"id": 2, "v": 2}])
    with pytest.raises(SyncError, match="failed at its step `load`"):
        sync(pipeline, rest_api_source(items(server)))

    assert pipeline.has_pending_data
    assert (pipeline.default_schema.version_hash, pipeline.state["_version_hash"]) == (
        schema,
        state,
    )
    assert history(warehouse, "outcome", "legs", "rows_received", "rows_loaded")[1] == (
        ("failed", 0, 1, 0)
    )
    rename_column(warehouse, "w", "v")
    server.answers([{"id": 3, "v": 3}])
    sync(pipeline, rest_api_source(items(server)))

    assert [row["id"] for row in warehouse.rows("test_data.items")] == [1, 2, 3]
    assert history(warehouse, "outcome", "resumed", "rows_loaded")[2] == ("complete", True, 1)


def rename_column(warehouse: Warehouse, old: str, new: str) -> None:
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute(f"ALTER TABLE test_data.items RENAME COLUMN {old} TO {new}")


def test_a_sync_that_is_told_to_stop(
    api: KeptListing, mirror: Mirror, warehouse: Warehouse
) -> None:
    stop = threading.Event()
    api.at_request(12, stop.set)
    mirror.sync(legs=TEN_PAGES, stop=stop)

    ((outcome, loaded, error),) = history(warehouse, "outcome", "rows_loaded", "error")
    assert (outcome, error) == ("stopped", None)
    assert 0 < loaded == mirror.counted("executions") < ROWS


def test_ctrl_c_is_told_as_well(server: JsonServer, warehouse: Warehouse) -> None:
    arrived, released = threading.Event(), threading.Event()

    def never(asked: Asked) -> Answer:
        arrived.set()
        released.wait(60)
        return Answer([])

    server.handler = never
    Path("shop.json").write_text(json.dumps(items(server)))
    place = ("--destination", warehouse.url, "--dataset", "test_data")
    with headrace_running("run", "shop.json", *place) as running:
        assert arrived.wait(60)
        running.send_signal(signal.SIGINT)
        running.wait()
        assert running.returncode == 130
        released.set()

    assert history(warehouse, "pipeline", "outcome", "rows_loaded", "error") == [
        ("shop", "stopped", 0, None)
    ]


def test_it_is_the_same_in_postgresql(server: JsonServer, postgres: PostgresDatabase) -> None:
    server.answers(
        [{"id": 1}, {"no": "id"}], Answer({"message": "it's 100% down"}, 500), [{"id": 2}]
    )
    source = items(server, columns={"id": {"data_type": "bigint"}})
    sync(postgres.pipeline(), rest_api_source(source))
    with pytest.raises(ResponseStatusError):
        sync(postgres.pipeline(), rest_api_source(source))
    sync(postgres.pipeline(), rest_api_source(source))

    assert history(postgres, "outcome", "rows_received", "rows_loaded", "rows_quarantined") == [
        ("complete", 2, 1, 1),
        ("failed", 0, 0, 0),
        ("complete", 1, 1, 0),
    ]
    assert "it's 100% down" in history(postgres, "error")[1][0]


def test_nothing_else_knows_of_it(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers([{"id": 1}])
    pipeline = warehouse.pipeline()
    sync(pipeline, rest_api_source(items(server)))
    sync(pipeline, rest_api_source(items(server)), full_refresh=True)

    # Starting over drops the tables of the resources, and no history.
    assert len(history(warehouse, "run_id")) == 2
    assert TABLE not in pipeline.default_schema.tables
    assert pipeline.schema_names == ["rest_api"]
    assert warehouse.query("SELECT DISTINCT schema_name FROM test_data._dlt_version") == [
        ("rest_api",)
    ]


def test_it_can_be_left_out(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers([{"id": 1}])
    sync(warehouse.pipeline(), rest_api_source(items(server)), run_history=False)
    warehouse.pipeline("plain").run(rest_api_source(items(server)))
    Path("shop.json").write_text(json.dumps(items(server)))
    place = ("--destination", warehouse.url, "--set", "pipeline.run_history=false")
    ran = headrace("run", "shop.json", *place)

    assert ran.returncode == 0
    found = warehouse.query("SELECT schema_name, table_name FROM duckdb_tables()")
    assert {("test_data", "items"), ("plain_data", "items"), ("shop_dataset", "items")} <= {*found}
    assert TABLE not in {name for _, name in found}


def test_a_destination_without_sql_is_noted_once(server: JsonServer) -> None:
    loaded: set[str] = set()

    @dlt.destination(name="list", batch_size=10, loader_file_format="typed-jsonl")
    def into_list(rows: Any, table: Any) -> None:
        loaded.add(table["name"])

    server.answers([{"id": 1}])
    pipeline = dlt.pipeline("test", destination=into_list(), dataset_name="x")
    report = sync(pipeline, rest_api_source(items(server, write_disposition="append")))

    assert loaded == {"items"}
    (note,) = report.figures.total.notes
    assert "no history of runs is kept: `list` is no destination that takes a row by SQL" in note


def test_what_goes_wrong_with_it_hides_nothing(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers([{"id": 1}], Answer({"message": "broken"}, 500))
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute(f"CREATE SCHEMA test_data; CREATE VIEW test_data.{TABLE} AS SELECT 1 x")
    report = sync(warehouse.pipeline(), rest_api_source(items(server)))

    assert "the history of runs could not be written" in report.figures.total.notes[0]
    assert warehouse.rows("test_data.items") == [{"id": 1}]
    with pytest.raises(ResponseStatusError, match="broken"):
        sync(warehouse.pipeline(), rest_api_source(items(server)))


@pytest.mark.parametrize("place", ["warehouse", "postgres", "sqlite"])
def test_a_history_of_an_earlier_version_is_read_and_goes_on(
    place: str, server: JsonServer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """An earlier version may have known fewer columns, a later one may know more."""
    server.answers([{"id": 1}])
    if place == "sqlite":
        file = dlt.destinations.sqlalchemy(f"sqlite:///{tmp_path / 'test.db'}")
        pipeline = dlt.pipeline("test", destination=file, dataset_name="test_data")
    else:
        pipeline = request.getfixturevalue(place).pipeline()
    config = items(server, write_disposition="append")
    sync(pipeline, rest_api_source(config))
    with pipeline.sql_client() as client:
        table = client.make_qualified_table_name(TABLE)
        for change in ("DROP COLUMN error", "DROP COLUMN table_name", "ADD COLUMN later BIGINT"):
            client.execute_sql(f"ALTER TABLE {table} {change}")
    history = RunHistory(pipeline, pipeline.default_schema)

    (run,) = history.last("items", 5)
    assert (run.outcome, run.table_name, run.error) == ("complete", None, None)

    assert not sync(pipeline, rest_api_source(config)).figures.notes
    assert [each.table_name for each in history.last("items", 5)] == ["items", None]
