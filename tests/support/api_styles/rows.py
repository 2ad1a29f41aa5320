"""The rows of a listing, of any key and in any order."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.api_styles.style import Style

Row = dict[str, Any]

HIDDEN = "_hidden"
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
_NAMES = (
    *("alder", "birch", "cedar", "dogwood", "elm", "fir", "gum", "hazel", "ironwood", "juniper"),
    *("larch", "maple", "oak", "pine", "rowan", "spruce", "yew"),
)
_AMOUNTS = 41
_TWIN = 10
_TWICE = 30
_NULL = 23
_COMPARED = ("id", "order_id", "line", "name", "amount", "state")


def rows_of(style: Style) -> list[Row]:
    """All rows of a listing in its order, also those that it hides.

    Args:
        style: The listing.
    """
    rows = [_row(style, number) for number in range(style.row_count)]
    if style.order == "descending":
        return rows[::-1]
    if style.order == "by name":
        return sorted(rows, key=lambda row: (row["name"], row["amount"]))
    if style.order == "stable":
        return sorted(rows, key=lambda row: hashlib.md5(repr(row).encode()).digest())
    return rows


def shuffled(rows: Sequence[Row], seed: int) -> list[Row]:
    """The rows in another order.

    Args:
        rows: The rows.
        seed: Which order.
    """
    mixed = list(rows)
    random.Random(seed).shuffle(mixed)
    return mixed


def counted(rows: Iterable[Mapping[str, Any]], *, keyed: bool) -> Counter[tuple[str, ...]]:
    """How often each row is there, by what tells it apart, however it is typed.

    Args:
        rows: The rows.
        keyed: Whether their id stands outside of them, under a name that the reader gives.
    """
    names = [name for name in _COMPARED if not (keyed and name == "id")]
    return Counter(tuple(str(row.get(name)) for name in names) for row in rows)


def _row(style: Style, number: int) -> Row:
    if style.key == "twins" and number % _TWIN == _TWIN - 1:
        number -= 1
    at = _BEGIN + timedelta(minutes=number // 3)
    row: Row = {
        **_key(style, number),
        "name": _NAMES[number % len(_NAMES)],
        "amount": number % _AMOUNTS * 25,
        "state": "open" if number % 3 else "closed",
        "created_at": at.isoformat().replace("+00:00", "Z"),
        "updated_at": (at + timedelta(hours=number % 7)).isoformat().replace("+00:00", "Z"),
        "note": None if number % 5 else f"note {number % 4}",
    }
    if style.nested:
        row["tags"] = ["new", "paid"][: number % 3]
        row["lines"] = [{"sku": f"s{place}", "count": place} for place in range(number % 3)]
    if style.hides and number % 9 == 4:
        row[HIDDEN] = True
    return row


def _key(style: Style, number: int) -> Row:
    identity = 1_000 + number
    match style.key:
        case "int":
            return {"id": identity}
        case "text digits":
            return {"id": str(identity)}
        case "uuid":
            return {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))}
        case "pair":
            return {"order_id": 500 + number // 3, "line": number % 3 + 1}
        case "some twice":
            # Another row, some pages before, has it as well.
            is_again = number % _TWICE == _TWICE - 1 and number >= 2 * _TWICE
            return {"id": identity - 2 * _TWICE + 1 if is_again else identity}
        case "unique on a page":
            return {"id": number % style.default_size + 1}
        case "some null":
            return {"id": None if number % _NULL == _NULL - 1 else identity}
        case _:
            return {}
