"""Which fields tell the rows of a listing apart.

A wrong key loses rows: a merge keeps one of those that have the same. So a field is taken where its
name and all rows speak for it; one that merely happens to differ from row to row is not. What is
called a code, a name or the id of another thing is taken only where all of the listing was seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.core.value_order import Kind, compare, placed
from headrace.sansio.discovery.field_names import (
    column_like,
    is_above,
    is_counted,
    is_id,
    is_label,
    is_of_time,
    is_own_id,
    is_part_of_key,
    is_version,
    words_of,
)
from headrace.sansio.discovery.seen_again import (
    Pages,
    Row,
    count_of,
    fields_of_one_answer,
    kept_and_changed,
    shown_rows,
    without_repeated,
)
from headrace.sansio.paging.envelope import plain_name

# A label of few rows differs from row to row by chance.
_FEWEST_LABELS = 20
_FEWEST_IN_ORDER = 50
_LONGEST = 255
_LABEL = re.compile(r"[^\s]+")
_DIGEST = re.compile(r"[^\s]{16,}")
# Ids that are made to be the only ones: of digits, or long ones without words.
_ANYWHERE = re.compile(r"[0-9]+|[0-9A-Fa-f-]{16,}|[0-9A-HJKMNP-TV-Z]{26}")
_OF_VERSIONS = frozenset(["versions", "revisions", "history", "changes", "snapshots"])
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|/")
# So many rows would have the same pair of values if the two had nothing to do with each other.
_SURPRISE = 10.0
_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """Which fields tell rows apart, as far as the rows show it.

    Args:
        fields: The fields of the key; None where none is proven.
        evidence: What speaks for it, or why there is none, as half a line.
        ruled_out: The fields that have the name of a key, but are none: each with the reason.
        offered: The fields that may be the key, of which too little was seen.
    """

    fields: tuple[str, ...] | None
    evidence: str
    ruled_out: tuple[tuple[str, str], ...] = ()
    offered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """The rows of a listing, and what they are compared with.

    Args:
        pages: The pages, without rows that had come on an earlier one.
        rows: The rows of all of them.
        repeated: How many rows had come on an earlier page.
        again: The rows of page one and those of the second answer for it; empty without one.
        volatile: The fields of which no value came again, with the number of their values.
        listing: The name of the listing.
        is_whole: Whether these are all of its rows.
    """

    pages: Pages
    rows: Sequence[Row]
    repeated: int
    again: tuple[Sequence[Row], Sequence[Row]]
    volatile: Mapping[str, int]
    listing: str
    is_whole: bool

    @property
    def shown(self) -> str:
        """How much was seen, in words."""
        return shown_rows(self.pages)


def find_key(
    pages: Pages, again: Sequence[Row] | None = None, name: str = "", *, is_whole: bool = False
) -> KeyFinding:
    """Finds the fields that tell the rows of a listing apart.

    Args:
        pages: The rows of each page, in the order of the listing.
        again: The rows of page one, asked for once more; None where that was not done.
        name: The name of the listing: for `orders`, `order_id` is an id of its own.
        is_whole: Whether these are all rows of the listing.
    """
    first = pages[0] if pages else []
    volatile = fields_of_one_answer(first, again or [])
    seen = without_repeated(pages, volatile)
    rows = [row for page in seen.pages for row in page]
    whole = sum(map(len, pages))
    if seen.repeated * 2 >= whole > 0:
        why = f"{seen.repeated:,} of {whole:,} rows had come on an earlier page"
        return KeyFinding(None, why)
    asked = (first, again) if again else ([], [])
    facts = _Seen(seen.pages, rows, seen.repeated, asked, volatile, name, is_whole)
    names = list(dict.fromkeys(field for row in rows for field in row))
    candidates = sorted(
        (field for field in names if _rank(field, name) is not None),
        key=lambda field: _rank(field, name) or 0,
    )
    if len(rows) < 2:
        why = "1 row alone proves no key" if rows else "no rows, so no key shows"
        likely = candidates[:1] if candidates and _rank(candidates[0], name) == 0 else []
        return KeyFinding(None, why, (), tuple(likely))
    return _decided(facts, candidates, names)


def _decided(facts: _Seen, candidates: Sequence[str], names: Sequence[str]) -> KeyFinding:
    ruled_out: list[tuple[str, str]] = []
    doubtful: list[tuple[str, str]] = []
    for field in candidates:
        why_not = _objection(facts, field, names)
        if why_not is not None:
            ruled_out.append((field, why_not))
            continue
        doubt = _doubt(facts, field)
        if doubt is None:
            fields = (*_above(facts, field, names), field)
            return KeyFinding(fields, _told(facts, fields), tuple(ruled_out))
        doubtful.append((field, doubt))
    pair = _pair(facts, names)
    if pair is not None:
        why_not = _doubt_of_pair(facts, pair, names)
        if why_not is None:
            return KeyFinding(pair, _told(facts, pair), (*ruled_out, *doubtful))
        if not doubtful:
            named = " and ".join(f"`{field}`" for field in pair)
            return KeyFinding(None, f"{named} {why_not}", tuple(ruled_out), pair)
    if doubtful:
        field, doubt = doubtful[0]
        return KeyFinding(None, f"`{field}` {doubt}", (*ruled_out, *doubtful[1:]), (field,))
    why = f"{facts.shown}: no field with the name of a key differs in each"
    return KeyFinding(None, why, tuple(ruled_out))


def _rank(field: str, listing: str) -> int | None:
    """Which names are asked first; None for those that are no key."""
    plain = plain_name(field)
    if plain == "id":
        return 0 if field == "id" else 1
    if is_own_id(field, listing):
        return 2
    if is_label(field, listing) and not is_counted(field):
        return 4 if plain == "name" else 3
    return 5 if is_id(field) else None


def _objection(facts: _Seen, field: str, names: Sequence[str]) -> str | None:
    """Why a field cannot be the key; None where it can."""
    values: list[Any] = [row.get(field) for row in facts.rows]
    lacking = sum(value is None or value == "" for value in values)
    if lacking:
        return f"without a value in {lacking:,} of {len(values):,} rows"
    kinds = {type(value) for value in values}
    if kinds - {int, str}:
        return "its values are neither texts nor whole numbers"
    if len(kinds) > 1:
        return (
            f"a number in {count_of(sum(kind is int for kind in map(type, values)))}, else a text"
        )
    if kinds == {str} and max(map(len, values)) > _LONGEST:
        return "its texts are too long for a key"
    others = [each for each in names if each != field and column_like(each) == column_like(field)]
    if others and column_like(field):
        return f"it shares its column with `{others[0]}`"
    different = len(set(values))
    if different < len(values):
        alone = all(len({row[field] for row in page}) == len(page) for page in facts.pages if page)
        ending = ", unique on each page alone" if alone else ""
        return f"{len(values):,} rows with {different:,} different values{ending}"
    return _moves(facts, field)


def _moves(facts: _Seen, field: str) -> str | None:
    """Whether the values of a field belong to an answer, and not to the rows."""
    if field in facts.volatile:
        count = facts.volatile[field]
        return f"none of its {count:,} values came again when page one was asked for again"
    kept, changed = kept_and_changed(field, *facts.again, facts.volatile)
    if changed > kept and changed * 4 >= len(facts.again[0]):
        return f"another value in {count_of(changed)} when page one was asked for again"
    return None


def _doubt(facts: _Seen, field: str) -> str | None:
    """Why a field that differs in each row may do so by chance; None where it does not."""
    values = [row[field] for row in facts.rows]
    rank = _rank(field, facts.listing)
    if rank in (0, 1):
        is_of_versions = not _OF_VERSIONS.isdisjoint(words_of(facts.listing))
        if is_of_versions and not facts.is_whole and any(map(is_version, facts.rows[0])):
            return "differs in each row seen, but may be the same in each version of a thing"
        return None
    if not is_id(field) and _counts_rows(values):
        return "counts the rows as they are listed"
    if isinstance(values[0], str) and any(map(_URL.match, values)):
        return "differs in each row, but is a URL or a path"
    if rank == 2:
        return None
    is_in_order = len(values) >= _FEWEST_LABELS and _is_ordered(values)
    if rank == 5:
        if facts.is_whole and is_in_order and len(values) >= _FEWEST_IN_ORDER:
            return None
        return "differs in each row, but has the name of another thing's id"
    return _doubt_of_label(facts, values, is_in_order=is_in_order)


def _doubt_of_label(facts: _Seen, values: Sequence[Any], *, is_in_order: bool) -> str | None:
    if isinstance(values[0], str):
        if not all(map(_LABEL.fullmatch, values)):
            return "differs in each row, but is a text for people"
        if any(_is_time(value) for value in values):
            return "differs in each row, but is a time"
    if len(values) < _FEWEST_LABELS:
        return f"differs in each of {len(values):,} rows, too few to tell"
    if isinstance(values[0], str) and all(map(_DIGEST.fullmatch, values)):
        return None
    # What happened has a time, and the label of the thing that it happened to.
    if not is_in_order and _has_time(facts.rows):
        return "differs in each row, but rows have a time, so it may name what they are about"
    if not facts.is_whole:
        return "differs in each row seen, but may come again further on"
    return None


def _has_time(rows: Sequence[Row]) -> bool:
    return any(
        is_of_time(name) or _is_time(value)
        for row in rows[:_FEWEST_LABELS]
        for name, value in row.items()
    )


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or value.isdigit():
        return False
    place = placed(value)
    return place is not None and place.kind is Kind.TIME


def _counts_rows(values: Sequence[Any]) -> bool:
    return values[0] in (0, 1) and all(
        isinstance(one, int) and other == one + 1 for one, other in pairwise(values)
    )


def _is_ordered(values: Sequence[Any]) -> bool:
    """Whether the listing is strictly ordered by some values, one way or the other."""
    places = [placed(value) for value in values]
    signs = set()
    for one, other in pairwise(places):
        sign = compare(one, other) if one is not None and other is not None else None
        if not sign:
            return False
        signs.add(sign > 0)
    return len(signs) == 1


def _pair(facts: _Seen, names: Sequence[str]) -> tuple[str, str] | None:
    """Two fields with names of keys that tell the rows apart together, and not by chance."""
    parts = [field for field in names if is_part_of_key(field) and _may_be_part(facts, field)]
    parts = sorted(parts, key=lambda field: not is_id(field))[:_MOST_PARTS]
    most = len(facts.rows) * (len(facts.rows) - 1) / 2
    found = [
        (_equal_pairs(facts, one) * _equal_pairs(facts, other) / most, (one, other))
        for one, other in combinations(parts, 2)
        if len({(row[one], row[other]) for row in facts.rows}) == len(facts.rows)
    ]
    sure = [each for each in found if each[0] >= _SURPRISE]
    return max(sure, key=lambda each: each[0])[1] if sure else None


def _doubt_of_pair(facts: _Seen, pair: Sequence[str], names: Sequence[str]) -> str | None:
    """Why two fields that tell all rows seen apart may not do so further on."""
    if facts.is_whole:
        return None
    parts = [field for field in names if is_part_of_key(field) and field not in pair]
    constant = [field for field in parts if len({repr(row.get(field)) for row in facts.rows}) == 1]
    if constant:
        return f"differ together, but `{constant[0]}` is the same in all rows seen"
    return "differ together, but may do so for each time anew" if _has_time(facts.rows) else None


def _above(facts: _Seen, field: str, names: Sequence[str]) -> list[str]:
    """The id of what a row is below, where its own id may be one for each of those alone."""
    values = [row[field] for row in facts.rows]
    if not isinstance(values[0], str) or all(map(_ANYWHERE.fullmatch, values)):
        return []
    return [name for name in names if is_above(name, field) and _is_filled(facts, name)][:1]


def _is_filled(facts: _Seen, field: str) -> bool:
    values: list[Any] = [row.get(field) for row in facts.rows]
    return {type(value) for value in values} in ({int}, {str}) and "" not in values


def _may_be_part(facts: _Seen, field: str) -> bool:
    values: list[Any] = [row.get(field) for row in facts.rows]
    if not _is_filled(facts, field) or len(set(values)) == len(values):
        return False
    if any(
        isinstance(value, str) and (len(value) > _LONGEST or _URL.match(value)) for value in values
    ):
        return False
    is_place = all(
        _counts_rows([row[field] for row in page]) for page in facts.pages if len(page) > 1
    )
    return not is_place and _moves(facts, field) is None


def _equal_pairs(facts: _Seen, field: str) -> float:
    """How many pairs of rows have the same value."""
    counts = Counter(row[field] for row in facts.rows)
    return sum(count * (count - 1) / 2 for count in counts.values())


def _told(facts: _Seen, fields: Sequence[str]) -> str:
    return "; ".join(_parts_of_evidence(facts, fields))


def _parts_of_evidence(facts: _Seen, fields: Sequence[str]) -> Iterator[str]:
    named = " and ".join(f"`{field}`" for field in fields)
    together = " together" if len(fields) > 1 else ""
    yield f"{facts.shown}, {len(facts.rows):,} different values of {named}{together}, none null"
    if len(fields) == 1 and _rank(fields[0], facts.listing) == 5:
        yield "listed in its order"
    if facts.repeated:
        yield f"{count_of(facts.repeated)} came on two pages"
    kept = [kept_and_changed(field, *facts.again, facts.volatile)[0] for field in fields]
    if facts.again[0] and min(kept) > 0:
        yield "the same when asked again"
