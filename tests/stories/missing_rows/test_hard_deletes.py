"""Rows that the API shows as deleted, before it lists them no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headrace import sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


@dataclass
class PurgingServer:
    """Nine rows, the first six of which are shown as deleted, in pages of three.

    Attributes:
        keys: The rows that it has.
        purges: The keys that go behind an answer, by its offset and how many times it was asked.
        asked: The offsets that it was asked for.
    """

    keys: list[int] = field(default_factory=lambda: [*range(1, 10)])
    purges: dict[tuple[int, int], set[int]] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(offset := int(asked.query["offset"]))
        rows = [{"id": key, "deleted": key < 7} for key in self.keys[offset : offset + 3]]
        gone = self.purges.get((offset, self.asked.count(offset)), set())
        self.keys = [key for key in self.keys if key not in gone]
        return Answer({"data": rows})


def test_a_row_that_moves_past_the_reader_as_deleted_ones_are_purged_is_not_missing(
    server: JsonServer, into: Warehouse | PostgresDatabase
) -> None:
    """The rows that show it are in no table: they were listed as deleted."""
    api = server.handler = PurgingServer()
    config: dict[str, Any] = {
        "client": {"base_url": server.base_url},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "columns": {"deleted": {"data_type": "bool", "hard_delete": True}},
                "missing_rows": {"action": "delete", "most": 1},
                "endpoint": {
                    "data_selector": "data",
                    "paginator": {"type": "offset", "limit": 3, "total_path": None},
                },
            }
        ],
    }
    sync(into.pipeline(), build_source(parse_config(config)))
    api.asked.clear()
    # Row 7 moves over the border behind the second page, and, listed again, behind the first one.
    api.purges = {(3, 1): {1}, (0, 2): {2, 3, 4}}
    sync(into.pipeline(), build_source(parse_config(config)))
    assert into.query("SELECT id FROM test_data.items ORDER BY id") == [(7,), (8,), (9,)]
