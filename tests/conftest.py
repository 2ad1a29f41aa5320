"""What all tests share: a clean dlt, and servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import JsonServer
from tests.tables import Warehouse


@pytest.fixture(autouse=True)
def clean_dlt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test in a folder of its own: no settings, state or telemetry from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "ERROR")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """An empty DuckDB file with pipelines that load into it."""
    return Warehouse(tmp_path)


@pytest.fixture
def server() -> Iterator[JsonServer]:
    """An HTTP server that answers what the test tells it to."""
    with JsonServer() as running:
        yield running
