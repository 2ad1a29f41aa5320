"""A few fields of many rows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.rows.row_facts import RowFactReader, cut_to


def raw(*rows: Any) -> list[msgspec.Raw]:
    return [msgspec.Raw(msgspec.json.encode(row)) for row in rows]


NAMES = st.sampled_from(["id", "status", 'odd " name', "a", "", "bell\x07"])
VALUES = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
PAGES = st.lists(st.lists(st.dictionaries(NAMES, VALUES), max_size=4), max_size=5)


@given(PAGES, st.sets(NAMES))
def test_reads_what_is_there_and_notes_all_fields(
    pages: list[list[dict[str, Any]]], wanted: set[str]
) -> None:
    reader = RowFactReader(wanted)
    for rows in pages:
        facts = reader.read(raw(*rows))
        assert len(facts) == len(rows)
        for name in wanted:
            assert facts.column(name) == [row.get(name) for row in rows]
    assert reader.known == {name for rows in pages for row in rows for name in row}


def test_a_row_read_alone_teaches_no_fields() -> None:
    reader = RowFactReader(["id"], known=["id"])

    assert reader.read(raw({"id": 1, "more": 2}), learn=False).column("id") == [1]
    assert reader.known == {"id"}


def test_fields_that_listings_do_not_have_are_cut_off() -> None:
    (row,) = raw({"id": 1, "storedAt": "x", "nested": {"storedAt": 1}})

    assert msgspec.json.decode(cut_to(row, {"id", "nested"})) == {
        "id": 1,
        "nested": {"storedAt": 1},
    }
    assert cut_to(row, {"id", "nested", "storedAt"}) is row


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        RowFactReader(["id"]).read(raw(1))
