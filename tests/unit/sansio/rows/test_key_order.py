"""Keys in strict order are known to be there once."""

from __future__ import annotations

import itertools

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.rows.key_order import KeyOrder


@given(st.lists(st.lists(st.integers(0, 9))))
def test_strict_order_is_seen_over_batches(batches: list[list[int]]) -> None:
    order = KeyOrder("id")
    for batch in batches:
        order.see(pa.table({"id": pa.array(batch, pa.int64())}))

    keys = [key for batch in batches for key in batch]
    pairs = list(itertools.pairwise(keys))
    is_strict = all(a > b for a, b in pairs) or all(a < b for a, b in pairs)
    assert order.is_strict == is_strict


def test_without_a_single_key_nothing_is_known() -> None:
    order = KeyOrder(None)
    order.see(pa.table({"id": [1]}))
    assert not order.is_strict


def test_keys_that_are_not_seen_could_be_any() -> None:
    order = KeyOrder("id")
    order.see(pa.table({"id": [2, 1]}))
    assert order.is_strict
    order.interrupt()
    assert not order.is_strict


def test_null_and_missing_keys_are_in_no_order() -> None:
    for table in (pa.table({"id": [1, None]}), pa.table({"other": [1]})):
        order = KeyOrder("id")
        order.see(table)
        assert not order.is_strict
