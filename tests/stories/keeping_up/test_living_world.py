"""A living API mirrored end to end: over HTTP, leg by leg, into a real DuckDB.

The lane alone goes through far more histories in `tests/unit/reading/keep_up`; more of these:

    HEADRACE_WORLDS=50 scripts/test tests/stories/keeping_up/test_living_world.py
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headrace import LegSettings, SyncReport, sync
from headrace.config import load_config
from headrace.dlt_source.source import build_source
from headrace.simulator import Pace, Simulator, World
from tests.stories.loading.test_recorded_server import typed
from tests.support.tables import Row, Warehouse

WORLDS = int(os.environ.get("HEADRACE_WORLDS", "2"))
SYNCS = 4
LEGS = LegSettings(most_bytes=40_000)
BUSY = Pace(
    executions_per_hour=40,
    share_failing=0.2,
    share_parked=0.1,
    share_crashed=0.05,
    share_late=0.05,
    old_retries_per_day=50,
    deletions_per_day=50,
)

# One at a time, and each takes long: most of them have to wait for their turn.
QUEUED = replace(BUSY, run_seconds=45.0, restarts_per_day=24.0)


def sync_once(
    world: World, simulator: Simulator, warehouse: Warehouse, limit: int, missing: str = "keep"
) -> SyncReport:
    config = load_config(
        "executions",
        [
            f"resources.executions.endpoint.paginator.limit={limit}",
            f"resources.executions.missing_rows={missing}",
        ],
        lookup={"API_KEY": simulator.api_key, "EXECUTIONS_BASE_URL": simulator.base_url}.get,
    )
    pipeline = warehouse.pipeline()
    return sync(pipeline, build_source(config), legs=LEGS, clock=lambda: world.now)


def shown_or_hidden(world: World) -> dict[int, Row]:
    """The rows up to the newest that is listed, typed, by their key."""
    with world.lock:
        newest = next(int(row["id"]) for row in world.listed())
        return {int(row["id"]): typed(row) for row in world.truth() if int(row["id"]) <= newest}


@pytest.mark.parametrize("like", ["2.20", "2.41"])
@pytest.mark.parametrize("seed", range(WORLDS))
def test_after_each_sync_the_table_is_what_the_api_was(
    seed: int, like: str, warehouse: Warehouse
) -> None:
    draw = random.Random(seed)
    limit = draw.choice([10, 50, 250])
    string_ids = draw.random() < 0.5
    newer: dict[str, Any] = {"like": like, "pace": QUEUED, "at_once": 1, "gaps": 12}
    how: dict[str, Any] = newer if like == "2.41" else {"pace": BUSY}
    world = World(rows=150, seed=seed, string_ids=string_ids, **how)
    missing = ("keep", "mark", "delete")[seed % 3]
    moments: list[dict[int, Row]] = []

    def go_on(request: int) -> None:
        """Something may happen between any two requests."""
        world.advance(draw.choice([0, 1, 10]))
        if draw.random() < 0.02:
            world.expire_cursors()
        moments.append(shown_or_hidden(world))

    with Simulator(world=world, on_request=go_on) as simulator:
        for _ in range(SYNCS):
            world.advance(draw.choice([60, 900, 4 * 3_600]))
            before = shown_or_hidden(world)
            moments[:] = [before]
            sync_once(world, simulator, warehouse, limit, missing)
            check_gone(warehouse, missing)
            check(warehouse, before, moments, shown_or_hidden(world))
            if draw.random() < 0.4:
                shutil.rmtree(warehouse.pipeline().pipelines_dir)


def check_gone(warehouse: Warehouse, missing: str) -> None:
    """The rows that are said to be gone, and no others, are marked or deleted."""
    gone = set()
    if "_headrace_gone" in warehouse.tables("test_data"):
        found = warehouse.query("SELECT key FROM test_data._headrace_gone")
        gone = {int(key) for (key,) in found}
    rows = warehouse.rows("test_data.executions")
    kept = {row["id"] for row in rows} & gone
    marked = {row["id"] for row in rows if row.get("_headrace_gone") is not None}
    assert kept == (set() if missing == "delete" else gone)
    assert marked == (gone if missing == "mark" else set())


def check(
    warehouse: Warehouse,
    before: dict[int, Row],
    moments: list[dict[int, Row]],
    after: dict[int, Row],
) -> None:
    """Each row that was there all the time is there once, as it was at one of the moments."""
    rows = warehouse.rows("test_data.executions")
    for row in rows:
        # Of a row that the API still has, the comparison below says that it has no mark.
        if row.get("_headrace_gone") is None:
            row.pop("_headrace_gone", None)
    found: dict[Any, Row] = {row["id"]: row for row in rows}
    assert len(found) == len(rows), "a row is there twice"
    for key in before.keys() & after.keys():
        versions = [moment[key] for moment in moments if key in moment]
        # A retry that was deleted before a sync saw it has told nobody which row it changed.
        unseen = [each for each in versions if each["retry_success_id"] not in found]
        versions += [{**each, "retry_success_id": None} for each in unseen]
        assert found.get(key) in versions, f"row {key}"


def test_a_quiet_world_costs_one_request(warehouse: Warehouse, tmp_path: Path) -> None:
    world = World(rows=2_000, pace=Pace.still())
    with Simulator(world=world) as simulator:
        sync_once(world, simulator, warehouse, 250)
        simulator.requests.clear()
        report = sync_once(world, simulator, warehouse, 250)

        assert len(simulator.requests) <= 2
        assert report.figures.of("executions").loaded_rows <= 2
