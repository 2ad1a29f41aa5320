"""A mirror of a sample API in which things go wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from headrace import create_views, sync
from headrace.config import load_config
from headrace.config.selection import select_resources
from headrace.dlt_source.source import build_source
from headrace.simulator import Simulator
from tests.support.tables import Warehouse

ROWS = 20_000


def troubled_mirror(folder: Path) -> Warehouse:
    """Loads the executions, the workflows and the runs of nodes of a history with incidents.

    Args:
        folder: for the database and all that dlt keeps.
    """
    store = Warehouse(folder)
    running = Simulator(rows=ROWS, incidents=True, like="2.41")
    with running as simulator, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        known = {"API_KEY": simulator.api_key, "EXECUTIONS_BASE_URL": simulator.base_url}
        # What the executions of the sample API handed on is small.
        larger = "resources.node_runs.endpoint.paginator.limit=250"
        config = load_config("executions", [larger], lookup=known.get)
        pipeline = store.pipeline()
        chosen = ["executions", "workflows", "node_runs"]
        sync(pipeline, build_source(select_resources(config, chosen)))
        create_views(pipeline)
    return store


def page_data(path: Path) -> Any:
    """What a page shows, as it stands in its file."""
    return data_of(path.read_text(encoding="utf-8"))


def data_of(text: str) -> Any:
    """What a page shows."""
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(data)
