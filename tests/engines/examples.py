"""The examples of orchestrators in the docs, each run as it stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from headrace.simulator import Faults, Simulator
from tests.support.documentation import code_blocks

ROWS = 4_000
_BUCKET = "s3://our-bucket/backfills"
# An answer that no client asks for again: a lane fails, once.
_ONE_LANE_FAILS = "html@9"


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

    def check(self) -> None:
        """Sees that all rows were loaded, each once, and that a lane did fail."""
        with duckdb.connect(str(self.folder / "loaded.duckdb"), read_only=True) as connection:
            count = connection.execute("SELECT count(*), count(DISTINCT id) FROM api.executions")
            assert count.fetchall() == [(ROWS, ROWS)]
        faults = [each.fault for each in self.simulator.requests if each.fault]
        assert faults == ["html"]


@contextmanager
def backfill_of(page: str, folder: Path) -> Iterator[Backfill]:
    """The example of a page, with an API that answers badly once.

    Args:
        page: The name of the page in `docs/`.
        folder: Where to put it.
    """
    (example,) = code_blocks(page, "python")
    assert example.count(_BUCKET) == 1
    (folder / "example.py").write_text(example.replace(_BUCKET, str(folder / "backfills")))
    with Simulator(rows=ROWS, faults=Faults.parse(_ONE_LANE_FAILS)) as simulator:
        environment = {
            "API_KEY": simulator.api_key,
            "EXECUTIONS_BASE_URL": simulator.base_url,
            "DESTINATION__DUCKDB__CREDENTIALS": str(folder / "loaded.duckdb"),
            "DLT_DATA_DIR": str(folder / "dlt"),
            "HOME": str(folder),
        }
        yield Backfill(folder, environment, simulator)
