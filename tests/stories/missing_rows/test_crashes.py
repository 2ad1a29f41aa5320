"""Killed at any moment and run again, a sync has deleted what is gone, and nothing else.

This makes more of them: HEADRACE_CRASHES=50 scripts/test tests/stories/missing_rows/test_crashes.py
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.stories.missing_rows.deleting_server import DeletingServer
from tests.stories.missing_rows.test_histories import config_of, keys_in
from tests.support.crashing import Gate, Machine, Moment, moments
from tests.support.kept_databases import release_databases
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

CRASHES = int(os.environ.get("HEADRACE_CRASHES", "2"))
SEED = int(os.environ.get("HEADRACE_CRASH_SEED", "1"))
REQUESTS, CHANGES = 18, 80
# Behind the load, in front of the second listing, and in the midst of it.
CHOSEN = [Moment("loaded"), Moment("package completed", new_machine=True), Moment("request", 10)]


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as running:
        yield running


def test_no_crash_removes_a_row_that_is_there_or_keeps_one_that_is_gone(
    gate: Gate, tmp_path: Path, warehouse: Warehouse
) -> None:
    api, draw = DeletingServer("offset"), random.Random(SEED)
    api.add(20)
    drawn = moments(CRASHES + 8, requests=REQUESTS, changes=CHANGES, seed=SEED)[8:]
    with JsonServer() as server:
        server.handler = api
        gate.leads_to(server.base_url)
        file = tmp_path / "shop.json"
        file.write_text(json.dumps(config_of(gate.base_url, "offset")))
        place = ("--destination", warehouse.url, "--dataset", "test_data")
        machine = Machine(tmp_path, ["run", str(file), *place], {})
        release_databases()
        assert machine.run(gate).code == 0
        for moment in [*CHOSEN, *drawn][: CRASHES + 1]:
            before = keys_in(warehouse)
            api.delete(tuple(draw.choices(range(20), k=3)))
            api.add(3)
            release_databases()
            assert machine.run(gate, moment).code in (-SIGKILL, 0), moment
            assert (before & api.rows.keys()) <= keys_in(warehouse), moment
            api.delete((draw.randrange(20),))
            release_databases()
            again = machine.run(gate)
            assert again.code == 0, f"after {moment}: {again.told}"
            assert keys_in(warehouse) == api.rows.keys(), f"after {moment}"
