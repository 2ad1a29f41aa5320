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

from tests.stories.keeping_up.kept_listing import KeptListing

# Runs the command line, and tells behind it what was asked and imported.
PROGRAM = """
import collections, json, sys
from dlt.common.configuration import resolve
asked = collections.Counter()
really = resolve._resolve_configuration

def counting(config, *rest):
    asked[type(config).__name__] += not config.is_resolved()
    return really(config, *rest)

resolve._resolve_configuration = counting
from headrace.cli import main
try:
    main()
finally:
    with open("told.json", "w") as told:
        json.dump({"asked": asked, "modules": sorted(sys.modules)}, told)
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
