"""Rows that cannot be decoded are told with the field at fault, where that can be told."""

from __future__ import annotations

import msgspec
import pytest

from headrace import RowError
from headrace.sansio.rows.json_rows import decode_row

DEEP = "[" * 10_000 + "]" * 10_000


def fault_of(row: str) -> str:
    with pytest.raises(RowError) as raised:
        decode_row(msgspec.Raw(row.encode()))
    return str(raised.value)


def test_a_number_beyond_any_double_is_named() -> None:
    assert fault_of('{"a": 1, "b": [1e999]}').startswith("`b` is or holds a number beyond")


@pytest.mark.parametrize("row", [f'{{"b": 1e999, "deep": {DEEP}}}', f'{{"deep": {DEEP}}}'])
def test_a_field_that_nests_without_end_hides_it(row: str) -> None:
    assert fault_of(row).startswith("it cannot be read: ")
