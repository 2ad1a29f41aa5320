"""Rows of the side road are judged in the order in which dlt gets them, however they were taken."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from headrace.sansio.rows import Column, Fields, Misfit
from headrace.sansio.rows.column_room import AnyColumns
from headrace.sansio.rows.side_road import SideRoad


class FirstKind(AnyColumns):
    """A table that takes values of the kind of the first."""

    def begin_batch(self) -> None:
        self._kind: type | None = None

    def refusal(self, row: Mapping[str, Any], names: Collection[str]) -> str | None:
        kind = self._kind = self._kind or type(row["v"])
        return None if type(row["v"]) is kind else Misfit(f"`v` should be {kind.__name__}")

    def refusals(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        self.begin_batch()
        return [self.refusal(row, ()) for row in rows]


def test_the_first_row_of_the_batch_decides_not_the_first_that_was_taken() -> None:
    columns = {"v": Column("v", None)}
    fields = Fields(columns, "__".join, lambda name, _: columns[name], lambda path: True)
    road = SideRoad(fields, room=FirstKind())
    rows = [msgspec.Raw(msgspec.json.encode({"v": value})) for value in (1, "x", 2)]
    for taken in ([rows[1]], [rows[0], rows[2]]):
        road.take(taken)

    side_rows, apart = road.set_apart(rows)

    assert [(row.place, row.values) for row in side_rows] == [(0, {"v": 1}), (2, {"v": 2})]
    assert [(each.row, each.reason) for each in road.rejected] == [(rows[1], "`v` should be int")]
    assert apart == {0, 1, 2}
