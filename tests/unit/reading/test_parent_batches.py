"""Rows of a parent put together: each is asked for, once, and with its like."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.config.built.parents import ParentBatching, ParentConfig, ParentField
from headrace.core.json_path import JsonPath
from headrace.reading.asked_rows import AskedRow, ParentBatch, ParentValues
from headrace.reading.parent_batches import ParentBatches, RowsOfParents

ID, TEAM = "resources.users.id", "resources.users.team"


def parent(size: int) -> ParentConfig:
    fields = (
        ParentField(ID, "users", JsonPath("id")),
        ParentField(TEAM, "users", JsonPath("team")),
    )
    return ParentConfig("users", fields, batching=ParentBatching(size, "id"))


def values(number: Any, team: str = "a", **included: Any) -> ParentValues:
    return ParentValues({ID: number, TEAM: team}, included)


ROW = st.builds(
    values,
    st.integers(0, 9) | st.sampled_from(["1", "x", "é", 1.5]),
    st.sampled_from("ab"),
    name=st.sampled_from("pq"),
)


@given(rows=st.lists(st.tuples(ROW, st.booleans())), size=st.integers(1, 7))
def test_each_row_is_in_a_batch_of_its_like(
    rows: list[tuple[ParentValues, bool]], size: int
) -> None:
    batches = ParentBatches(parent(size))
    made: list[ParentBatch] = []
    for row, has_failed in rows:
        made += batches.add(row, has_failed=has_failed)
    made += batches.rest()

    asked = [each for batch in made for each in batch.rows]
    assert all(row in asked for row, _ in rows)
    assert len(asked) <= len(rows)
    for batch in made:
        assert 1 <= len(batch.rows) <= size
        assert len({row.fields[TEAM] for row in batch.rows}) == 1
        assert len({str(row.fields[ID]) for row in batch.rows}) == len(batch.rows)
    assert not list(batches.rest())


@given(count=st.integers(1, 50), size=st.integers(1, 60))
def test_pieces_hold_all_of_a_batch(count: int, size: int) -> None:
    asked = AskedRow(ParentBatch(tuple(map(values, range(count)))), 3, has_failed=True)

    pieces = asked.pieces(size)

    assert [row for piece in pieces for row in piece.rows] == list(asked.rows)
    assert all(len(piece.rows) <= size and piece.has_failed for piece in pieces)


@pytest.mark.parametrize("named", [1, "1"])
def test_a_value_may_be_named_as_a_text_or_a_number(named: Any) -> None:
    batch = ParentBatch((values("1" if named == 1 else 1, name="p"), values(2, name="q")))
    rows = RowsOfParents(batch, parent(2), JsonPath("user.id"))
    row = msgspec.Raw(msgspec.json.encode({"user": {"id": named}}))

    assert rows.included([row]) == [{"name": "p"}]


@pytest.mark.parametrize("named", [None, 3, "", [1]])
def test_a_row_of_nobody(named: Any) -> None:
    rows = RowsOfParents(ParentBatch((values(1),)), parent(2), JsonPath("user"))

    with pytest.raises(LookupError) as caught:
        rows.included([msgspec.Raw(msgspec.json.encode({"user": named}))])

    assert caught.value.args == (named,)
