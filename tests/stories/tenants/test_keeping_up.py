"""Listings that are kept up with, one for each of several tenants: each as if it were alone."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from headrace import ConfigError, LegSettings, SyncError, SyncReport, sync, verify
from headrace.config import SourceConfig, load_config
from headrace.config.selection import select_tenants
from headrace.dlt_source.source import build_source
from headrace.reports.status.status import status_of
from headrace.simulator import Pace, Simulator, World
from tests.stories.loading.test_recorded_server import typed
from tests.support.tables import Row, Warehouse

BUSY = Pace(
    executions_per_hour=40,
    share_failing=0.2,
    share_parked=0.1,
    share_crashed=0.05,
    share_late=0.05,
    old_retries_per_day=50,
    deletions_per_day=50,
)
ONE_LEG = LegSettings()
MANY_LEGS = LegSettings(most_bytes=10_000)


@dataclass
class Worlds:
    """Worlds of their own, each a tenant."""

    worlds: dict[str, World]
    moments: dict[str, list[dict[int, Row]]] = field(default_factory=dict)
    simulators: dict[str, Simulator] = field(default_factory=dict)

    def config(self, *overrides: str, other_keys: dict[str, str] | None = None) -> SourceConfig:
        tenants = [
            {"name": name, "set": {"client.base_url": each.base_url}, "secrets": {"API_KEY": name}}
            for name, each in self.simulators.items()
        ]
        keys = {name: each.api_key for name, each in self.simulators.items()}
        return load_config(
            "executions",
            [f"tenants={json.dumps(tenants)}", "pipeline.views=null", *overrides],
            lookup={
                **keys,
                **(other_keys or {}),
                "EXECUTIONS_BASE_URL": "http://never.example.com",
            }.get,
        )

    def sync(
        self, warehouse: Warehouse, *overrides: str, legs: LegSettings = ONE_LEG
    ) -> SyncReport:
        clock = max(each.now for each in self.worlds.values())
        source = build_source(self.config(*overrides))
        return sync(warehouse.pipeline(), source, legs=legs, clock=lambda: clock)

    def advance(self, seconds: float) -> None:
        for each in self.worlds.values():
            each.advance(seconds)

    def shown(self, name: str) -> dict[int, Row]:
        """The rows of a tenant up to the newest that is listed, typed, by their key."""
        world = self.worlds[name]
        with world.lock:
            newest = next(int(row["id"]) for row in world.listed())
            return {int(row["id"]): typed(row) for row in world.truth() if int(row["id"]) <= newest}

    def check(self, warehouse: Warehouse) -> None:
        """Each row of each tenant is there once, as it is now: nothing has happened meanwhile."""
        rows = warehouse.rows("test_data.executions")
        found: dict[str, dict[int, Row]] = {name: {} for name in self.worlds}
        for row in rows:
            found[row.pop("tenant")][row["id"]] = row
        assert sum(map(len, found.values())) == len(rows), "a row is there twice"
        for name in self.worlds:
            for key, row in self.shown(name).items():
                assert found[name].get(key) == row, f"row {key} of {name}"

    def requests(self) -> dict[str, int]:
        """How many requests each tenant got since the last call."""
        counts = {name: len(each.requests) for name, each in self.simulators.items()}
        for each in self.simulators.values():
            each.requests.clear()
        return counts


@pytest.fixture
def worlds() -> Iterator[Worlds]:
    names = ["acme", "beta", "gamma"]
    made = Worlds({name: World(rows=60, seed=n, pace=BUSY) for n, name in enumerate(names)})
    with ExitStack() as opened:
        for name, world in made.worlds.items():
            made.simulators[name] = opened.enter_context(Simulator(world=world))
        yield made


@pytest.mark.parametrize("legs", [ONE_LEG, MANY_LEGS], ids=["one leg", "many legs"])
def test_each_tenant_is_mirrored_as_if_it_were_alone(
    legs: LegSettings, worlds: Worlds, warehouse: Warehouse
) -> None:
    draw = random.Random(7)
    for _ in range(3):
        report = worlds.sync(warehouse, legs=legs)
        assert report.is_complete
        worlds.check(warehouse)
        worlds.advance(draw.choice([900, 4 * 3_600]))
        if draw.random() < 0.5:
            # Another machine has the stored state alone.
            shutil.rmtree(warehouse.pipeline().pipelines_dir)


def test_quiet_tenants_cost_a_request_or_two_each(worlds: Worlds, warehouse: Warehouse) -> None:
    worlds.sync(warehouse)
    worlds.requests()
    worlds.worlds["beta"].advance(3_600)
    worlds.sync(warehouse)
    worlds.check(warehouse)
    found = worlds.requests()
    assert found["acme"] <= 2
    assert found["gamma"] <= 2
    (shown,) = status_of(warehouse.pipeline(), worlds.config(), resources=["executions"]).resources
    assert shown.next.tenants == 3
    assert shown.open.count == shown.next.open_rows > 0


def test_a_tenant_that_fails_goes_on_later_from_where_it_was(
    worlds: Worlds, warehouse: Warehouse
) -> None:
    worlds.sync(warehouse)
    stored = warehouse.pipeline().state["sources"]["rest_api"]["resources"]["executions"]
    before = json.dumps(stored["tenants"]["beta"])
    worlds.advance(3_600)
    broken = worlds.config(other_keys={"beta": "wrong"})
    report = sync(warehouse.pipeline(), build_source(broken))
    assert [
        (json.loads(each.key), each.status)
        for each in report.failed_requests
        if each.resource == "executions"
    ] == [({"tenant": "beta"}, 401)]
    stored = warehouse.pipeline().state["sources"]["rest_api"]["resources"]["executions"]
    assert json.dumps(stored["tenants"]["beta"]) == before

    assert not worlds.sync(warehouse).failed_requests
    worlds.check(warehouse)


def test_a_tenant_that_leaves_the_config_leaves_the_record(
    worlds: Worlds, warehouse: Warehouse
) -> None:
    broken = worlds.config(other_keys={"beta": "wrong"})
    for _ in range(2):
        report = sync(warehouse.pipeline(), build_source(broken))
        assert {json.loads(each.key)["tenant"] for each in report.failed_requests} == {"beta"}
    chosen = select_tenants(worlds.config(), ["acme"])
    assert sync(warehouse.pipeline(), build_source(chosen)).failed_requests
    del worlds.simulators["beta"]
    assert not worlds.sync(warehouse).failed_requests
    assert not warehouse.query("SELECT * FROM test_data._headrace_failed_requests")


def test_listed_anew_and_full_refresh_are_for_all_tenants(
    worlds: Worlds, warehouse: Warehouse
) -> None:
    worlds.sync(warehouse)
    first = sum(worlds.requests().values())
    for anew in (True, False):
        source = build_source(worlds.config())
        sync(warehouse.pipeline(), source, list_anew=anew, full_refresh=not anew)
        assert sum(worlds.requests().values()) >= first - 10
        worlds.check(warehouse)


def test_rows_of_a_tenant_that_were_deleted_are_noticed_and_come_back(
    worlds: Worlds, warehouse: Warehouse
) -> None:
    worlds.sync(warehouse)
    with warehouse.pipeline().sql_client() as client:
        client.execute_sql("DELETE FROM executions WHERE tenant = 'beta'")
    with pytest.raises(SyncError, match="rows deleted out of the table `executions`"):
        worlds.sync(warehouse)
    sync(warehouse.pipeline(), build_source(worlds.config()), list_anew=True)
    worlds.check(warehouse)


def test_a_sync_that_is_stopped_goes_on_with_the_tenants_that_are_left(
    worlds: Worlds, warehouse: Warehouse
) -> None:
    import threading

    stop = threading.Event()
    stop.set()
    source = build_source(worlds.config())
    report = sync(warehouse.pipeline(), source, stop=stop, legs=MANY_LEGS)
    assert not report.is_complete
    report = worlds.sync(warehouse)
    assert report.is_complete
    worlds.check(warehouse)


def test_a_limit_of_rows_reads_the_beginning(worlds: Worlds, warehouse: Warehouse) -> None:
    small = worlds.config("resources.executions.endpoint.paginator.limit=5")
    source = build_source(small, limit_rows=7)
    sync(warehouse.pipeline(), source)
    assert len(warehouse.rows("test_data.executions")) == 7


def test_a_pipeline_of_the_user_runs_them_too(worlds: Worlds, warehouse: Warehouse) -> None:
    for _ in range(2):
        warehouse.pipeline().run(build_source(worlds.config()))
        worlds.check(warehouse)
        worlds.advance(3_600)


def test_what_is_gone_is_told_with_its_tenant(worlds: Worlds, warehouse: Warehouse) -> None:
    worlds.sync(warehouse)
    for _ in range(3):
        worlds.advance(8 * 3_600)
        worlds.sync(warehouse)
    gone = warehouse.query("SELECT key FROM test_data._headrace_gone")
    found = {json.loads(key)["tenant"] for (key,) in gone}
    assert found <= set(worlds.worlds)
    assert found


def test_verify_says_that_it_cannot_compare_them(worlds: Worlds, warehouse: Warehouse) -> None:
    worlds.sync(warehouse)
    with pytest.raises(ConfigError, match="kept up with for several tenants"):
        verify(warehouse.pipeline(), build_source(worlds.config()))
