"""What a verification holds in memory: little of many rows, and long texts all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace import Figures, VerificationReport, rest_api_source, verify
from headrace.destination.dataset import StoredDataset
from headrace.dlt_source.refusals import Refusals
from headrace.verification.scratch.listing import ScratchListing
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Row, Warehouse

# More than DuckDB may hold in memory here, 144 MB.
ROWS, LENGTH, PAGE = 3_000, 60_000, 100


class LongTexts(JsonServer):
    """Lists rows with a long text each."""

    def __init__(self) -> None:
        super().__init__()
        self.handler = self._page

    def _page(self, asked: Asked) -> Answer:
        first = int(asked.query.get("from", 0))
        rows = [self.row(number) for number in range(first, first + PAGE)]
        following = first + PAGE
        return Answer({"data": rows, "next": following if following < ROWS else None})

    def row(self, number: int) -> Row:
        """A row; no two have the same text."""
        return {"id": number, "text": f"{number} and more ".ljust(LENGTH, "x")}


@pytest.fixture
def long_texts() -> Iterator[LongTexts]:
    with LongTexts() as running:
        yield running


def verified(api: LongTexts, warehouse: Warehouse) -> VerificationReport:
    return verify(warehouse.pipeline(), rest_api_source(config(api)))


def config(api: JsonServer) -> dict[str, object]:
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "from"}
    return {
        "client": {"base_url": api.base_url},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"data_selector": "data", "paginator": paginator},
            }
        ],
    }


def test_rows_with_long_texts(long_texts: LongTexts, warehouse: Warehouse) -> None:
    warehouse.pipeline().run(rest_api_source(config(long_texts)))

    # In one text the last letter alone.
    warehouse.query("UPDATE test_data.items SET text = left(text, -1) || 'y' WHERE id = 7")
    warehouse.query("DELETE FROM test_data.items WHERE id = 8")
    (table,) = verified(long_texts, warehouse).tables
    assert (table.comparison.listed, table.comparison.stored) == (ROWS, ROWS - 1)
    assert list(table.comparison.missing) == [8]
    assert list(table.comparison.differing) == [7]
    assert table.comparison.fields == {"text": 1}
    assert table.comparison.examples[7]["text"][1] == long_texts.row(7)["text"]


def test_many_short_rows_take_little(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"data": [{"id": number, "text": f"row {number}"} for number in range(60_000)]})
    pipeline = warehouse.pipeline()
    pipeline.run(rest_api_source(config(server)))

    asked = "SELECT current_setting('memory_limit'), sum(memory_usage_bytes) FROM duckdb_memory()"
    with ScratchListing(pipeline, StoredDataset(pipeline, "rest_api")) as scratch:
        scratch.list_all(rest_api_source(config(server)), Figures(), Refusals())
        ((limit, used),) = scratch.connection.execute(asked).fetchall()
        sides = scratch.bring_together("items", ("id",))
        ((then, _),) = scratch.connection.execute(asked).fetchall()
        found = scratch.connection.execute(f"SELECT count(*) FROM {sides.stored}").fetchall()

    assert found == [(60_000,)]
    # 144 MB, and a little more for each byte of a row.
    for told in (limit, then):
        number, unit = told.split()
        assert (137 < float(number) < 140, unit) == (True, "MiB")
    # What the load has read and written stays nowhere.
    assert used < 10_000_000
