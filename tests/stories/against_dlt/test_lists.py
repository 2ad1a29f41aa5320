"""Rows with lists: their child tables come out as from dlt's own source, by either road.

The items of lists become rows in Arrow, and dlt's normalizer takes the rows that do not fit. More
of them:

    HEADRACE_EXAMPLES=200 scripts/compare tests/stories/against_dlt/test_lists.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import rest_api_source
from tests.stories.against_dlt.generated_listings import (
    KEYS,
    LISTINGS,
    SCALARS,
    TIMES,
    config_of,
    few_unless_asked,
    loaded_in_turn,
)
from tests.support.nested_tables import linked_rows
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

Values = st.SearchStrategy[Any]

ONE_KIND: list[Values] = [
    st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1),
    st.floats(-9e18, 9e18) | st.integers(-3, 3),
    st.sampled_from(["a", "", "x y", "ü", "12"]),
    TIMES,
    st.booleans(),
    SCALARS,
]


def values_like(kind: Any) -> Values:
    """Values of one kind, most of them: a scalar's, a list of some kind, or an object of fields."""
    if isinstance(kind, list):
        made: Values = st.lists(values_like(kind[0]), max_size=3)
    elif isinstance(kind, dict):
        fields = {name: values_like(inner) for name, inner in kind.items()}
        made = st.fixed_dictionaries({}, optional=fields)
    else:
        made = ONE_KIND[kind]
    return st.none() | made | made | made


KINDS: Values = st.recursive(
    st.integers(0, len(ONE_KIND) - 1),
    lambda inner: inner.map(lambda kind: [kind]) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=4,
)
SHAPES = st.dictionaries(KEYS, KINDS.map(lambda kind: [kind]) | KINDS, min_size=1, max_size=3)


def loads_like(shape: dict[str, Any]) -> Values:
    """Two loads of pages of rows of a shape; in the second one rows come again, otherwise."""
    row = st.fixed_dictionaries({}, optional={name: values_like(k) for name, k in shape.items()})
    pages = st.lists(st.lists(row, max_size=5), min_size=1, max_size=2)
    return st.lists(pages, min_size=1, max_size=2)


CASES = st.lists(SHAPES.flatmap(loads_like), min_size=LISTINGS, max_size=LISTINGS)


@few_unless_asked
@given(CASES, st.sampled_from([None, None, 0, 1, 2, 3]))
def test_generated_lists_come_out_as_from_dlt(
    server: JsonServer,
    monkeypatch: pytest.MonkeyPatch,
    cases: list[list[Any]],
    nesting: int | None,
) -> None:
    config = config_of(server, **({} if nesting is None else {"max_table_nesting": nesting}))
    loads = ([case[min(turn, len(case) - 1)] for case in cases] for turn in range(2))

    def load_ours(warehouse: Warehouse) -> None:
        for name, without in (("ours", ""), ("aside", "lists_in_arrow")):
            monkeypatch.setenv("HEADRACE_WITHOUT", without)
            warehouse.pipeline(name).run(rest_api_source(config))

    for warehouse, load in loaded_in_turn(server, config, loads, load_ours):
        for number, served in enumerate(load):
            theirs = tables_of(warehouse, "theirs", f"items_{number}")
            for name in ("ours", "aside"):
                assert tables_of(warehouse, name, f"items_{number}") == theirs, served


def tables_of(warehouse: Warehouse, name: str, root: str) -> dict[str, Any]:
    """A table and those of its lists: their columns, and the rows by their places."""
    tables = {
        table
        for table in warehouse.tables(f"{name}_data")
        if table == root or table.startswith(f"{root}__")
    }
    if root not in tables:
        return {}
    rows = linked_rows(query_of(warehouse), f"{name}_data", root, tables)
    columns = {table: warehouse.columns(f"{name}_data.{table}") for table in tables}
    return {table: (columns[table], rows[table]) for table in sorted(tables)}


def query_of(warehouse: Warehouse) -> Callable[[str], list[dict[str, Any]]]:
    """What asks a warehouse, and gives rows by the names of their columns."""

    def query(sql: str) -> list[dict[str, Any]]:
        with duckdb.connect(str(warehouse.file)) as connection:
            found = connection.execute(sql)
            names = [name for name, *_ in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    return query
