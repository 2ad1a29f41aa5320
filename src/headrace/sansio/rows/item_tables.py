"""The rows of child tables that the lists of a batch bring, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from headrace.core.arrow import constant_numbers, pa, pc
from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemRows:
    """The rows of a child table that lists of a batch have brought.

    Args:
        table: The name of the child table.
        parent: The name of the table that the lists are in; None for the rows of the listing.
        columns: The values of the items' fields, with a column for each.
        parents: For each item the place of the row that its list is in, among the rows of `parent`.
        roots: For each item the place of the row of the listing that it belongs to.
        places: The place of each item in its list.
    """

    table: str
    parent: str | None
    columns: pa.Table
    parents: pa.Array
    roots: pa.Array
    places: pa.Array

    def __len__(self) -> int:
        return len(self.roots)


def without(rows: Sequence[ItemRows], kept: pa.ChunkedArray) -> list[ItemRows]:
    """The rows of child tables without those of some rows of the listing.

    Args:
        rows: The rows, those of a list before those of the lists in it.
        kept: Says of each row of the listing whether it stays.
    """
    kept_of: dict[str | None, pa.Array] = {None: as_array(kept)}
    left: list[ItemRows] = []
    for each in rows:
        mask = kept_of[None].take(each.roots)
        kept_of[each.table] = mask
        left.append(
            replace(
                each,
                columns=each.columns.filter(mask),
                parents=_new_places(kept_of[each.parent]).take(each.parents.filter(mask)),
                roots=_new_places(kept_of[None]).take(each.roots.filter(mask)),
                places=each.places.filter(mask),
            )
        )
    return left


def joined(parts: Sequence[tuple[int, Sequence[ItemRows]]]) -> list[ItemRows]:
    """The rows of each child table in one.

    Args:
        parts: How many rows of the listing each part has, and its rows of child tables.
    """
    before: dict[str | None, int] = {None: 0}
    of_table: dict[str, list[ItemRows]] = {}
    for count, rows in parts:
        come: dict[str | None, int] = {None: count}
        for each in rows:
            come[each.table] = len(each)
            moved = replace(
                each,
                parents=_plus(each.parents, before.get(each.parent, 0)),
                roots=_plus(each.roots, before[None]),
            )
            of_table.setdefault(each.table, []).append(moved)
        for table, length in come.items():
            before[table] = before.get(table, 0) + length
    return [_join(each) for each in _parents_first(of_table)]


def _parents_first(of_table: dict[str, list[ItemRows]]) -> Iterator[list[ItemRows]]:
    todo = dict(of_table)
    while todo:
        ready = [name for name, rows in todo.items() if rows[0].parent not in todo]
        for name in ready:
            yield todo.pop(name)


def _join(rows: list[ItemRows]) -> ItemRows:
    if len(rows) == 1:
        return rows[0]
    columns = pa.concat_tables([each.columns for each in rows], promote_options="default")
    return ItemRows(
        rows[0].table,
        rows[0].parent,
        columns if columns.num_columns else without_columns(sum(map(len, rows))),
        pa.concat_arrays([each.parents for each in rows]),
        pa.concat_arrays([each.roots for each in rows]),
        pa.concat_arrays([each.places for each in rows]),
    )


def _new_places(kept: pa.Array) -> pa.Array:
    """The place of each row once those that do not stay are gone."""
    return _plus(pc.cumulative_sum(kept.cast(pa.int64())), -1)


def _plus(numbers: pa.Array, more: int) -> pa.Array:
    return pc.add(numbers, constant_numbers(more, len(numbers)))


def without_columns(row_count: int) -> pa.Table:
    """A table that has rows and no columns."""
    return pa.table({"": pa.nulls(row_count)}).select([])


def as_array(values: pa.ChunkedArray) -> pa.Array:
    """The values in one piece."""
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
