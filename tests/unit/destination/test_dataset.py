"""Tables are read with little memory, and what a user has set stays as it was."""

from __future__ import annotations

import duckdb

from headrace.destination.dataset import StoredDataset
from tests.support.tables import Warehouse


def test_a_memory_limit_holds_while_rows_are_read(warehouse: Warehouse) -> None:
    pipeline = warehouse.pipeline()
    pipeline.run([{"id": number} for number in range(100)], table_name="items")
    stored = StoredDataset(pipeline, pipeline.default_schema_name or "")
    asked = "SELECT current_setting('memory_limit')"
    with duckdb.connect(str(warehouse.file)) as mine:
        mine.execute("SET memory_limit = '1GB'")
        mine.execute("SET threads = 2")
        (before,) = mine.execute(asked).fetchall()
        batches = stored.batches("items")
        rows = next(batches).num_rows
        (meanwhile,) = mine.execute(asked).fetchall()
        rows += sum(each.num_rows for each in batches)
        assert mine.execute(asked).fetchall() == [before]
        mine.execute("SET threads = 32")
        next(stored.batches("items"))
        many_threads = mine.execute(asked).fetchall()

    assert rows == 100
    assert meanwhile == ("61.0 MiB",)
    assert many_threads == [before]
