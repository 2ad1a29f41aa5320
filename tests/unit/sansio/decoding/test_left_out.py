"""Rows without some of their fields: all else stays as it is, and the fields are nowhere."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.decoding import FieldsLeftOut

SECRET = b"hidden-payload"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=6), st.sets(st.text(max_size=4)))
def test_all_other_fields_stay(row: dict[str, object], names: set[str]) -> None:
    kept, unreadable = FieldsLeftOut(names).kept([msgspec.Raw(msgspec.json.encode(row))])
    expected = {name: value for name, value in row.items() if name not in names}
    assert [msgspec.json.decode(each) for each in kept] == [expected]
    assert unreadable == []


@pytest.mark.parametrize(
    "row",
    [
        b'{"id": 1, "pinData": {"a": "hidden-payload"}}',
        b'{"pinData": "hidden-payload", "id": 1, "pinData": ["hidden-payload"]}',
        b'{"id": 1, "p\\u0069nData": "hidden-payload"}',
        b'{"pinData": "hidden-payload"}',
        b'{"id": 1, "pinData": "hidden-payload\xff"}',
        b'{"id": NaN, "pinData": {"a": "hidden-payload"}}',
        b'{"id": 1, "name": {"pinData": "hidden-payload", "pinData": "hidden-payload"',
        b'{"id": 1, "pinData": ["hidden-payload", "id": 2}',
    ],
)
def test_a_field_is_nowhere_in_whatever_row(row: bytes) -> None:
    left_out = FieldsLeftOut(["pinData"])
    kept, unreadable = left_out.kept([msgspec.Raw(row)])
    left = [*kept, *(each.row for each in unreadable)]
    assert len(left) == 1
    assert SECRET not in bytes(left[0])
    assert SECRET not in bytes(left_out.stripped(msgspec.Raw(row), "why").row)
    assert left_out.stripped(msgspec.Raw(row), "why").reason == "why"


def test_nothing_is_kept_of_what_is_no_object() -> None:
    rows = [msgspec.Raw(b'["hidden-payload"]'), msgspec.Raw(b"null"), msgspec.Raw(b'"hidden"')]
    kept, unreadable = FieldsLeftOut(["pinData"]).kept(rows)
    assert kept == [rows[1]]
    assert [bytes(each.row) for each in unreadable] == [b"{}", b"{}"]
    assert "it is a list, no object" in unreadable[0].reason
    line = FieldsLeftOut(["a"]).stripped(msgspec.Raw(b'"1,hidden-payload"'), "why")
    assert (bytes(line.row), line.reason) == (b"{}", "why")
