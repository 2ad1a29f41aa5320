"""The examples of orchestrators in the docs, each run as it stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

import headrace.backfill
from headrace.config import read_document
from headrace.config.connectors import find_connector
from headrace.config.files.texts import text_of_document
from headrace.simulator import Faults, Simulator
from tests.support.documentation import code_blocks

ROWS = 4_000
_BUCKET = "s3://our-bucket/backfills"
_CONFIG = 'CONFIG = "executions"'
# An answer that no client asks for again: a lane fails, once.
_ONE_LANE_FAILS = "html@40"


def executions(page_rows: int) -> dict[str, Any]:
    """The config of the connector for executions, with small pages.

    Args:
        page_rows: How many rows a page has.
    """
    connector = find_connector("executions")
    assert connector is not None
    document = read_document(connector.path)
    for resource in document["resources"]:
        if resource["name"] == "executions":
            resource["endpoint"]["paginator"]["limit"] = page_rows
    return document


@dataclass(frozen=True)
class Backfill:
    """A backfill that an orchestrator is to run.

    Args:
        folder: Where the program is, as `example.py`, and all that comes of it.
        environment: What it needs to know besides.
        simulator: The API.
    """

    folder: Path
    environment: dict[str, str]
    simulator: Simulator

    def check(self) -> int:
        """Sees that all rows were loaded, each once, and that a lane did fail.

        Returns:
            How many lanes there were.
        """
        with duckdb.connect(str(self.folder / "loaded.duckdb"), read_only=True) as connection:
            count = connection.execute("SELECT count(*), count(DISTINCT id) FROM api.executions")
            assert count.fetchall() == [(ROWS, ROWS)]
        faults = [each.fault for each in self.simulator.requests if each.fault]
        assert faults == ["html"]
        (url,) = (self.folder / "backfills").iterdir()
        return headrace.backfill.status(str(url)).plan.lanes


@contextmanager
def backfill_of(page: str, folder: Path, *, page_rows: int = 50) -> Iterator[Backfill]:
    """The example of a page, with an API that answers badly once.

    Args:
        page: The name of the page in `docs/`.
        folder: Where to put it.
        page_rows: How many rows a page of the API has; a lane has eight pages at least.
    """
    (example,) = code_blocks(page, "python")
    here = {_BUCKET: str(folder / "backfills"), _CONFIG: f"CONFIG = '{folder}/executions.yml'"}
    for written, meant in here.items():
        assert example.count(written) == 1
        example = example.replace(written, meant)
    (folder / "example.py").write_text(example)
    with backfill_in(folder, page_rows=page_rows) as backfill:
        yield backfill


@contextmanager
def backfill_in(folder: Path, *, page_rows: int = 50) -> Iterator[Backfill]:
    """A folder with `executions.yml`, with an API that answers badly once.

    Args:
        folder: The folder.
        page_rows: As in `backfill_of`.
    """
    (folder / "executions.yml").write_text(text_of_document(executions(page_rows)))
    faults = Faults.parse(_ONE_LANE_FAILS)
    with Simulator(rows=ROWS, faults=faults) as simulator:
        environment = {
            "API_KEY": simulator.api_key,
            "EXECUTIONS_BASE_URL": simulator.base_url,
            "DESTINATION__DUCKDB__CREDENTIALS": str(folder / "loaded.duckdb"),
            "DLT_DATA_DIR": str(folder / "dlt"),
            "HOME": str(folder),
        }
        yield Backfill(folder, environment, simulator)
