"""Ids are unique in their load, and in the order of the rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.rows import RowIds


@given(st.lists(st.integers(0, 30)))
def test_ids_are_unique_and_in_the_order_of_the_rows(counts: list[int]) -> None:
    ids = RowIds("load")
    taken = [identity for count in counts for identity in ids.take(count).column().to_pylist()]

    assert taken == sorted(set(taken))
    assert len(taken) == sum(counts)


def test_rows_taken_apart_keep_their_place() -> None:
    batch = RowIds("load").take(4)

    assert batch.column().to_pylist() == [batch.at(place) for place in range(4)]
    assert batch.column([0, 3]).to_pylist() == [batch.at(0), batch.at(3)]
