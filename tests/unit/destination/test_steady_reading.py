"""What is read while syncs go on is in no sync's way, also before the first one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import pytest

from headrace import NothingLoaded, SyncError
from headrace.destination.dataset import StoredDataset
from headrace.destination.duckdb_beside import Snapshot
from headrace.destination.steady_reading import query_steadily, read_steadily
from tests.support.kept_databases import connect_anew, held_open
from tests.support.tables import Warehouse


def read_of(warehouse: Warehouse) -> Callable[[dlt.Pipeline], Any]:
    """Reads a dataset, after a sync in another process has just made the file."""

    def read(reading: dlt.Pipeline) -> Any:
        with held_open(warehouse.file):
            return StoredDataset(reading, "items")

    return read


def test_a_file_that_is_made_meanwhile_is_not_opened(warehouse: Warehouse) -> None:
    with pytest.raises(NothingLoaded):
        read_steadily(warehouse.pipeline(), None, read_of(warehouse))
    with pytest.raises(SyncError, match="there is no file"):
        query_steadily(Warehouse(warehouse.file.parent / "gone").pipeline(), None, lambda _: None)


@pytest.mark.parametrize("blocks", [0, 1, 2, 3])
def test_a_file_whose_first_blocks_are_missing_may_be_one_that_is_made(
    blocks: int, tmp_path: Path
) -> None:
    file = tmp_path / "half.duckdb"
    connect_anew(str(file)).close()
    file.write_bytes(file.read_bytes()[: blocks * 4_096])
    assert Snapshot(file).is_being_made is (blocks < 3)


@pytest.mark.parametrize("content", [b"", b"no database"])
def test_a_file_that_is_no_database_is_refused(content: bytes, warehouse: Warehouse) -> None:
    warehouse.file.write_bytes(content)
    with pytest.raises(SyncError, match="cannot be read"):
        query_steadily(warehouse.pipeline(), None, lambda database: database.relations())
