"""Stores a dataset of several tenants as this version leaves it, for the tests of all later ones.

After a change of what is stored of tenants, with today's code:

    python -m tests.stories.tenants.storing NAME
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from headrace.core.failed_requests import FailedRequest
from tests.stories.tenants.accounts import POSTS, SINCE, Accounts, synced
from tests.support.project import ROOT
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Row, Warehouse

STORED = ROOT / "tests" / "fixtures" / "stored_tenants"
RUNS: dict[str, Any] = {
    "name": "runs",
    "endpoint": {
        "path": "runs",
        "data_selector": "rows",
        "paginator": {"type": "cursor", "cursor_path": "next"},
        "incremental": {
            "cursor_path": "id",
            "row_order": "desc",
            "settled_when": "status == 'done'",
            "refresh_path": "runs/{id}",
        },
    },
}


class StoredAccounts(Accounts):
    """Accounts with runs, which are listed newest first and kept up with.

    Args:
        server: The server.
    """

    def __init__(self, server: JsonServer) -> None:
        super().__init__(server, ["acme", "beta", "gamma"])
        self.runs: dict[str, list[Row]] = {
            name: [{"id": n, "status": "open" if n == 3 else "done"} for n in range(5, 0, -1)]
            for name in self.names
        }

    def answer(self, asked: Asked) -> Answer:
        """What an account answers, its runs among it."""
        _, name, *path = asked.path.split("/")
        is_let_in = asked.headers.get("X-Key") == f"{name}-key" and name not in self.fails
        if path[0] != "runs" or not is_let_in:
            return super().answer(asked)
        if path[1:]:
            return Answer(next(row for row in self.runs[name] if str(row["id"]) == path[1]))
        return Answer({"rows": self.runs[name], "next": None})

    def sync(self, warehouse: Warehouse) -> tuple[FailedRequest, ...]:
        """Syncs all that there is, and gives what failed."""
        config = self.config(self.document(SINCE, POSTS, RUNS))
        return synced(config, warehouse).failed_requests


def store(name: str) -> Path:
    """Syncs twice, the second time with an account that fails; keeps the database as text.

    Args:
        name: The name of the stored dataset.

    Returns:
        The folder with it.
    """
    folder = STORED / name
    with TemporaryDirectory() as scratch, JsonServer() as server:
        os.environ["DLT_DATA_DIR"] = scratch
        os.environ["RUNTIME__REQUEST_MAX_ATTEMPTS"] = "1"
        accounts, warehouse = StoredAccounts(server), Warehouse(Path(scratch))
        accounts.sync(warehouse)
        accounts.fails["beta"] = 403
        accounts.sync(warehouse)
        shutil.rmtree(folder, ignore_errors=True)
        with duckdb.connect(str(warehouse.file)) as connection:
            # By a path that no machine has.
            os.chdir(scratch)
            connection.execute(f"EXPORT DATABASE '{name}'")
        STORED.mkdir(exist_ok=True)
        shutil.move(Path(scratch, name), folder)
        os.chdir(ROOT)
    return folder


if __name__ == "__main__":
    store(sys.argv[1])
