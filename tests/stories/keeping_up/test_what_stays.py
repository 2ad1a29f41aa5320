"""What earlier syncs leave in the destination is deleted, but for the last of them.

A machine without a local folder of the pipeline cleans up in each sync, others in each tenth.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt
import pytest

from headrace import ResponseStatusError, Retention, SyncReport, rest_api_source, sync
from headrace.syncing import cleaning
from tests.stories.keeping_up.kept_listing import KeptListing
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

DATASET = "mirror_data"
KEEP_ONE = Retention(packages=1, states=1, runs=1)


@dataclass
class Place:
    """A destination with a dataset, and one machine after another that loads into it."""

    at: Warehouse | PostgresDatabase
    folder: Path
    machines: int = 0
    retention: Retention = field(default=KEEP_ONE)

    def pipeline(self, name: str = "mirror", *, anew: bool = True) -> dlt.Pipeline:
        self.machines += anew
        pipeline: dlt.Pipeline = dlt.pipeline(
            name,
            destination=self.at.pipeline().destination,
            dataset_name=DATASET,
            pipelines_dir=str(self.folder / str(self.machines)),
        )
        return pipeline

    def sync(self, config: Any, name: str = "mirror", source: str | None = None) -> SyncReport:
        loaded = rest_api_source(config, name=source)
        return sync(self.pipeline(name), loaded, retention=self.retention)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.at.query(sql)

    def count(self, table: str, where: str = "true") -> int:
        ((count,),) = self.query(f"SELECT count(*) FROM {DATASET}.{table} WHERE {where}")
        return int(count)

    def change(self, sql: str) -> None:
        change: Callable[[str], object] = getattr(self.at, "change", self.at.query)
        change(sql)


@pytest.fixture(params=["duckdb", "postgres"])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    at = "warehouse" if request.param == "duckdb" else "postgres"
    return Place(request.getfixturevalue(at), tmp_path)


def listed(server: JsonServer, *names: str, **hints: Any) -> dict[str, Any]:
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge", **hints},
        "resources": list(names or ("items",)),
    }


def test_of_the_states_the_last_stay_and_are_read(place: Place) -> None:
    with KeptListing() as api:
        for number in range(1, 5):
            api.put(*({"id": number * 100 + n, "status": "success"} for n in range(60)))
            api.forget_requests()
            report = place.sync(api.config())
        assert place.count("_dlt_pipeline_state") == 1
        assert len(api.asked) == 2
    assert not report.figures.notes
    assert place.count("executions") == 240


def test_what_other_pipelines_and_sources_left_stays(place: Place, server: JsonServer) -> None:
    server.answers([{"id": 1}])
    place.retention = Retention(None, None, None)
    for _ in range(2):
        place.sync(listed(server, "others"), "another", "another")
    place.retention = KEEP_ONE
    for _ in range(2):
        place.sync(listed(server))
    runs = f"SELECT pipeline, count(*) FROM {DATASET}._headrace_runs GROUP BY 1 ORDER BY 1"
    assert place.query(runs) == [("another", 2), ("mirror", 1)]
    loads = f"SELECT schema_name, count(*) FROM {DATASET}._dlt_loads GROUP BY 1 ORDER BY 1"
    assert place.query(loads) == [("another", 2), ("rest_api", 2)]
    assert place.count("_dlt_pipeline_state", "pipeline_name = 'another'") == 1


def test_loads_without_rows_go(place: Place, server: JsonServer) -> None:
    server.answers([{"id": 1}])
    for _ in range(4):
        place.sync(listed(server))
    # That of the state and that of the row. The tables are read once there are twice as many.
    assert place.count("_dlt_loads") == 2
    ((load,),) = place.query(f"SELECT _dlt_load_id FROM {DATASET}.items")
    assert place.count("_dlt_loads", f"load_id = '{load}'") == 1


def test_loads_with_rows_stay(warehouse: Warehouse, tmp_path: Path, server: JsonServer) -> None:
    place = Place(warehouse, tmp_path)
    server.handler = lambda asked: Answer([{"id": len(server.asked)}])
    for _ in range(4):
        place.sync(listed(server))
    assert place.count("_dlt_loads") == 4


def test_loads_stay_where_another_pipeline_has_the_same_source(
    warehouse: Warehouse, tmp_path: Path, server: JsonServer
) -> None:
    place = Place(warehouse, tmp_path)
    server.answers([{"id": 1}])
    place.sync(listed(server, "others"), "another")
    for _ in range(4):
        place.sync(listed(server))
    assert place.count("_dlt_loads") == 5


def test_of_the_runs_the_last_stay_and_the_last_that_were_complete(
    place: Place, server: JsonServer
) -> None:
    for answer in (Answer([{"id": 1}]), *[Answer({"message": "no"}, 403)] * 3):
        server.answers(answer)
        with suppress(ResponseStatusError):
            place.sync(listed(server))
    runs = f"SELECT outcome FROM {DATASET}._headrace_runs ORDER BY started_at"
    assert [outcome for (outcome,) in place.query(runs)] == ["complete", "failed"]


def test_a_destination_that_deletes_nothing_harms_no_sync(
    postgres: PostgresDatabase,
    tmp_path: Path,
    server: JsonServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cleaning, "_SYNCS_BETWEEN", 1)
    place = Place(postgres, tmp_path)
    server.handler = lambda asked: Answer([{"id": len(server.asked)}])
    place.sync(listed(server))
    place.change(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'nothing is deleted here'; END $$"
    )
    place.change(
        f"CREATE TRIGGER keep BEFORE DELETE ON {DATASET}._headrace_runs "
        "FOR EACH ROW EXECUTE FUNCTION keep()"
    )
    (note,) = place.sync(listed(server)).figures.notes
    assert "nothing is deleted here" in note
    assert "retention" in note

    again = sync(
        place.pipeline(anew=False), rest_api_source(listed(server)), retention=place.retention
    )
    assert not again.figures.notes
    assert place.count("items") == 3


BAD = {"id": None, "n": 1}


def in_quarantine(place: Place) -> list[Any]:
    found = place.query(f"SELECT raw_row FROM {DATASET}._headrace_quarantine ORDER BY 1")
    return [json.loads(row) for (row,) in found]


def test_a_row_that_stays_bad_is_in_quarantine_once(place: Place, server: JsonServer) -> None:
    twice, changed = [BAD, {"id": 1, "n": 1}, BAD], {"id": None, "n": 2}
    server.answers(twice, twice, [changed])
    for _ in range(3):
        place.sync(listed(server))
    assert in_quarantine(place) == [BAD, BAD, changed]


@pytest.mark.parametrize("disposition", ["replace", "append"])
def test_however_its_resource_is_written(
    disposition: str, warehouse: Warehouse, tmp_path: Path, server: JsonServer
) -> None:
    place = Place(warehouse, tmp_path)
    server.answers([{"id": 1, "n": 1}, BAD])
    for _ in range(3):
        place.sync(listed(server, write_disposition=disposition))
    assert in_quarantine(place) == [BAD]


def test_what_earlier_versions_left_in_quarantine_goes_too(
    warehouse: Warehouse, tmp_path: Path, server: JsonServer
) -> None:
    place = Place(warehouse, tmp_path)
    server.answers([BAD])
    place.sync(listed(server))
    table = f"{DATASET}._headrace_quarantine"
    columns = "resource, raw_row, reason, request, quarantined_at, _dlt_load_id"
    place.change(f"INSERT INTO {table} ({columns}, _dlt_id) SELECT {columns}, 'older' FROM {table}")
    place.sync(listed(server))
    assert in_quarantine(place) == [BAD]
