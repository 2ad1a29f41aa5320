"""A repair leaves what is known of a listing as it is, so the next sync goes on from there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.destination.client import WithStateSync
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from headrace import VerificationReport, rest_api_source, sync, verify
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.stories.verifying.compared import change, found
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Row, Warehouse

SETTLES: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
}
TABLE = "test_data.executions"


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as listing:
        listing.put(*(row(key) for key in range(1, 121)))
        listing.change(90, status="running")
        yield listing


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    """A table with rows 1 to 120, of which 90 is open, right after a sync."""
    mirror = Mirror(api, warehouse, api.config(**SETTLES))
    mirror.sync()
    return mirror


def row(key: Any, status: str = "success", **fields: Any) -> Row:
    return {"id": key, "status": status, "note": "a", **fields}


def repaired(mirror: Mirror) -> VerificationReport:
    return verify(mirror.pipeline(), rest_api_source(mirror.config), repair=True)


def damage(warehouse: Warehouse) -> None:
    change(warehouse, f"DELETE FROM {TABLE} WHERE id IN (3, 7, 60)")
    change(warehouse, f"UPDATE {TABLE} SET note = 'x' WHERE id BETWEEN 20 AND 29")


def saved_state(pipeline: dlt.Pipeline) -> Any:
    """The resources' state, in the pipeline's folder and at its destination."""
    local = pipeline.state["sources"]
    with pipeline.destination_client() as client:
        assert isinstance(client, WithStateSync)
        stored = load_pipeline_state_from_destination(pipeline.pipeline_name, client)
    assert stored["sources"] == local
    return local


def test_the_table_is_as_the_api_again_and_the_next_sync_asks_no_more_than_ever(
    api: KeptListing, mirror: Mirror, warehouse: Warehouse
) -> None:
    damage(warehouse)
    before = saved_state(mirror.pipeline())
    api.forget_requests()
    report = repaired(mirror)

    assert report.ok
    assert len(found(report.tables[0].comparison)[0]) == 3
    assert len(api.pages_asked) == 3
    assert not mirror.faults()
    assert saved_state(mirror.pipeline()) == before

    api.forget_requests()
    api.put(row(121))
    api.change(90, status="success", note="b")
    mirror.sync()
    assert (len(api.pages_asked), api.rows_asked) == (1, [])
    assert not mirror.faults()


def test_open_rows_stay_open_though_the_listing_showed_them_settled(
    api: KeptListing, mirror: Mirror, warehouse: Warehouse
) -> None:
    damage(warehouse)
    api.change(90, status="success")
    report = repaired(mirror)

    assert report.ok
    assert report.tables[0].comparison.excused == {"changed since; still open": 1}
    assert mirror.rows()[89]["status"] == "running"
    mirror.sync()
    assert not mirror.faults()


def test_new_rows_are_left_to_the_next_sync(
    api: KeptListing, mirror: Mirror, warehouse: Warehouse
) -> None:
    damage(warehouse)
    api.put(*(row(key) for key in range(121, 124)))

    assert repaired(mirror).ok
    assert mirror.counted("executions") == 120
    mirror.sync()
    assert not mirror.faults()


def test_a_repaired_row_that_is_open_unknown_to_the_syncs_is_told_of(
    api: KeptListing, mirror: Mirror
) -> None:
    """It was settled when it was last seen: no sync looks at it again."""
    api.change(5, status="running")
    report = repaired(mirror)

    assert report.ok
    (table,) = report.tables
    assert table.repair is not None
    assert table.repair.unfollowed == 1


def test_on_a_machine_without_the_pipelines_folder(
    api: KeptListing, mirror: Mirror, warehouse: Warehouse, tmp_path: Path
) -> None:
    damage(warehouse)
    before = saved_state(mirror.pipeline())
    shutil.rmtree(tmp_path / "dlt" / "pipelines")

    assert repaired(mirror).ok
    assert saved_state(mirror.pipeline()) == before
    api.forget_requests()
    mirror.sync()
    assert len(api.pages_asked) == 1
    assert not mirror.faults()


def test_a_load_that_was_left_behind_is_finished_first(
    api: KeptListing, mirror: Mirror, warehouse: Warehouse
) -> None:
    api.put(*(row(key) for key in range(121, 131)))
    pipeline = mirror.pipeline()
    pipeline.extract(rest_api_source(mirror.config))
    pipeline.normalize()
    change(warehouse, f"DELETE FROM {TABLE} WHERE id = 3")
    report = repaired(mirror)

    assert report.resumed
    assert report.ok
    assert found(report.tables[0].comparison)[0] == [3]
    assert not mirror.faults()


def test_a_repair_that_broke_off_is_finished_by_the_next_sync(
    mirror: Mirror, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(warehouse)
    before = saved_state(mirror.pipeline())
    pipeline = mirror.pipeline()
    monkeypatch.setattr(pipeline, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        verify(pipeline, rest_api_source(mirror.config), repair=True)
    assert mirror.faults()
    report = mirror.sync()

    assert report.resumed
    assert not mirror.faults()
    after = saved_state(mirror.pipeline())
    for state in (before, after):
        # Only the marks of the sync itself may differ.
        state["rest_api"]["resources"]["executions"]["tail"]["ledger"].pop("sync")
    assert after == before


def interrupted(*arguments: Any, **settings: Any) -> None:
    raise KeyboardInterrupt


def test_a_tail_whose_rows_have_lists(warehouse: Warehouse) -> None:
    with KeptListing() as api:
        api.put(*(row(key, tags=["a", f"b{key}"]) for key in range(1, 61)))
        mirror = Mirror(api, warehouse, api.config(**SETTLES))
        mirror.sync()
        change(warehouse, f"UPDATE {TABLE} SET status = 'x' WHERE id % 2 = 0")

        assert repaired(mirror).ok
        assert warehouse.query(
            f"SELECT id, string_agg(value, ',' ORDER BY _dlt_list_idx) FROM {TABLE} AS e "
            f"JOIN {TABLE}__tags AS t ON t._dlt_parent_id = e._dlt_id GROUP BY id ORDER BY id"
        ) == [(key, f"a,b{key}") for key in range(1, 61)]
        assert mirror.counted("executions__tags") == 120


def test_where_dlt_makes_the_ids_all_rows_are_merged_again_each_in_its_last_version(
    warehouse: Warehouse,
) -> None:
    minute = "2026-01-01T{:02}:{:02}:00Z"
    with KeptListing(key="updated") as api:
        api.put(*(row(key, updated=minute.format(*divmod(key, 60))) for key in range(1, 121)))
        mirror = Mirror(api, warehouse, api.config())
        upsert = {"disposition": "merge", "strategy": "upsert"}
        mirror.config["resources"][0]["write_disposition"] = upsert
        mirror.sync()
        change(warehouse, f"DELETE FROM {TABLE} WHERE id = 3")
        # Listed on the first page, and once more at the top, where its change moves it to.
        api.at_request(3, lambda: api.change(119, status="x", updated=minute.format(5, 0)))
        report = repaired(mirror)

        assert report.ok
        assert report.figures.of("executions").rows > 150
        assert mirror.counted("executions") == 120
        assert mirror.rows()[118]["status"] == "x"


def test_in_postgres(api: KeptListing, postgres: PostgresDatabase) -> None:
    source = rest_api_source(api.config(**SETTLES))
    sync(postgres.pipeline(), source)
    expected = postgres.rows(TABLE)
    pipeline = postgres.pipeline()
    before = saved_state(pipeline)
    with pipeline.sql_client() as client:
        client.execute_sql(f"DELETE FROM {TABLE} WHERE id IN (3, 7)")
        client.execute_sql(f"UPDATE {TABLE} SET note = 'x' WHERE id BETWEEN 20 AND 29")
    report = verify(postgres.pipeline(), source, repair=True)

    assert report.ok
    assert found(report.tables[0].comparison)[:2] == ([3, 7], list(range(20, 30)))
    assert postgres.rows(TABLE) == expected
    assert saved_state(postgres.pipeline()) == before
