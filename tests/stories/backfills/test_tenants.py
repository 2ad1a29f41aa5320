"""The tenants of a config are read in lanes, many of them in each."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace import ConfigError, SyncError, backfill
from headrace.backfill import lanes
from headrace.reading.travelling import travelling_text
from tests.stories.backfills.test_journey import read_all
from tests.stories.tenants.accounts import POSTS, SINCE, Accounts, synced
from tests.support.command_line import headrace
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse


@pytest.fixture
def accounts(server: JsonServer, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    names = [f"shop{number}" for number in range(12)]
    for name in names:
        monkeypatch.setenv(f"{name.upper()}_KEY", f"{name}-key")
    return Accounts(server, names)


def test_all_tenants_are_loaded_at_once_and_one_that_fails_is_on_record(
    accounts: Accounts, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    accounts.fails = {"shop4": 403}
    plan = backfill.plan(accounts.document(), out=out, lanes=5)
    assert (plan.lanes, plan.requests) == (5, 0)
    read_all(out)
    report = backfill.commit(out, pipeline=warehouse.pipeline())
    (failed,) = report.loaded.failed_requests
    assert (failed.key, failed.status) == ('{"tenant":"shop4"}', 403)
    assert "tenant `shop4`" in failed.reason
    found = warehouse.query("SELECT tenant, count(*) FROM test_data.users GROUP BY ALL")
    assert dict(found) == {name: 3 for name in accounts.names if name != "shop4"}
    accounts.fails = {}
    again = synced(accounts.config(accounts.document()), warehouse)
    assert not again.failed_requests
    assert warehouse.query("SELECT count(*) FROM test_data.users") == [(36,)]


def test_what_depends_on_rows_of_tenants_is_read_in_lanes(
    accounts: Accounts, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    plan = backfill.plan(accounts.document("users", POSTS), "posts", out=out, lanes=4)
    assert plan.lanes == 4
    read_all(out)
    backfill.commit(out, pipeline=warehouse.pipeline())
    found = warehouse.query("SELECT tenant, _users_id, n FROM test_data.posts ORDER BY ALL")
    assert len(found) == 12 * 3 * 2
    assert len(set(found)) == len(found)


def test_an_engine_reads_the_rows_of_tenants_with_their_names(accounts: Accounts) -> None:
    text = travelling_text(accounts.document())
    planned, _ = lanes.plan_lanes(text, lanes=3)
    schema = lanes.schema_of(text)
    found = []
    for lane in planned:
        with lanes.read_lane(text, None, lane, schema=schema) as reader:
            found += [(row["tenant"], row["id"]) for batch in reader for row in batch.to_pylist()]
    assert sorted(found) == sorted((name, n) for name in accounts.names for n in (1, 2, 3))


def test_what_is_kept_up_with_for_each_tenant_is_refused(
    accounts: Accounts, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="whose state is kept for each of the `tenants`"):
        backfill.plan(accounts.document(SINCE), out=str(tmp_path / "plan"))


def test_a_tenant_that_fails_alone_in_its_lane_keeps_no_other_one_from_being_loaded(
    accounts: Accounts, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    accounts.fails = {"shop4": 403}
    assert backfill.plan(accounts.document(), out=out).lanes == 12
    read = [backfill.lane(out, number) for number in range(12)]
    assert [each.failed for each in read] == [name == "shop4" for name in accounts.names]
    report = backfill.commit(out, pipeline=warehouse.pipeline())
    (failed,) = report.loaded.failed_requests
    assert failed.reason.count("tenant `shop4`: ") == 1
    assert warehouse.query("SELECT count(*) FROM test_data.users") == [(33,)]


def test_what_belongs_to_rows_of_one_tenant_alone_in_a_lane_may_fail(
    accounts: Accounts, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    backfill.plan(accounts.document("users", POSTS), "posts", out=out, lanes=12)
    accounts.fails = {"shop4": 403}
    read_all(out)
    report = backfill.commit(out, pipeline=warehouse.pipeline())
    assert len(report.loaded.failed_requests) == 3
    assert warehouse.query("SELECT count(*) FROM test_data.posts") == [(11 * 3 * 2,)]


def test_where_all_tenants_fail_nothing_is_loaded(
    accounts: Accounts, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    accounts.fails = dict.fromkeys(accounts.names, 403)
    backfill.plan(accounts.document(), out=out)
    read_all(out)
    with pytest.raises(SyncError, match=r"all tenants failed .* tenant `shop0`: .* --again`"):
        backfill.commit(out, pipeline=warehouse.pipeline())
    accounts.fails = {}
    for number in range(12):
        backfill.lane(out, number, again=True)
    backfill.commit(out, pipeline=warehouse.pipeline())
    assert warehouse.query("SELECT count(*) FROM test_data.users") == [(36,)]


def test_a_machine_reads_what_is_left_of_the_tenants_whose_secrets_it_has(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = str(tmp_path / "plan")
    backfill.plan(accounts.document(), out=out, lanes=12)
    with monkeypatch.context() as another_machine:
        for number in range(9):
            another_machine.delenv(f"SHOP{number}_KEY")
        ran = headrace("backfill", "lane", out, "--left")
    assert ran.returncode == 2
    assert len(backfill.lanes_left(out)) == 9
    for number in range(9):
        assert ran.stderr.count(f"no value for ${{SHOP{number}_KEY}}") == 1
        assert f"(tenant `shop{number}`)" in ran.stderr
    assert headrace("backfill", "lane", out, "--left").returncode == 0
    assert not backfill.lanes_left(out)
