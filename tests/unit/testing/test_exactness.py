"""A table is compared with the rows that an API has shown, value by value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from headrace.config import ResourceConfig, parse_config
from headrace.testing.exactness import ExpectedTable, type_faults


def resource(**keys: Any) -> ResourceConfig:
    document = {
        "client": {"base_url": "https://api.example.com"},
        "resources": [{"name": "items", "primary_key": "id", **keys}],
    }
    (found,) = parse_config(document).resources
    assert isinstance(found, ResourceConfig)
    return found


def faults(shown: list[Any], stored: list[Any], of: ResourceConfig | None = None) -> list[str]:
    expected = ExpectedTable(of or resource(), shown, [], "__".join)
    return list(expected.faults(stored))


@pytest.mark.parametrize(
    ("shown", "stored"),
    [
        (12, 12),
        ("12", 12),
        (1.5, Decimal("1.50")),
        (2, 2.0),
        (True, True),
        ("true", True),
        ("a", "a"),
        (7, "7"),
        ("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02T11:00:00+02:00", datetime(2026, 3, 2, 9)),
        (1772442000, datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02", date(2026, 3, 2)),
        ([1, {"a": 2}], '[1, {"a":2}]'),
        (None, None),
        ([], None),
    ],
)
def test_the_same_value_in_another_type_is_right(shown: Any, stored: Any) -> None:
    assert faults([{"id": 1, "v": shown}], [{"id": 1, "v": stored}]) == []


@pytest.mark.parametrize(
    ("shown", "stored"),
    [
        (12, 13),
        (12, None),
        (None, 0),
        (True, 1),
        (False, None),
        ("a", "b"),
        ("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T09:00:00.5Z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("no time", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ([1, 2], "[2, 1]"),
        (0.1, Decimal("0.10000001")),
    ],
)
def test_another_value_is_a_fault(shown: Any, stored: Any) -> None:
    (told,) = faults([{"id": 1, "v": shown}], [{"id": 1, "v": stored}])
    assert told.startswith("the row 1 has ")


def test_fields_of_objects_and_variants_are_found() -> None:
    shown = [{"id": 1, "a": {"b": {"c": 5}}, "n": "x", "tags": [1]}]
    assert faults(shown, [{"id": 1, "a__b__c": 5, "n": None, "n__v_text": "x"}]) == []
    (told,) = faults(shown, [{"id": 1, "a__b__c": 6, "n": None, "n__v_text": "x"}])
    assert told == "the row 1 has 6 as `a__b__c`, and the API shows 5"


def test_keys_are_told_apart_as_they_are() -> None:
    assert faults([{"id": "12"}, {"id": "012"}], [{"id": "12"}, {"id": "012"}]) == []
    assert faults([{"id": "12"}], [{"id": 12}]) == []
    assert faults([{"id": 1}], [{"id": 1}, {"id": 1}]) == ["the key 1 is there more than once"]


def test_the_last_version_that_was_shown_counts() -> None:
    shown = [{"id": 1, "v": 1}, {"id": 1, "v": 2}]
    assert faults(shown, [{"id": 1, "v": 2}]) == []
    assert len(faults(shown, [{"id": 1, "v": 1}])) == 1


def test_what_is_left_out_must_not_be_there() -> None:
    of = resource(endpoint={"path": "items", "rows": {"without": ["secret"]}})
    shown = [{"id": 1, "secret": "s"}]
    assert faults(shown, [{"id": 1}], of) == []
    (told,) = faults(shown, [{"id": 1, "secret": None}], of)
    assert told == "the row 1 has `secret`, which is left out"


def test_declared_types_are_looked_at() -> None:
    of = resource(columns={"id": {"data_type": "bigint"}, "at": {"data_type": "timestamp"}})

    def found(**columns: str) -> list[str]:
        hints = {name: {"data_type": kind} for name, kind in columns.items()}
        return list(type_faults(of, hints, lambda name: name))

    assert found(id="bigint", at="timestamp", other="text") == []
    assert found(id="text", at="timestamp") == ["`id` is text, and bigint is declared"]
    assert found(id="bigint") == ["the declared column `at` is not there"]
    (told,) = found(id="bigint", at="timestamp", id__v_text="text")
    assert told == "values that are no bigint went to `id__v_text`: declare another type"
