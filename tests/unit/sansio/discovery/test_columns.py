"""Columns are declared where rows need it, and each declared one holds all the rows seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import dlt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.dlt_source.plain_columns import PlainTableColumns
from headrace.sansio.discovery.columns import ColumnFinding, find_columns
from headrace.sansio.discovery.order import find_order
from headrace.sansio.rows.plain_types import REST, PlainTypes

Row = dict[str, Any]
TIMESTAMP = {"data_type": "timestamp"}
NAIVE = {"data_type": "timestamp", "timezone": False}
DECIMAL = {"data_type": "decimal", "precision": 38, "scale": 9}
TEXT = {"data_type": "text"}


def found_for(name: str, values: Sequence[Any], **kept: Any) -> ColumnFinding | None:
    return next(iter(find_columns([{name: value} for value in values], **kept)), None)


@pytest.mark.parametrize(
    ("name", "values", "hints", "evidence"),
    [
        (
            "price",
            ["12.50", "3", None],
            DECIMAL,
            "amounts in all 2 rows with a value, written as texts: decimals keep each digit",
        ),
        (
            "totalAmount",
            [12.5, 3, "4.25"],
            DECIMAL,
            "amounts in all 3 rows, written as numbers and as texts: decimals keep each digit",
        ),
        ("balance", ["0.000000000000000001"], DECIMAL | {"scale": 18}, None),
        ("net_price_usd", [0.1, -2.5e-07], DECIMAL, None),
        ("started", ["2024-01-01T10:00:00", "2024-01-31 10:00:00.5"], NAIVE, None),
        ("day", ["2024-01-01"] * 20, {"data_type": "date"}, "dates alone in all 20 rows"),
        ("stoppedAt", [None] * 3, TIMESTAMP, "always null in 3 rows; of this type by its name"),
        ("deleted_on", [None], TIMESTAMP, "null in the only row; of this type by its name"),
        ("waitTill", [None], TIMESTAMP, None),
        ("due_date", [None], TIMESTAMP, None),
        ("is_open", [None], {"data_type": "bool"}, None),
        ("hasChildren", [None], {"data_type": "bool"}, None),
        ("retryCount", [None], {"data_type": "bigint"}, None),
        ("score", [1, 2.5], {"data_type": "double"}, "whole numbers in 1 row, fractions in 1"),
        ("score", [2**53 + 1, 2.5], DECIMAL, None),
        (
            "hash",
            [1, 2**63, 2**64],
            DECIMAL | {"scale": 0},
            "integers beyond 64 bits in 2 rows",
        ),
        ("hash", [10**30], TEXT, "integers beyond 64 bits in 1 row"),
        ("state", [1, "open"], TEXT, "whole numbers in 1 row and texts in 1 row"),
        ("state", [True, 2], TEXT, "switches in 1 row and whole numbers in 1 row"),
        ("state", [True, 1, "no"], {"data_type": "bool"}, None),
        (
            "validUntil",
            ["2024-01-01T10:00:00Z", "9999-12-31T23:59:59-05:00"],
            TEXT,
            "times outside of the years 1 to 9999 in 1 row",
        ),
        (
            "note",
            ["2024-01-01T10:00:00Z", "soon"],
            TEXT,
            "times in 1 row, other texts in 1",
        ),
    ],
)
def test_what_needs_a_declared_column(
    name: str, values: list[Any], hints: Row, evidence: str | None
) -> None:
    found = found_for(name, values)
    assert found is not None
    assert (found.name, found.hints, found.verdict) == (name, hints, "proven")
    if evidence is not None:
        assert found.evidence == evidence


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("title", ["a", "b"]),
        ("zip", ["01234", "99999"]),
        ("amount", [500, 700]),
        ("amount", ["12.50", "about 3"]),
        ("amount", ["1,250.00"]),
        ("fee", ["007.50"]),
        ("cost", [0.1 + 0.2]),
        ("balance", ["1" * 21]),
        ("ratio", ["0.5"]),
        ("total_count", ["1.5"]),
        ("day", ["2024-02-31"] * 9),
        ("created_at", ["2024-01-01T10:00:00Z", None]),
        ("created_at", ["2024-01-01T10:00:00Z", "2024-01-01"]),
        ("tags", [["a"], None]),
        ("owner", [{"name": "x"}, "y"]),
        ("owner", [{}, None]),
        ("open", [True, None]),
        ("a.b", [None]),
        ("_dlt_id", [None]),
        ("$", [None]),
    ],
)
def test_what_needs_none(name: str, values: list[Any]) -> None:
    assert find_columns([{name: value} for value in values]) == []


@pytest.mark.parametrize("name", ["owner", "depends_on", "note", "is_at", "count", "format"])
def test_what_is_always_null_and_has_no_telling_name_is_unknown(name: str) -> None:
    found = found_for(name, [None, None])
    assert found is not None
    assert (found.verdict, found.hints) == ("unknown", {})
    assert found.evidence == "always null in 2 rows: ask which type it has"


def test_where_times_are_counted_in_microseconds_no_column_of_times_is_declared() -> None:
    rows: list[Row] = [{"createdAt": 1_700_000_000_000_000, "deletedAt": None}] * 3
    (found,) = find_columns(rows)
    assert (found.name, found.verdict) == ("deletedAt", "unknown")
    assert found.evidence == "always null in 3 rows: ask which type it has"


def test_numbers_that_may_be_times_are_offered() -> None:
    for values in ([1_700_000_000], [1_700_000_000_123], [1_700_000_000.5]):
        found = found_for("created", values)
        assert found is not None
        assert (found.verdict, found.hints) == ("offered", TIMESTAMP)
    assert found_for("created", [17]) is None
    assert found_for("size", [1_700_000_000]) is None


@pytest.mark.parametrize(("name", "count"), [("day", 4), ("start", 30)])
def test_dates_that_may_get_a_time_of_day_are_offered(name: str, count: int) -> None:
    found = found_for(name, ["2024-01-01"] * count)
    assert found is not None
    assert (found.verdict, found.hints) == ("offered", {"data_type": "date"})
    assert found.evidence == (f"dates alone in all {count} rows; as long as none has a time of day")


def test_times_of_which_some_have_a_zone_are_for_the_user() -> None:
    found = found_for("at", ["2024-01-01T10:00:00", "2024-01-01T10:00:00Z"])
    assert found is not None
    assert found.verdict == "unknown"
    assert found.evidence == "times without a zone in 1 of 2 rows: ask which it is"


def listed_ids(values: list[str], size: int = 10) -> ColumnFinding | None:
    rows = [{"id": value} for value in values]
    pages = [rows[start : start + size] for start in range(0, len(rows), size)]
    return found_for("id", values, key=["id"], order=find_order(pages, ["id"]))


def test_ids_of_digits_are_numbers_where_they_are_listed_as_such() -> None:
    found = listed_ids([str(number) for number in range(120, 80, -1)])
    assert found is not None
    assert found.hints == {"data_type": "bigint"}
    assert found.evidence == "digits in all 40 rows, and listed in the order of numbers"
    dense = listed_ids([str(number) for number in range(500, 520)])
    assert dense is not None
    assert dense.hints == {"data_type": "bigint"}


@pytest.mark.parametrize(
    "values",
    [
        [str(number) for number in range(100, 900, 73)],
        sorted(str(number) for number in range(120)),
        [f"{number:03}" for number in range(120)],
        [str(number * 10**18) for number in range(1, 15)],
        [str(number * 7 % 50) for number in range(50)],
    ],
)
def test_other_ids_of_digits_stay_texts(values: list[str]) -> None:
    found = listed_ids(values)
    assert found is not None
    assert found.hints == TEXT


def test_ids_that_are_other_texts_need_nothing() -> None:
    assert listed_ids(["a", "b"]) is None
    assert found_for("id", [1, 2], key=["id"]) is None
    beyond = found_for("id", [2**63, 1], key=["id"])
    assert beyond is not None
    assert beyond.hints == TEXT


def test_fields_in_objects_are_named_by_their_path() -> None:
    rows: list[Row] = [{"cart": {"sum": {"netTotal": "5.50"}, "closedAt": None}}, {"cart": None}]
    assert [(each.name, each.hints["data_type"]) for each in find_columns(rows)] == [
        ("cart__sum__netTotal", "decimal"),
        ("cart__closedAt", "timestamp"),
    ]


def test_fields_that_meet_in_a_column_are_left_alone() -> None:
    assert find_columns([{"netPrice": "1.50", "net_price": "x"}]) == []


def misfits(rows: Sequence[Row], columns: Sequence[ColumnFinding]) -> list[Any]:
    """What of the declared columns has no place in them when the rows are typed."""
    declared: Any = {each.name: {"name": each.name, **each.hints} for each in columns}
    resource = dlt.resource(lambda: [], name="items", columns=declared)()
    table_columns = PlainTableColumns(resource)
    taken = PlainTypes(table_columns).take([msgspec.Raw(json.dumps(row).encode()) for row in rows])
    assert taken.rejected == []
    assert taken.table is not None
    loaded = taken.table.to_pylist()
    wrong = []
    for each in columns:
        path = each.name.split("__")
        column = table_columns.name_of(tuple(path))
        for row, typed in zip(rows, loaded, strict=True):
            value: Any = row
            for step in path:
                value = (value or {}).get(step)
            rest = json.loads(typed.get(REST) or "{}")
            if path[0] in rest or not means(typed.get(column), value):
                wrong.append((each, value, typed))
    return wrong


def means(loaded: Any, value: Any) -> bool:
    """Whether a loaded value is the one that came."""
    if value is None or loaded is None:
        return loaded is value
    if isinstance(loaded, bool):
        return loaded is (str(value).lower() in ("true", "t", "yes", "y", "1"))
    if isinstance(loaded, str) and isinstance(value, float):
        return Decimal(loaded) == Decimal(str(value))
    if isinstance(loaded, str):
        return loaded == str(value)
    if isinstance(loaded, Decimal):
        return loaded == Decimal(str(value))
    if isinstance(loaded, datetime):
        return bool(loaded.replace(tzinfo=None) == datetime.fromisoformat(value))
    if isinstance(loaded, date):
        return bool(loaded.isoformat() == value)
    return bool(loaded == type(loaded)(value))


AMOUNTS = st.decimals(-(10**9), 10**9, places=2)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(["", "a", "07", "12", "true", "no", "NaN", "2024-01-01", "10:00"]),
    "times": st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(datetime.isoformat),
    "dates": st.dates().map(date.isoformat),
    "zoned": st.sampled_from(["2024-01-01T10:00:00Z", "9999-12-31T23:59:59-12:00"]),
    "amounts": AMOUNTS.map(str),
    "floats": st.floats(-1e9, 1e9).map(lambda value: round(value, 3)),
    "any floats": st.floats(allow_nan=False, allow_infinity=False),
    "numbers": st.integers(-(2**40), 2**70),
    "small": st.integers(0, 2),
    "switches": st.booleans(),
    "nulls": st.none(),
}
KINDS = st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=2)
COLUMN = KINDS.flatmap(
    lambda kinds: st.lists(
        st.one_of(st.none(), *[VALUES[each] for each in kinds]), min_size=6, max_size=6
    )
)
NAMES = ("id", "price", "total", "state", "score", "startedAt", "is_open", "itemCount")


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, COLUMN)), st.booleans())
def test_all_rows_go_into_the_declared_columns(columns: dict[str, list[Any]], inner: bool) -> None:
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    if inner:
        rows = [{"info": row} for row in rows]
    decoded = msgspec.json.decode(json.dumps(rows))
    found = find_columns(decoded, key=["id"])
    declared = [each for each in found if each.verdict == "proven"]
    assert misfits(decoded, declared) == []


@given(st.integers(0, 10**6), st.integers(1, 10**4), st.booleans())
def test_ids_of_digits_are_loaded_as_declared(start: int, step: int, descends: bool) -> None:
    ids = [str(start + step * number) for number in range(20)]
    rows = [{"id": value} for value in (reversed(ids) if descends else ids)]
    declared = find_columns(rows, key=["id"], order=find_order([rows], ["id"]))
    assert len(declared) == 1
    assert misfits(rows, declared) == []
