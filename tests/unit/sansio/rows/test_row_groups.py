"""Batches come out as groups of one size, each row once and in its order."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.rows import RowGroups


def numbered(first: int, count: int) -> pa.Table:
    return pa.table({"id": pa.array(range(first, first + count), pa.int64())})


@given(st.lists(st.integers(0, 25), max_size=12), st.integers(1, 10))
def test_all_groups_but_the_last_are_whole(counts: list[int], size: int) -> None:
    groups = RowGroups(rows=size)
    given_out: list[pa.Table] = []
    first = 0
    for count in counts:
        given_out += groups.add(numbered(first, count))
        first += count
    rest = groups.take_rest()

    assert all(group.num_rows == size for group in given_out)
    tables = [*given_out, *([rest] if rest is not None else [])]
    assert [row for table in tables for row in table["id"].to_pylist()] == list(range(first))
    assert not first or (rest is not None and 0 < rest.num_rows <= size)


def test_large_rows_make_smaller_groups() -> None:
    groups = RowGroups(rows=1_000, most_bytes=1_000)

    assert list(groups.add(numbered(0, 100))) == []
    assert [group.num_rows for group in groups.add(numbered(100, 100))] == [100]
    assert next(groups.add(numbered(200, 50))).num_rows == 100


def test_a_table_with_other_columns_does_not_fit() -> None:
    groups = RowGroups()
    assert groups.fits(numbered(0, 1))
    list(groups.add(numbered(0, 1)))
    assert groups.fits(numbered(1, 1))
    assert not groups.fits(pa.table({"name": ["a"]}))
    groups.take_rest()
    assert groups.fits(pa.table({"name": ["a"]}))
