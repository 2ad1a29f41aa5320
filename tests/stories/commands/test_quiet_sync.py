"""What a sync costs in which nothing is new: counted, since seconds tell of the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace import rest_api_source, sync
from headrace.core.leaps import Leap
from tests.stories.keeping_up.kept_listing import KeptListing
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse

# Runs the command line, and tells behind it what was asked and imported.
PROGRAM = """
import collections, json, sys
from dlt.common.configuration import resolve
from dlt.common.storages.schema_storage import SchemaStorage
asked = collections.Counter()
really = resolve._resolve_configuration
read = SchemaStorage.load_schema
reads = []

def reading(self, name):
    reads.append(name)
    return read(self, name)

SchemaStorage.load_schema = reading

def counting(config, *rest):
    asked[type(config).__name__] += not config.is_resolved()
    return really(config, *rest)

resolve._resolve_configuration = counting
from headrace.cli import main
try:
    main()
finally:
    with open("told.json", "w") as told:
        json.dump({"asked": asked, "reads": len(reads), "modules": sorted(sys.modules)}, told)
"""


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as running:
        running.put(*({"id": number, "status": "success"} for number in range(1, 301)))
        yield running


def run(config: Path) -> dict[str, Any]:
    """Runs `headrace run` as a process of its own; tells what it asked and imported."""
    folder = config.parent
    subprocess.run(
        [sys.executable, "-c", PROGRAM, "run", str(config)],
        cwd=folder,
        env={**os.environ, "DLT_DATA_DIR": str(folder), "RUNTIME__DLTHUB_TELEMETRY": "false"},
        check=True,
        capture_output=True,
    )
    told: dict[str, Any] = json.loads((folder / "told.json").read_text())
    return told


def test_a_quiet_sync_asks_little_and_imports_no_arrow(api: KeptListing, tmp_path: Path) -> None:
    config = tmp_path / "api.json"
    following = {"settled_when": "status == 'success'", "refresh_path": "/executions/{id}"}
    config.write_text(json.dumps(api.config(**following)))

    first, quiet = run(config), run(config)

    assert "pyarrow" in first["modules"]
    assert "pyarrow" not in quiet["modules"]
    assert quiet["asked"]["DuckDbClientConfiguration"] <= 12, quiet["asked"]
    assert sum(quiet["asked"].values()) <= 200, quiet["asked"]
    assert quiet["reads"] <= 10


def kept_by(api: KeptListing, into: Warehouse | PostgresDatabase, name: str) -> list[Any]:
    """What stands in the destination after a first sync, one with changes, and a quiet one."""
    following = {"settled_when": "status == 'success'", "refresh_path": "/executions/{id}"}
    config = api.config(**following)
    pipeline, dataset = into.pipeline(name), f"{name}_data"
    api.rows.pop(301, None)
    new = {"id": 301, "status": "success", "tags": ["a"], "more": {"b": 1}}
    for rows in ([], [new], []):
        api.put(*rows)
        sync(pipeline, rest_api_source(config))
    columns = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        f"WHERE table_schema = '{dataset}' ORDER BY 1, 2"
    )
    return [
        into.query(columns),
        into.query(f"SELECT id, status, more__b FROM {dataset}.executions ORDER BY id"),
        into.query(f"SELECT value FROM {dataset}.executions__tags"),
        into.query(f"SELECT count(*), count(DISTINCT version_hash) FROM {dataset}._dlt_version"),
        into.query(f"SELECT count(*) FROM {dataset}._dlt_loads"),
    ]


def test_what_is_remembered_changes_nothing(
    api: KeptListing, into: Warehouse | PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = kept_by(api, into, "quick")
    leaps = (Leap.REMEMBERED_SETTINGS, Leap.REMEMBERED_SCHEMAS)
    monkeypatch.setenv("HEADRACE_WITHOUT", ",".join(leaps))
    assert kept_by(api, into, "slow") == quick
