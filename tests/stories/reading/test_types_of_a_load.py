"""What is read has the types that the same rows have in DuckDB, whatever comes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headrace
from tests.support.kept_databases import release_databases
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "12"))
# One kind of values in each field: where two come, dlt makes a column of its own for the second.
KINDS: tuple[st.SearchStrategy[Any], ...] = (
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda each: not each.is_integer()),
    st.booleans(),
    st.sampled_from(["x", "", "12", "true", "2026-11-23", "06:34:39", "2026-11-23T06:34:39"]),
    st.sampled_from(["2026-11-23T06:34:39Z", "2026-11-23T06:34:39.718+02:00"]),
    st.sampled_from(["x", "2026-11-23T06:34:39Z", "2026-11-23T06:34:39"]),
)
NAMES = ("a", "userId", "Some Name", "b__c", "d")
INNER = st.sampled_from(KINDS)
FIELDS = st.dictionaries(
    st.sampled_from(NAMES),
    INNER.map(lambda kind: kind | st.none())
    | INNER.map(lambda kind: st.fixed_dictionaries({"x": kind | st.none()})),
    min_size=1,
)
DECLARED = st.dictionaries(
    st.sampled_from(["e", "f"]),
    st.sampled_from(["bigint", "text", "date", "time", "timestamp", "double", "bool", "decimal"]),
)


@pytest.fixture
def numbers() -> Iterator[int]:
    return iter(range(10**6))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="HEADRACE_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_types_are_those_of_a_load(
    data: st.DataObject, server: JsonServer, tmp_path: Path, numbers: Iterator[int]
) -> None:
    fields = data.draw(FIELDS)
    rows = data.draw(st.lists(st.fixed_dictionaries(fields), min_size=1, max_size=5))
    declared = {name: {"data_type": kind} for name, kind in data.draw(DECLARED).items()}
    server.answers([{"id": place, **row} for place, row in enumerate(rows)])
    client = {"base_url": server.base_url, "paginator": "single_page"}
    config = {"client": client, "resources": [{"name": "items", "columns": declared}]}
    folder = tmp_path / str(next(numbers))
    folder.mkdir()
    warehouse = Warehouse(folder)
    warehouse.pipeline().run(headrace.rest_api_source(config))
    loaded = {
        name: kind
        for name, (kind, _) in warehouse.columns("test_data.items").items()
        if not name.startswith("_dlt")
    }
    values = warehouse.rows("test_data.items")
    release_databases()

    table = headrace.read(config).to_reader().read_all()
    found = duckdb.from_arrow(table)
    kinds = dict(zip(found.columns, map(str, found.types), strict=True))
    del kinds["_headrace_rest"]
    assert kinds == loaded
    names = list(loaded)
    picked = found.project(", ".join(f'"{name}"' for name in names)).order("id").fetchall()
    assert picked == [tuple(row[name] for name in names) for row in values]


def test_a_number_beyond_any_double_does_not_become_infinite(server: JsonServer) -> None:
    """Where a column holds decimals, fractions are read digit by digit, however large they are."""
    first, later = '{"id": 1, "e": 0.5, "l": [0.5]}', '{"id": 2, "e": 1e400, "l": [-1e400]}'
    server.answers(Answer(raw=f"[{first}, {later}]".encode()))
    columns = {"price": {"data_type": "decimal", "precision": 38, "scale": 9}}
    items = {"name": "items", "columns": columns}
    reader = headrace.read({"client": {"base_url": server.base_url}, "resources": [items]})

    rows = [row for batch in reader for row in batch.to_pylist()]

    assert rows[0]["e"] == 0.5
    assert len(rows) + len(reader.quarantine) == 2
    for row in rows[1:]:
        assert (row["e"], row["l"]) == (None, None)
        assert "E+400" in row["_headrace_rest"]
