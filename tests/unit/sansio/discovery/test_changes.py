"""The field that says when a row has changed has a time in each row, after that of its making."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.sansio.discovery.changes import find_changed

Row = dict[str, Any]


def rows_with(name: str, value: Any, count: int = 40, **fields: Any) -> list[Row]:
    return [
        {"id": number, name: value(number) if callable(value) else value, **fields}
        for number in range(count)
    ]


def at(number: int, day: int = 1) -> str:
    return f"2024-01-{day:02}T10:00:{number:02}Z"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("updated_at", at),
        ("updatedAt", lambda number: f"2024-01-01T10:00:{number:02}"),
        ("LastModifiedDate", at),
        ("last_modified", lambda number: 1_700_000_000_000 + number),
        ("changed_on", "2024-01-01"),
        ("date_updated", at),
        ("last_updated_timestamp", lambda number: 1_700_000_000_000 + number),
        ("date_modified_gmt", lambda number: f"2024-01-01T10:00:{number:02}"),
        ("mtime", lambda number: 1_700_000_000 + number),
        ("SystemModstamp", at),
        ("modified", "Mon, 01 Jan 2024 10:00:00 GMT"),
    ],
)
def test_a_field_that_says_when_a_row_changed(name: str, value: Any) -> None:
    found = find_changed(rows_with(name, value))
    assert found is not None
    assert (found.field, found.evidence) == (name, "a time in each of 40 rows")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("updated_by", "someone"),
        ("price_updated_at", at),
        ("passwordChangedAt", at),
        ("next_update_at", at),
        ("change_id", 1_700_000_000),
        ("update_count", 3),
        ("updated", True),
        ("created_at", at),
        ("updated_at", lambda number: at(number) if number else None),
        ("updated_at", lambda number: at(number) if number else 1_700_000_000),
        ("lastModified", 17),
        ("change", "12"),
        ("a.updated", at),
    ],
)
def test_other_fields_do_not(name: str, value: Any) -> None:
    assert find_changed(rows_with(name, value)) is None


def test_a_field_in_an_object() -> None:
    rows = [{"id": 1, "meta": {"updated": at(1), "by": "x"}}, {"id": 2, "meta": {"updated": at(2)}}]
    found = find_changed(rows)
    assert found is not None
    assert found.field == "meta.updated"
    assert find_changed([*rows, {"id": 3, "meta": None}]) is None
    assert find_changed([]) is None


def test_it_comes_after_the_time_of_making() -> None:
    rows = rows_with("updated_at", lambda number: at(number, 2 if number % 4 else 1))
    for number, row in enumerate(rows):
        row["created_at"] = at(number)
    found = find_changed(rows)
    assert found is not None
    assert found.evidence == "a time in each of 40 rows; in 30 of them after `created_at`"
    for row in rows[:5]:
        row["created_at"] = at(1, 9)
    assert find_changed(rows) is None
