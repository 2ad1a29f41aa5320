"""In which order a listing has its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from operator import ge, le
from typing import Any, Literal

from headrace.core.exceptions import PageError
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.discovery.field_names import is_of_time, words_of
from headrace.sansio.discovery.seen_again import Pages, Row, count_of, shown_rows, without_overlap
from headrace.sansio.tail.keys import KeyKind, kind_of, read_keys

Direction = Literal["asc", "desc"]
# Fewer different values stand in an order by chance: six do so once in 360 times.
_FEWEST = 6
_IN_ORDER: dict[Direction, Callable[[Any, Any], bool]] = {"asc": le, "desc": ge}
_GOES = {"asc": "up", "desc": "down"}
_CREATED, _CHANGED = ("created", "inserted", "added"), ("updated", "modified", "changed")


@dataclass(frozen=True, slots=True)
class OrderFinding:
    """The field by which a listing is ordered.

    Args:
        field: The field.
        direction: Whether its values go up or down from row to row.
        kind: As what its values are in order: whole numbers, times or texts.
        ties: How many rows have the same value as the row before.
        evidence: What speaks for it, as half a line.
        also: Other fields that are in order too.
    """

    field: str
    direction: Direction
    kind: KeyKind
    ties: int
    evidence: str
    also: tuple[str, ...] = ()


def find_order(pages: Pages, key: Sequence[str] | None) -> OrderFinding | None:
    """Finds the field by which a listing is ordered over all of its pages.

    Args:
        pages: The rows of each page, in the order of the listing.
        key: The fields that tell rows apart; None where they are not known.

    Returns:
        The order, that by the key before those by times; None where no order shows.
    """
    kept = without_overlap(pages)
    found = [each for field in _fields(kept, key) if (each := _order_by(kept, field, key))]
    if not found:
        return None
    first = found[0]
    also = tuple(each.field for each in found[1:] if each.direction == first.direction)
    return OrderFinding(first.field, first.direction, first.kind, first.ties, first.evidence, also)


def order_of_page_one(pages: Pages, key: Sequence[str] | None) -> OrderFinding | None:
    """Finds the field by which page one is ordered, where the pages behind it break that order.

    Args:
        pages: The rows of each page, in the order of the listing.
        key: The fields that tell rows apart; None where they are not known.

    Returns:
        The order of page one, with where it breaks as evidence; None where page one has none, or
        the listing has one.
    """
    if len(pages) < 2 or find_order(pages, key) is not None:
        return None
    first = find_order(pages[:1], key)
    if first is None:
        return None
    read = [_read(page, first.field, first.kind) for page in pages[:2]]
    breaks_at = _break(read, first.direction)
    where = f", on page {breaks_at} no longer" if breaks_at else ", not over all pages"
    goes = _GOES[first.direction]
    evidence = f"`{first.field}` goes {goes} over page one{where}"
    return OrderFinding(first.field, first.direction, first.kind, first.ties, evidence, first.also)


def _fields(pages: Pages, key: Sequence[str] | None) -> Iterator[str]:
    """The fields that a listing may be ordered by, the likeliest first."""
    keys = list(key or ())
    if len(keys) == 1:
        yield keys[0]
    names = dict.fromkeys(name for page in pages for row in page for name in row)
    first = next((row for page in pages for row in page), {})
    times = [name for name in names if is_of_time(name) or _is_time(first.get(name))]
    yield from sorted((name for name in times if name not in keys), key=_rank_of_time)


def _rank_of_time(name: str) -> int:
    words = words_of(name)
    if any(word in _CREATED for word in words):
        return 0
    return 1 if any(word in _CHANGED for word in words) else 2


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _kind([value]) is KeyKind.TIME


def _kind(values: Sequence[Any]) -> KeyKind | None:
    try:
        return kind_of(values)
    except PageError:
        return None


def _order_by(pages: Pages, field: str, key: Sequence[str] | None) -> OrderFinding | None:
    values = [row.get(field) for page in pages for row in page]
    kind = _kind(values) if values else None
    if kind is None or any(isinstance(value, bool) for value in values):
        return None
    is_key = field in (key or ())
    # Ids of digits may be listed in the order of texts: `1`, `10`, `2`.
    kinds = [kind, KeyKind.TEXT] if kind is KeyKind.INTEGER and is_key else [kind]
    for each in kinds:
        if each is KeyKind.TEXT and not (is_key and all(isinstance(one, str) for one in values)):
            continue
        found = _in_order(pages, field, each, read_keys(values, each))
        if found is not None:
            return found
    return None


def _in_order(pages: Pages, field: str, kind: KeyKind, read: Sequence[Any]) -> OrderFinding | None:
    if len(set(read)) < _FEWEST:
        return None
    direction: Direction = "asc" if read[0] < read[-1] else "desc"
    in_order = _IN_ORDER[direction]
    if not all(in_order(one, other) for one, other in pairwise(read)):
        return None
    ties = sum(one == other for one, other in pairwise(read))
    told = f"{count_of(ties)} with the same as the one before" if ties else "no two alike"
    as_text = " as text" if kind is KeyKind.TEXT else ""
    evidence = f"`{field}` goes {_GOES[direction]}{as_text}: {shown_rows(pages)}, {told}"
    return OrderFinding(field, direction, kind, ties, evidence)


def _read(rows: Sequence[Row], field: str, kind: KeyKind) -> list[Any] | None:
    values = [row.get(field) for row in rows]
    return read_keys(values, kind) if _kind(values) is kind else None


def _break(pages: Sequence[list[Any] | None], direction: Direction) -> int | None:
    """The number of the page on which an order breaks; None where it is a later one."""
    in_order = _IN_ORDER[direction]
    before: list[Any] = []
    for number, page in enumerate(pages, start=1):
        if page is None or not all(in_order(a, b) for a, b in pairwise([*before[-1:], *page])):
            return number
        before = page
    return None
