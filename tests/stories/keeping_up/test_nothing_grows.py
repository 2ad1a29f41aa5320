"""Sync after sync in one process: files, rows beside the data, and memory stay as they are.

`HEADRACE_SYNCS=500` makes more of them, and leaves the figures in `build/syncs.txt`.
"""

from __future__ import annotations

import gc
import os
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from headrace import Retention, rest_api_source, sync
from tests.support.kept_databases import release_databases
from tests.support.project import ROOT
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

SYNCS = int(os.environ.get("HEADRACE_SYNCS", "30"))
# By then each kind of row has reached what is kept of it.
SETTLED = 20
MOST = 10
KEPT = Retention(states=MOST, runs=MOST)
TABLES = ("_dlt_pipeline_state", "_dlt_loads", "_headrace_runs", "_headrace_quarantine")
FIGURES = ROOT / "build" / "syncs.txt"


@pytest.fixture
def every_row_is_accounted_for() -> None:
    """Not here: it keeps what it has seen of each sync."""


@dataclass(frozen=True)
class Left:
    """What is there after a sync."""

    files: int
    bytes: int
    rows: dict[str, int]
    objects: int
    most_mb: int

    @classmethod
    def now(cls, warehouse: Warehouse, folder: str) -> Left:
        files = [each for each in Path(folder).rglob("*") if each.is_file()]
        counts = ", ".join(f"(SELECT count(*) FROM test_data.{table})" for table in TABLES)
        (rows,) = warehouse.query(f"SELECT {counts}")
        gc.collect()
        return cls(
            len(files),
            sum(each.stat().st_size for each in files),
            dict(zip(TABLES, rows, strict=True)),
            len(gc.get_objects()),
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        )


def config(server: JsonServer) -> dict[str, Any]:
    """A listing of which each sync brings news, and one with a row that stays bad."""
    incremental = {"cursor_path": "updated", "start_param": "since", "initial_value": 0}
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [
            {"name": "items", "endpoint": {"incremental": incremental}},
            "people",
        ],
    }


def test_sync_after_sync(server: JsonServer, warehouse: Warehouse) -> None:
    turn = 0

    def answer(asked: Asked) -> Answer:
        if asked.path == "/people":
            return Answer([{"id": 1, "tags": [1, 2]}, {"id": None, "name": "stays bad"}])
        return Answer([{"id": number, "updated": turn} for number in range(10)])

    server.handler = answer
    seen: dict[int, Left] = {}
    for turn in range(1, SYNCS + 1):
        pipeline = warehouse.pipeline()
        sync(pipeline, rest_api_source(config(server)), retention=KEPT)
        server.asked.clear()
        if turn % 10 == 0:
            # While a file is open, DuckDB keeps what was changed in memory as well.
            release_databases()
        if turn >= SETTLED and turn % 10 == 0:
            seen[turn] = Left.now(warehouse, pipeline.working_dir)

    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text("".join(f"after {turn} syncs: {left}\n" for turn, left in seen.items()))
    first, *later = seen.values()
    for each in later:
        assert each.files == first.files
        assert each.bytes < 1.05 * first.bytes
        # And one for each sync since they were looked at last.
        assert each.rows["_dlt_pipeline_state"] < MOST + 10
        assert each.rows["_dlt_loads"] < 2 * MOST + 10
        assert each.rows["_headrace_runs"] < 2 * (MOST + 10)
        assert each.rows["_headrace_quarantine"] == 1
        # Each sync asks another address, and libraries remember the last few hundred.
        assert each.objects < first.objects + 2_500
        assert each.most_mb < first.most_mb + 20
    assert warehouse.query("SELECT count(*), min(updated) FROM test_data.items") == [(10, SYNCS)]
