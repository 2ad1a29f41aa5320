"""A commit of a backfill, killed at any moment and called again, loads no row twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace import backfill
from tests.stories.backfills.test_journey import Shop, orders_config, read_all
from tests.support.crashing import Gate, Machine
from tests.support.crashing.moments import Moment
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

MOMENTS = [
    Moment("extracted"),
    Moment("normalized"),
    Moment("job started", delay=0.01),
    Moment("package completed"),
    Moment("loaded"),
]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.event.replace(" ", "-"))
def test_no_crash_loses_or_doubles_a_row(
    moment: Moment, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    Shop(server)
    document = orders_config(server)
    # A row that was appended twice would be seen.
    document["resource_defaults"]["write_disposition"] = "append"
    (tmp_path / "shop.json").write_text(json.dumps(document))
    out = str(tmp_path / "plan")
    backfill.plan(tmp_path / "shop.json", "orders", out=out, lanes=3)
    read_all(out)
    commit = ["backfill", "commit", out, "--destination", warehouse.url, "--dataset", "test_data"]
    machine = Machine(tmp_path, commit, {})
    with Gate() as gate:
        gate.leads_to(server.base_url)
        assert machine.run(gate, moment).was_killed
        again = machine.run(gate)
        assert again.code == 0, again.told
    found = warehouse.query("SELECT id FROM test_data.orders ORDER BY 1")
    assert found == [(row["id"],) for each in Shop(server).orders.values() for row in each]
