"""A resource is planned, its lanes are read one by one, and loaded together."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace import ConfigError, HeadraceError, SyncError, backfill, rest_api_source, sync
from headrace.backfill import lanes
from headrace.reading.travelling import travelling_text
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


class Shop:
    """Serves customers, and the orders of a customer, in pages of two by cursor.

    Args:
        server: The server to answer for.
    """

    def __init__(self, server: JsonServer) -> None:
        self.customers: list[dict[str, Any]] = [
            {"id": number, "name": f"c{number}"} for number in range(1, 8)
        ]
        self.orders = {
            each["id"]: [{"id": 10 * each["id"] + n, "of": each["id"]} for n in range(5)]
            for each in self.customers
        }
        self.failing: set[int] = set()
        self.open(server)

    def open(self, server: JsonServer) -> None:
        """Answers what the server is asked."""
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        first = int(asked.query.get("cursor", 0))
        if asked.path == "/customers":
            rows = self.customers
        else:
            number = int(asked.path.split("/")[2])
            if number in self.failing:
                return Answer({"message": "gone fishing"}, 403)
            rows = self.orders[number]
        following = first + 2 if first + 2 < len(rows) else None
        return Answer({"data": rows[first : first + 2], "next": following})


@pytest.fixture
def shop(server: JsonServer) -> Shop:
    return Shop(server)


def orders_config(server: JsonServer) -> dict[str, Any]:
    return {
        "client": {
            "base_url": server.base_url,
            "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"},
        },
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"data_selector": "data"},
        },
        "resources": [
            "customers",
            {
                "name": "orders",
                "endpoint": {"path": "customers/{resources.customers.id}/orders"},
                "include_from_parent": ["name"],
            },
        ],
        "pipeline": {"name": "shop"},
    }


def test_the_listings_of_many_parents_are_read_in_lanes_and_loaded_as_one(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    plan = backfill.plan(orders_config(server), "orders", out=out, lanes=3)
    assert plan.lanes == 3
    for number in (2, 0, 1):
        backfill.lane(out, number)
    report = backfill.commit(out, pipeline=warehouse.pipeline())
    assert report.loaded.figures.of("orders").loaded_rows == 35
    assert warehouse.query(
        "SELECT count(*), count(DISTINCT id), count(_customers_name) FROM test_data.orders"
    ) == [(35, 35, 35)]


def test_an_engine_reads_the_same_lanes_as_arrow_in_one_schema(
    shop: Shop, server: JsonServer
) -> None:
    text = travelling_text(orders_config(server))
    shop.orders[7].append({"id": 99, "of": 7, "tags": ["a"], "later": True})
    planned, notes = lanes.plan_lanes(text, "orders", lanes=3)
    schema = lanes.schema_of(text, "orders", rows=3)
    found = []
    for lane in planned:
        # As it is shipped to another machine.
        shipped = msgspec.json.decode(msgspec.json.encode(lane), type=lanes.Lane)
        with lanes.read_lane(text, "orders", shipped, schema=schema) as reader:
            for batch in reader:
                assert batch.schema == schema
                found += batch.to_pylist()
    assert not notes
    assert len(found) == 36
    assert {row["_headrace_rest"] for row in found} == {None, '{"tags":["a"],"later":true}'}


def read_all(out: str) -> None:
    for number in backfill.lanes_left(out):
        backfill.lane(out, number)


def test_a_second_commit_loads_nothing_twice(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    document = orders_config(server)
    document["resource_defaults"]["write_disposition"] = "append"
    out = str(tmp_path / "plan")
    backfill.plan(document, "orders", out=out, lanes=2)
    read_all(out)
    backfill.commit(out, pipeline=warehouse.pipeline())
    report = backfill.commit(out, pipeline=warehouse.pipeline())
    assert warehouse.query("SELECT count(*) FROM test_data.orders") == [(35,)]
    (note,) = report.loaded.figures.of("orders").notes
    assert "has been loaded before" in note


def test_nothing_is_loaded_before_all_lanes_are_read(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    backfill.plan(orders_config(server), "orders", out=out, lanes=3)
    backfill.lane(out, 1)
    with pytest.raises(SyncError, match=r"2 of the 3 lanes in .* still to be read.*: 0, 2"):
        backfill.commit(out, pipeline=warehouse.pipeline())
    assert backfill.status(out).left == (0, 2)


def test_a_lane_that_fails_leaves_nothing_and_one_that_was_read_is_not_read_again(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    backfill.plan(orders_config(server), "orders", out=str(out), lanes=2)
    server.handler = lambda asked: Answer({"message": "closed"}, 401)
    with pytest.raises(HeadraceError, match="401"):
        backfill.lane(str(out), 0)
    assert sorted(each.name for each in (out / "lanes/00000").iterdir()) == ["lane.json"]
    shop.open(server)
    read_all(str(out))
    server.asked.clear()
    assert backfill.lane(str(out), 0).was_there
    # What another machine has written in part, or was killed in, counts for nothing.
    (out / "lanes/00000/20000101T000000000000-dead.parquet").write_bytes(b"PAR1")
    backfill.commit(str(out), pipeline=warehouse.pipeline())
    assert warehouse.query("SELECT count(*) FROM test_data.orders") == [(35,)]


def test_a_lane_that_is_read_again_takes_the_place_of_what_was_there(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    shop.failing = {4}
    backfill.plan(orders_config(server), "orders", out=str(out), lanes=1)
    assert backfill.lane(str(out), 0).failed == 1
    shop.failing = set()
    server.handler = lambda asked: Answer({"message": "closed"}, 401)
    with pytest.raises(HeadraceError, match="401"):
        backfill.lane(str(out), 0, again=True)
    assert backfill.status(str(out)).failed == 1
    shop.open(server)
    assert backfill.lane(str(out), 0, again=True).failed == 0
    assert len(list((out / "lanes/00000").iterdir())) == 3
    report = backfill.commit(str(out), pipeline=warehouse.pipeline())
    assert not report.loaded.failed_requests
    assert warehouse.query("SELECT count(*) FROM test_data.orders") == [(35,)]


def test_a_file_that_the_folder_has_cut_is_noticed(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    backfill.plan(orders_config(server), "orders", out=str(out), lanes=1)
    read_all(str(out))
    (file,) = (out / "lanes/00000").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(SyncError, match="has lost a part of it"):
        backfill.commit(str(out), pipeline=warehouse.pipeline())


def test_the_listing_of_one_parent_that_fails_is_on_record_and_asked_again(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    shop.failing = {4}
    document = orders_config(server)
    backfill.plan(document, "orders", out=out, lanes=2)
    read_all(out)
    report = backfill.commit(out, pipeline=warehouse.pipeline())
    assert warehouse.query("SELECT count(*) FROM test_data.orders") == [(30,)]
    (failed,) = report.loaded.failed_requests
    assert (failed.status, failed.key) == (403, '{"id":4}')
    assert len(warehouse.query("SELECT * FROM test_data._headrace_failed_requests")) == 1
    shop.failing = set()
    synced = sync(warehouse.pipeline(), rest_api_source(document).with_resources("orders"))
    assert not synced.failed_requests
    assert warehouse.query("SELECT count(*) FROM test_data.orders") == [(35,)]


def test_a_secret_in_clear_and_a_folder_with_a_plan_are_refused(
    shop: Shop, server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = orders_config(server)
    document["client"]["auth"] = {"type": "bearer", "token": "canary-0123456789abcdef"}
    out = tmp_path / "plan"
    with pytest.raises(ConfigError, match=r"client.auth.token: a secret stands here") as refused:
        backfill.plan(document, "orders", out=str(out))
    assert "canary" not in str(refused.value)
    monkeypatch.setenv("SHOP_TOKEN", "canary-0123456789abcdef")
    document["client"]["auth"]["token"] = "${SHOP_TOKEN}"
    backfill.plan(document, "orders", out=str(out), lanes=2)
    read_all(str(out))
    for file in out.rglob("*.*"):
        assert b"canary" not in file.read_bytes()
    with pytest.raises(ConfigError, match="has a plan of `orders` already"):
        backfill.plan(document, "orders", out=str(out))
    monkeypatch.delenv("SHOP_TOKEN")
    with pytest.raises(ConfigError, match="no value for"):
        backfill.lane(str(out), 0, again=True)


def test_a_backfill_is_loaded_once_though_another_one_was_loaded_behind_it(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    document = orders_config(server)
    document["resource_defaults"]["write_disposition"] = "append"
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    for out in (first, second):
        backfill.plan(document, "orders", out=out, lanes=2)
        read_all(out)
    for out in (first, second, first, second):
        backfill.commit(out, pipeline=warehouse.pipeline())
    assert warehouse.query("SELECT count(*) FROM test_data.orders") == [(70,)]


def test_a_lane_of_another_plan_is_refused(shop: Shop, server: JsonServer, tmp_path: Path) -> None:
    for name, lanes_wanted in (("one", 2), ("other", 3)):
        backfill.plan(orders_config(server), "orders", out=str(tmp_path / name), lanes=lanes_wanted)
    # As where two that plan at the same time write over each other.
    lane = "lanes/00001/lane.json"
    (tmp_path / "one" / lane).write_bytes((tmp_path / "other" / lane).read_bytes())
    with pytest.raises(SyncError, match="is of another plan than the folder's"):
        read_all(str(tmp_path / "one"))
    (tmp_path / "one" / lane).unlink()
    with pytest.raises(SyncError, match=r"lane\.json is not there: the folder has lost it"):
        backfill.lane(str(tmp_path / "one"), 1)


def test_a_reading_that_goes_while_it_is_looked_for_is_none(
    shop: Shop, server: JsonServer, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    backfill.plan(orders_config(server), "orders", out=str(out), lanes=1)
    # It is listed, and not there when it is read.
    (out / "lanes/00000/20200101T000000000000-0.json").symlink_to("nowhere")
    assert backfill.lanes_left(str(out)) == [0]
    read_all(str(out))
    assert backfill.status(str(out)).rows == 35


def test_a_disk_that_is_full_and_a_file_that_is_broken_are_told_of(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    backfill.plan(orders_config(server), "orders", out=str(out), lanes=1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        with pytest.raises(SyncError, match=r"writing .*\.parquet failed: .*too large"):
            backfill.lane(str(out), 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [each.name for each in (out / "lanes/00000").iterdir()] == ["lane.json"]
    read_all(str(out))
    (file,) = (out / "lanes/00000").glob("*.parquet")
    file.write_bytes(os.urandom(file.stat().st_size))
    with pytest.raises(SyncError, match=r"\.parquet cannot be read: .* read the lane again with"):
        backfill.commit(str(out), pipeline=warehouse.pipeline())


def test_no_password_in_the_url_of_a_folder_is_said() -> None:
    url = "sftp://loader:canary-0123456789@127.0.0.1:1/plan"
    with pytest.raises((ConfigError, SyncError)) as refused:
        backfill.status(url)
    assert "canary" not in str(refused.value)
    assert "127.0.0.1:1/plan" in str(refused.value)
    with pytest.raises(SyncError, match="failed") as unreachable:
        backfill.status("ftp://loader:canary-9876543210@127.0.0.1:1/plan")
    assert "canary" not in str(unreachable.value)
