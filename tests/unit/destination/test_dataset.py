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


def test_rows_that_do_not_fit_into_little_memory_are_read_all_the_same(
    warehouse: Warehouse,
) -> None:
    pipeline = warehouse.pipeline()
    pipeline.run([{"id": 0, "text": ""}], table_name="items")
    texts = "repeat('x', CASE WHEN id < 100000 THEN 1 ELSE 60000 END)"
    with duckdb.connect(str(warehouse.file)) as mine:
        mine.execute("SET threads = 2")
        mine.execute(
            f"INSERT INTO {pipeline.dataset_name}.items "
            f"SELECT id, {texts}, '1', id::VARCHAR FROM range(1, 103000) AS t(id)"
        )
        stored = StoredDataset(pipeline, pipeline.default_schema_name or "")
        keys = [key for batch in stored.batches("items") for key in batch.column("id").to_pylist()]

    assert keys == list(range(103_000))
