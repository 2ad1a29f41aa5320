"""`headrace.read`: the rows of a config as Arrow, for whatever takes Arrow."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt
import duckdb
import nbformat
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from dlt.common.configuration.utils import get_resolved_traces
from nbclient import NotebookClient

import headrace
from tests.support.canaries import canary
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

AT = "2026-11-23T06:34:39.718Z"
REST = "_headrace_rest"


class Items:
    """A listing in pages.

    Args:
        server: To serve it with.
        pages: How many pages it has.
        page_rows: How many rows each has.
    """

    def __init__(self, server: JsonServer, pages: int = 4, page_rows: int = 50) -> None:
        self.server, self.pages, self.page_rows = server, pages, page_rows
        self.broken_page: int | None = None
        self.broken: dict[str, Any] = {"error": "quota exceeded"}
        server.handler = self._answer

    def row(self, number: int) -> dict[str, Any]:
        """A row by its number."""
        return {
            "id": number,
            "name": f"item {number}",
            "at": AT,
            "share": number / 4,
            "size": {"width": number},
            "tags": ["new", "paid"][: number % 3],
            "lines": [{"sku": f"s{place}", "count": place} for place in range(number % 3)],
        }

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All rows."""
        return [self.row(number) for number in range(self.pages * self.page_rows)]

    def _answer(self, asked: Asked) -> Answer:
        page = int(asked.query.get("page", 0))
        if page == self.broken_page:
            return Answer(self.broken)
        begin = page * self.page_rows
        rows = [self.row(number) for number in range(begin, begin + self.page_rows)]
        following = page + 1 if page + 1 < self.pages else None
        return Answer({"data": rows, "next": following})

    @property
    def config(self) -> dict[str, Any]:
        """The config of it."""
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "page"}
        return {
            "client": {"base_url": self.server.base_url, "paginator": paginator},
            "resources": [
                {"name": "items", "primary_key": "id", "endpoint": {"data_selector": "data"}}
            ],
        }


@pytest.fixture
def items(server: JsonServer) -> Items:
    return Items(server)


def as_read(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it is read."""
    at = datetime.fromisoformat(row["at"])
    rest = {name: value for name, value in row.items() if name != "size"}
    return {**rest, "at": at, "size__width": row["size"]["width"], REST: None}


def test_all_rows_come_as_they_are(items: Items) -> None:
    with headrace.read(items.config) as reader:
        batches = list(reader)

    assert [row for batch in batches for row in batch.to_pylist()] == [
        as_read(row) for row in items.rows
    ]
    assert all(isinstance(batch, pa.RecordBatch) for batch in batches)
    assert reader.figures.of("items").pages == items.pages
    assert reader.figures.of("items").loaded_rows == len(items.rows)
    assert reader.quarantine == []


def test_types_are_those_of_a_load(items: Items, warehouse: Warehouse) -> None:
    items.config["resources"][0]["columns"] = {"later": {"data_type": "date"}}
    warehouse.pipeline().run(headrace.rest_api_source(items.config))
    loaded = warehouse.columns("test_data.items")
    read = headrace.read(items.config).to_reader()
    found = duckdb.from_arrow(read)
    kinds = dict(zip(found.columns, map(str, found.types), strict=True))

    assert {name: kinds[name] for name in loaded if not name.startswith("_dlt")} == {
        name: kind for name, (kind, _) in loaded.items() if not name.startswith("_dlt")
    }
    assert kinds.keys() - loaded.keys() == {"tags", "lines", REST}


def test_duckdb_reads_it(items: Items) -> None:
    reader = headrace.read(items.config).to_reader()
    found = duckdb.from_arrow(reader).aggregate('count(*), sum(id), max("at")').fetchall()

    count = len(items.rows)
    assert found == [(count, count * (count - 1) // 2, datetime.fromisoformat(AT))]


def test_duckdb_finds_it_by_its_name(items: Items) -> None:
    orders = headrace.read(items.config).to_reader()
    assert orders.schema.names[0] == "id"
    with duckdb.connect() as connection:
        found = connection.execute("SELECT count(*), sum(len(lines)) FROM orders").fetchall()

    assert found == [(len(items.rows), sum(len(row["lines"]) for row in items.rows))]


def test_polars_reads_it(items: Items) -> None:
    frame = pl.DataFrame(headrace.read(items.config))
    assert frame.height == len(items.rows)
    frame = pl.from_arrow(headrace.read(items.config).to_reader())  # type: ignore[assignment]
    assert frame["size__width"].sum() == sum(row["size"]["width"] for row in items.rows)
    assert frame["lines"].list.len().sum() == sum(len(row["lines"]) for row in items.rows)


def test_pandas_reads_it(items: Items) -> None:
    frame: pd.DataFrame = headrace.read(items.config).to_reader().read_pandas()

    assert list(frame["id"]) == [row["id"] for row in items.rows]
    assert frame["at"].dt.tz is not None


def test_lists_become_tables(items: Items) -> None:
    with headrace.read(items.config, nested="tables", batch_rows=60) as reader:
        schemas = reader.schemas
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in schemas}
        for name, batch in reader.tables():
            assert batch.schema.equals(schemas[name])
            found[name].extend(batch.to_pylist())

    assert list(found) == ["items", "items__tags", "items__lines"]
    assert [row["_headrace_row"] for row in found["items"]] == list(range(len(items.rows)))
    by_parent: dict[int, list[dict[str, Any]]] = {}
    for line in found["items__lines"]:
        by_parent.setdefault(line["_headrace_parent"], []).append(line)
    for row in found["items"]:
        lines = by_parent.get(row["_headrace_row"], [])
        assert [each["_headrace_index"] for each in lines] == list(range(len(lines)))
        told = [{"sku": each["sku"], "count": each["count"]} for each in lines]
        assert told == items.row(row["id"])["lines"]
    tags = [row["value"] for row in found["items__tags"]]
    assert tags == [tag for row in items.rows for tag in row["tags"]]


def test_several_tables_are_no_one_stream(items: Items) -> None:
    with headrace.read(items.config, nested="tables") as reader:
        for use in _refused(reader):
            with pytest.raises(ValueError, match=r"iterate over `reader.tables\(\)`"):
                use()


def _refused(reader: headrace.Reader) -> Iterator[Callable[[], object]]:
    yield lambda: reader.schema
    yield lambda: next(reader)
    yield reader.to_reader


def test_duckdb_tells_of_an_error(items: Items) -> None:
    items.broken_page = 2
    reader = headrace.read(items.config).to_reader()
    with pytest.raises(duckdb.Error, match="an error in the guise of a success"):
        duckdb.from_arrow(reader).aggregate("count(*)").fetchall()


def test_a_program_ends_though_a_reader_is_not_at_its_end(server: JsonServer) -> None:
    program = (
        "import headrace\n"
        f"reader = headrace.read({Items(server, pages=400).config!r}, batch_rows=50)\n"
        "print(next(reader).num_rows)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert (ran.stdout, ran.stderr) == ("50\n", "")
    assert len(server.asked) <= 2


def stop_by_break(config: dict[str, Any]) -> None:
    for _ in headrace.read(config, batch_rows=50):
        break


def stop_by_close(config: dict[str, Any]) -> None:
    reader = headrace.read(config, batch_rows=50)
    next(reader)
    reader.close()


def stop_by_collection(config: dict[str, Any]) -> None:
    reader = headrace.read(config, batch_rows=50).to_reader()
    reader.read_next_batch()
    del reader
    gc.collect()


def stop_by_error(config: dict[str, Any]) -> None:
    def use() -> None:
        with headrace.read(config, batch_rows=50) as reader:
            raise KeyError(next(reader).num_rows)

    with pytest.raises(KeyError):
        use()


@pytest.mark.parametrize("stop", [stop_by_break, stop_by_close, stop_by_collection, stop_by_error])
def test_no_more_than_one_page_is_asked_for_in_vain(server: JsonServer, stop: Any) -> None:
    items = Items(server, pages=400)
    stop(items.config)

    assert len(server.asked) <= 2
    assert not [each for each in threading.enumerate() if each.name == "headrace"]


def test_many_pages_in_a_batch_and_no_more(server: JsonServer) -> None:
    items = Items(server, pages=400)
    with headrace.read(items.config, batch_rows=50 * 60) as reader:
        assert next(reader).num_rows == 50 * 60
        assert next(reader).num_rows == 50 * 60
        assert len(server.asked) <= 121


def test_a_limit_ends_the_listing(server: JsonServer) -> None:
    items = Items(server, pages=400)
    with headrace.read(items.config, limit_rows=120) as reader:
        assert sum(batch.num_rows for batch in reader) == 120

    assert len(server.asked) == 3
    assert reader.figures.of("items").limited


def test_within_a_running_loop_and_in_threads(items: Items) -> None:
    def count() -> int:
        with headrace.read(items.config) as reader:
            return sum(batch.num_rows for batch in reader)

    async def cell() -> int:
        return count()

    assert asyncio.run(cell()) == len(items.rows)
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda _: count(), range(3))) == [len(items.rows)] * 3


def test_two_beside_each_other(items: Items) -> None:
    with (
        headrace.read(items.config, batch_rows=50) as one,
        headrace.read(items.config, batch_rows=50) as other,
    ):
        pairs = list(zip(one, other, strict=True))

    assert len(pairs) == items.pages
    assert all(first.equals(second) for first, second in pairs)


def test_again_and_again_dlt_keeps_no_more(items: Items) -> None:
    with headrace.read(items.config) as reader:
        before = len(list(reader))
    kept = get_resolved_traces()
    held = len(kept.all_traces), len(kept.resolved_traces)
    with headrace.read(items.config) as reader:
        assert len(list(reader)) == before
    assert (len(kept.all_traces), len(kept.resolved_traces)) == held


def test_a_cell_of_a_notebook_reads_it(items: Items) -> None:
    source = (
        "import asyncio, headrace\n"
        "assert asyncio.get_running_loop().is_running()\n"
        f"reader = headrace.read({items.config!r})\n"
        "print(sum(batch.num_rows for batch in reader))"
    )
    v4: Any = nbformat.v4
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()

    assert notebook.cells[0].outputs[0].text.strip() == str(len(items.rows))


@pytest.mark.parametrize("beside", [{}, {"data": []}], ids=["alone", "beside no rows"])
def test_what_came_before_an_error_is_there(items: Items, beside: dict[str, Any]) -> None:
    items.broken_page = 2
    items.broken |= beside
    got: list[pa.RecordBatch] = []
    with headrace.read(items.config) as reader:
        with pytest.raises(headrace.PageError, match="quota exceeded"):
            got.extend(reader)
        with pytest.raises(headrace.PageError, match="quota exceeded"):
            next(reader)

    assert [batch.num_rows for batch in got] == [100]


def test_a_closed_reader_says_so(items: Items) -> None:
    reader = headrace.read(items.config)
    reader.close()
    with pytest.raises(ValueError, match="this reader was closed"):
        next(reader)


def test_a_refused_key_is_an_error_without_it(server: JsonServer, monkeypatch: Any) -> None:
    secret = canary("header")
    monkeypatch.setenv("SHOP_KEY", secret)
    server.handler = lambda asked: Answer({"message": f"no such key {secret}"}, 401)
    auth = {"type": "api_key", "name": "X-Shop", "api_key": "${SHOP_KEY}"}
    config = {"client": {"base_url": server.base_url, "auth": auth}, "resources": ["items"]}
    reader = headrace.read(config)
    with pytest.raises(headrace.ResponseStatusError) as failed:
        list(reader)

    assert server.asked[0].headers["X-Shop"] == secret
    assert secret not in f"{failed.value!r}{failed.value}{reader!r}{reader.figures!r}"


def test_rows_that_are_none_go_to_quarantine(server: JsonServer, monkeypatch: Any) -> None:
    secret = canary("header")
    monkeypatch.setenv("SHOP_KEY", secret)
    server.answers([{"id": 1}, 5, {"name": secret}, {"id": 2}])
    auth = {"type": "api_key", "name": "X-Shop", "api_key": "${SHOP_KEY}"}
    config = {
        "client": {"base_url": server.base_url, "auth": auth, "paginator": "single_page"},
        "resources": [{"name": "items", "primary_key": "id"}],
    }
    with headrace.read(config) as reader:
        rows = [row for batch in reader for row in batch.to_pylist()]

    assert [row["id"] for row in rows] == [1, 2]
    assert {each.row for each in reader.quarantine} == {"5", '{"name": "***"}'}
    assert "no value for `id`" in " ".join(each.reason for each in reader.quarantine)
    assert reader.figures.of("items").quarantined == 2
    assert secret not in f"{reader!r}{reader.quarantine!r}"


def test_an_empty_listing_has_the_declared_columns(server: JsonServer) -> None:
    server.answers([])
    client = {"base_url": server.base_url, "paginator": "single_page"}
    columns = {"id": {"data_type": "bigint"}}
    reader = headrace.read({"client": client, "resources": [{"name": "items", "columns": columns}]})

    assert reader.schema.names == ["id", REST]
    assert list(reader) == []


def test_functions_change_and_filter_the_rows(items: Items) -> None:
    config = items.config
    config["resources"][0]["processing_steps"] = [
        {"filter": lambda row: row["id"] % 2 == 0},
        {"map": lambda row: {**row, "name": row["name"].upper()}},
    ]
    with headrace.read(config, limit_rows=30) as reader:
        rows = [row for batch in reader for row in batch.to_pylist()]

    assert [row["id"] for row in rows] == list(range(0, 60, 2))
    assert rows[1]["name"] == "ITEM 2"


def test_an_incremental_begins_at_its_initial_value(server: JsonServer) -> None:
    items = Items(server)
    config = items.config
    config["resources"][0]["endpoint"]["incremental"] = {
        "cursor_path": "id",
        "initial_value": 150,
        "start_param": "since",
    }
    with headrace.read(config) as reader:
        found = [row["id"] for batch in reader for row in batch.to_pylist()]

    assert found == list(range(150, 200))
    assert server.asked[0].query["since"] == "150"


def test_windows_of_an_incremental_are_all_read(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        low, high = int(asked.query["from"]), int(asked.query["to"])
        return Answer([{"id": number} for number in range(low, high)])

    server.handler = answer
    cursor = {"cursor_path": "id", "initial_value": 100, "end_value": 150, "step": 10}
    cursor["range_end"] = "open"
    incremental = {**cursor, "start_param": "from", "end_param": "to"}
    endpoint = {"paginator": "single_page", "incremental": incremental}
    client = {"base_url": server.base_url}
    with headrace.read(
        {"client": client, "resources": [{"name": "items", "endpoint": endpoint}]}
    ) as reader:
        found = [row["id"] for batch in reader for row in batch.to_pylist()]

    assert found == list(range(100, 150))
    assert len(server.asked) == 5


def test_rows_in_descending_order_end_at_the_initial_value(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        page = int(asked.query.get("page", 0))
        rows = [{"at": number} for number in range(1000 - page * 10, 990 - page * 10, -1)]
        return Answer({"data": rows, "next": page + 1})

    server.handler = answer
    client = {"base_url": server.base_url}
    incremental = dlt.sources.incremental("at", initial_value=975, row_order="desc")
    endpoint = {
        "data_selector": "data",
        "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "page"},
        "incremental": incremental,
    }
    with headrace.read(
        {"client": client, "resources": [{"name": "items", "endpoint": endpoint}]}
    ) as reader:
        found = [row["at"] for batch in reader for row in batch.to_pylist()]

    assert found == list(range(1000, 974, -1))
    assert len(server.asked) <= 4


def test_a_listing_that_is_kept_up_with_is_read_whole(server: JsonServer) -> None:
    rows = [{"id": number, "status": "running"} for number in range(40, 0, -1)]
    server.handler = lambda asked: Answer({"data": rows, "next": None})
    tail = {"cursor_path": "id", "row_order": "desc", "settled_when": "status == 'success'"}
    config = {
        "client": {"base_url": server.base_url},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {
                    "data_selector": "data",
                    "paginator": {"type": "cursor", "cursor_path": "next"},
                    "incremental": {**tail, "refresh_path": "/items/{id}", "late_rows": "none"},
                },
            }
        ],
    }
    with headrace.read(config) as reader:
        assert [row["id"] for batch in reader for row in batch.to_pylist()] == list(
            range(40, 0, -1)
        )
    assert len(server.asked) == 1


def children(server: JsonServer, users: int) -> dict[str, Any]:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/users":
            return Answer([{"id": number} for number in range(users)])
        user = int(asked.path.split("/")[2])
        return Answer([{"text": f"{user}.{place}"} for place in range(user % 3)])

    server.handler = answer
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            {"name": "users", "selected": False},
            {
                "name": "notes",
                "endpoint": {"path": "/users/{resources.users.id}/notes"},
                "include_from_parent": ["id"],
            },
        ],
    }


def test_a_dependent_resource_is_read_with_its_parent(server: JsonServer) -> None:
    config = children(server, 30)
    with headrace.read(config) as reader:
        found = [(row["_users_id"], row["text"]) for batch in reader for row in batch.to_pylist()]

    assert found == [(user, f"{user}.{place}") for user in range(30) for place in range(user % 3)]
    assert len(server.asked) == 31
    assert reader.figures.of("users").requests == 1


def pages_in_lanes(server: JsonServer, pages: int) -> dict[str, Any]:
    def answer(asked: Asked) -> Answer:
        at = int(asked.query["offset"])
        rows = [{"id": number} for number in range(at, min(at + 10, pages * 10))]
        return Answer({"data": rows, "total": pages * 10})

    server.handler = answer
    paginator = {"type": "offset", "limit": 10, "total_path": "total"}
    endpoint = {"data_selector": "data", "paginator": paginator, "lanes": {"by": "pages"}}
    return {
        "client": {"base_url": server.base_url},
        "resources": [{"name": "items", "primary_key": "id", "endpoint": endpoint}],
    }


def test_pages_in_lanes_come_in_the_order_of_the_listing(server: JsonServer) -> None:
    with headrace.read(pages_in_lanes(server, 100)) as reader:
        found = [row["id"] for batch in reader for row in batch.to_pylist()]

    assert found == list(range(1000))


def test_with_a_limit_pages_come_one_by_one(server: JsonServer) -> None:
    with headrace.read(pages_in_lanes(server, 400), limit_rows=25) as reader:
        assert next(reader).num_rows == 25

    assert len(server.asked) == 3


def test_of_dependent_listings_few_are_asked_for_in_vain(server: JsonServer) -> None:
    config = children(server, 300)
    with headrace.read(config, batch_rows=1) as reader:
        next(reader)
        assert len(server.asked) <= 1 + 2 + 2 * 8


def test_a_parent_made_with_dlt(server: JsonServer) -> None:
    config = children(server, 0)
    config["resources"][0] = dlt.resource([{"id": 4}, {"id": 5}], name="users", selected=False)
    with headrace.read(config) as reader:
        assert [row["text"] for batch in reader for row in batch.to_pylist()] == [
            *("4.0", "5.0", "5.1")
        ]


def test_what_cannot_be_read_is_refused_with_a_way_out(server: JsonServer) -> None:
    client = {"base_url": server.base_url}
    made = dlt.resource([{"id": 4}], name="users")
    with pytest.raises(headrace.ConfigError, match="iterate over it, or load it with a pipeline"):
        headrace.read({"client": client, "resources": [made]}, "users")
    by_row = {"name": "items", "table_name": lambda row: row["kind"]}
    with pytest.raises(headrace.ConfigError, match="give a name and columns in their place"):
        headrace.read({"client": client, "resources": [by_row]})
    with pytest.raises(headrace.ConfigError, match="there is no resource `itmes`"):
        headrace.read({"client": client, "resources": ["items"]}, "itmes")
    with pytest.raises(headrace.ConfigError, match="name the one to read"):
        headrace.read({"client": client, "resources": [{"name": "items", "selected": False}]})
    with pytest.raises(ValueError, match="`nested` is 'rows'"):
        headrace.read({"client": client, "resources": ["items"]}, nested="rows")  # type: ignore[arg-type]


def test_a_file_and_a_connector_are_read_by_their_names(
    items: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("items.json").write_text(json.dumps(items.config))
    with headrace.read("items.json", limit_rows=1) as reader:
        assert next(reader).num_rows == 1
    monkeypatch.setenv("EXECUTIONS_BASE_URL", items.server.base_url)
    monkeypatch.setenv("API_KEY", "any")
    listed = {"id": "7", "finished": True, "mode": "manual", "workflowId": "w", "status": "success"}
    items.server.handler = lambda asked: Answer({"data": [listed], "nextCursor": None})
    with headrace.read("executions") as reader:
        (row,) = next(reader).to_pylist()
    assert row["id"] == 7
    assert "waitTill" not in reader.schema.names
    assert "wait_till" in reader.schema.names


DOCS = Path(__file__).parents[3] / "docs" / "reading.md"


def test_the_example_of_the_docs_runs(items: Items, capsys: pytest.CaptureFixture[str]) -> None:
    Path("headrace.yml").write_text(json.dumps(items.config))
    (example,) = re.findall(r"^```python\n(.*?)^```", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    exec(example, {})

    assert capsys.readouterr().out.startswith(f"{len(items.rows)} ['id', 'name'")


def batches_of(reader: headrace.Reader) -> Iterator[int]:
    return (batch.num_rows for batch in reader)


def test_the_schema_can_be_asked_for_first(items: Items) -> None:
    reader = headrace.read(items.config, batch_rows=50)
    names = reader.schema.names
    assert names == ["id", "name", "at", "share", "tags", "lines", "size__width", REST]
    assert len(items.server.asked) == 1
    assert list(batches_of(reader)) == [50] * items.pages
