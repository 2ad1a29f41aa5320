"""Killed at any moment and run again, a sync of several tenants ends with exactly their rows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from signal import SIGKILL

from tests.stories.tenants.accounts import POSTS, SINCE, Accounts
from tests.support.crashing import Gate, Machine, moments
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

CRASHES = int(os.environ.get("HEADRACE_CRASHES", "1"))
SEED = int(os.environ.get("HEADRACE_CRASH_SEED", "1"))


def test_no_crash_loses_or_doubles_a_row_of_any_tenant(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    accounts = Accounts(server, [f"shop{n}" for n in range(6)])
    config = tmp_path / "shop.json"
    with Gate() as gate:
        gate.leads_to(server.base_url)
        document = accounts.document(SINCE, POSTS)
        for tenant in document["tenants"]:
            tenant["set"] = {"client.base_url": f"{gate.base_url}/{tenant['name']}"}
        config.write_text(json.dumps(document))
        machine = Machine(
            tmp_path,
            ["run", str(config), "--destination", warehouse.url, "--dataset", "test_data"],
            {f"{name.upper()}_KEY": f"{name}-key" for name in accounts.names},
        )
        expected = []
        for number, moment in enumerate(moments(CRASHES, requests=20, changes=80, seed=SEED)):
            for name in accounts.names:
                at = f"2026-02-{number + 1:02}"
                accounts.users[name].append({"id": 10 + number, "name": "new", "at": at})
            killed = machine.run(gate, moment)
            assert killed.code in (-SIGKILL, 0), f"{moment}: {killed.told}"
            again = machine.run(gate)
            assert again.code == 0, f"after {moment}: {again.told}"
            expected = sorted(
                (name, row["id"]) for name in accounts.names for row in accounts.users[name]
            )
            found = warehouse.query("SELECT tenant, id FROM test_data.users ORDER BY ALL")
            assert found == expected, f"after {moment}"
            posts = warehouse.query("SELECT tenant, _users_id, n FROM test_data.posts ORDER BY ALL")
            assert posts == [(*user, n) for user in expected for n in (1, 2)], f"after {moment}"
    assert expected
