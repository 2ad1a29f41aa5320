"""A sync that is killed between two windows costs a leg at most, and no row comes twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stories.incremental.calendar import Calendar
from tests.support.crashing import Gate, Machine, Moment
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse


@pytest.mark.parametrize("moment", [Moment("request", 7), Moment("job committed", 3)])
def test_windows_that_were_committed_are_not_asked_for_again(
    moment: Moment, server: JsonServer, tmp_path: Path, warehouse: Warehouse
) -> None:
    api = Calendar(server)
    with Gate() as gate:
        gate.leads_to(server.base_url)
        config = api.config("append", step="10d")
        config["client"]["base_url"] = gate.base_url
        config["pipeline"] = {"name": "test", "dataset": "test_data", "leg_bytes": 1}
        (tmp_path / "days.json").write_text(json.dumps(config))
        arguments = ["run", str(tmp_path / "days.json"), "--destination", warehouse.url]
        machine = Machine(tmp_path, arguments, {})
        assert machine.run(gate, moment).was_killed
        again = machine.run(gate)
    assert again.code == 0, again.told
    # Ten windows; the leg that was killed, and the one that was fetched meanwhile, come again.
    assert 10 <= len(server.asked) <= 12
    days = warehouse.query("SELECT id FROM test_data.days ORDER BY 1")
    assert days == [(number,) for number in range(100)]
