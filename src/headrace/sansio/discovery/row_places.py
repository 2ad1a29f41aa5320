"""Where the rows of an answer are, and that they are rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.paging.envelope import Keys, path_of, plain_name

_DEEPEST = 4
_COMPARED = 50
_ALIKE = 0.5
# Values by their keys are alike throughout; the parts of one object are not.
_ALIKE_BY_KEY = 0.75
_FEWEST_BY_KEY = 2
_OF_ROWS = 4
# Beyond what the number of rows is worth, a name speaks for one of two places.
_NO_REASON = 1.1
_NAMED = 1.5
_ASIDE = -3
_USUAL = frozenset(
    [
        *("data", "items", "results", "result", "records", "rows", "entries", "entities", "value"),
        *("values", "content", "objects", "list", "elements", "docs", "documents", "hits", "edges"),
        *("nodes", "members", "payload", "collection", "response", "resources", "page"),
    ]
)
_BESIDE = frozenset(
    [
        *("included", "includes", "links", "link", "errors", "error", "warnings", "messages"),
        *("facets", "aggregations", "aggs", "filters", "columns", "fields", "schema", "meta"),
        *("metadata", "sort", "sorts", "permissions", "actions", "buckets", "expand", "lookups"),
        *("lookup", "references", "related", "breadcrumbs", "deprecated", "notices", "suggestions"),
    ]
)


@dataclass(frozen=True, slots=True)
class RowPlace:
    """One place of an answer that may hold its rows.

    Args:
        keys: The keys that lead there, from the outermost on; none where it is the answer.
        count: How many rows are there.
        rows: What `endpoint.rows` has to say of them; None where they are objects.
        why: What speaks for it, as half a line.
        score: How much speaks for it; only worth a comparison.
        name_score: How much of that its name does.
    """

    keys: Keys
    count: int
    rows: Mapping[str, Any] | None
    why: str
    score: float
    name_score: float = 0.0

    @property
    def selector(self) -> str:
        """The `data_selector` that leads there."""
        return path_of(self.keys).quoted if self.keys else "$"


def row_places(document: Any, named: str = "") -> list[RowPlace]:
    """The places of an answer that may hold its rows, the likeliest first.

    Args:
        document: The JSON of the answer.
        named: The last part of the path that was asked for, which is often the name of the list.
    """
    found = [
        place
        for keys, value in _parts(document)
        for place in _places(document, keys, value, named)
        if _leads_to(place.selector, document, value)
    ]
    return sorted(found, key=lambda place: -place.score)


def is_rival(document: Any, best: RowPlace, other: RowPlace) -> bool:
    """Whether another list may as well be the one that is asked for.

    Args:
        document: The JSON of the answer.
        best: The likeliest place.
        other: Another one.
    """
    if best.rows is not None or other.rows is not None or best.score - other.score > _NO_REASON:
        return False
    ours, theirs = (JsonPath(each.selector).first(document) for each in (best, other))
    if not ours or not theirs or all(row in ours for row in theirs[:_COMPARED]):
        return False
    return {name for row in ours for name in row} == {name for row in theirs for name in row}


def is_as_likely(best: RowPlace, other: RowPlace) -> bool:
    """Whether but its length speaks for one of two lists of objects, and no name.

    Args:
        best: The likeliest place.
        other: Another one.
    """
    are_lists = best.rows is None and other.rows is None and bool(best.count and other.count)
    is_aside = other.name_score <= _ASIDE
    return are_lists and not is_aside and best.name_score - other.name_score < _NAMED


def _leads_to(selector: str, document: Any, value: Any) -> bool:
    """Whether a selector leads to a value: JSONPath takes not every key."""
    try:
        return JsonPath(selector).first(document) is value
    except ValueError:
        return False


def _parts(document: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """The lists and objects of a document, not those inside of lists, the outermost first."""
    waiting: list[tuple[Keys, Any]] = [(keys, document)]
    for above, part in waiting:
        yield above, part
        if isinstance(part, Mapping) and len(above) < _DEEPEST:
            waiting.extend(
                ((*above, key), value)
                for key, value in part.items()
                if isinstance(value, list | Mapping)
            )


def _places(document: Any, keys: Keys, value: Any, named: str) -> Iterator[RowPlace]:
    place: RowPlace | None
    if isinstance(value, list):
        place = _below_names(document, keys, value, named) or _of_list(keys, value, named)
    elif isinstance(value, Mapping):
        place = _of_object(keys, value, named)
    else:
        place = None
    if place is not None:
        yield place


def _of_list(keys: Keys, items: Sequence[Any], named: str) -> RowPlace | None:
    score = _score_of_name(keys, named) + min(len(items), _COMPARED) / _COMPARED
    where = f"`{'.'.join(keys)}`" if keys else "the answer"
    if not items:
        return RowPlace(keys, 0, None, f"{where} is an empty list", score - 2)
    some = items[:_COMPARED]
    if all(isinstance(each, Mapping) for each in some):
        share = _likeness(some)
        if share < _ALIKE:
            return RowPlace(
                keys, len(items), None, f"{where} has {len(items):,} objects that differ", score
            )
        why = (
            f"{where} has {len(items):,} objects alike" if items[1:] else f"{where} has one object"
        )
        name_score = _score_of_name(keys, named)
        return RowPlace(keys, len(items), None, why, score + 3 + share, name_score)
    if all(isinstance(each, str | int | float) for each in some):
        why = f"{where} has {len(items):,} plain values"
        return RowPlace(keys, len(items), {"value_as": "value"}, why, score - 1)
    if all(isinstance(each, list) for each in some):
        return _of_lists(keys, items, score, where)
    return None


def _below_names(document: Any, keys: Keys, items: Sequence[Any], named: str) -> RowPlace | None:
    """Rows that are lists of values, with the names of their columns beside them or above."""
    some = items[:_COMPARED]
    if not some or not all(isinstance(each, list) for each in some):
        return None
    length = len(some[0])
    if length == 0 or any(len(each) != length for each in some):
        return None
    for above, part in _parts(document):
        if above == keys or not isinstance(part, list) or len(part) != length:
            continue
        path = path_of(above).quoted
        names = part
        if all(isinstance(each, Mapping) and "name" in each for each in part):
            names = [each["name"] for each in part]
        if all(isinstance(each, str) for each in names) and len(set(names)) == length:
            where = f"`{'.'.join(keys)}`" if keys else "the answer"
            why = f"{where} has {len(items):,} lists, with their names at `{path}`"
            score = _score_of_name(keys, named) + len(some) / _COMPARED + _OF_ROWS
            return RowPlace(keys, len(items), {"names": path}, why, score)
    return None


def _of_lists(keys: Keys, items: Sequence[Any], score: float, where: str) -> RowPlace | None:
    first = items[0]
    are_names = bool(first) and all(isinstance(each, str) for each in first)
    if not are_names or len(set(first)) < len(first) or len(items) == 1:
        return None
    path = f"{path_of(keys).quoted}[0]" if keys else "$[0]"
    why = f"{where} has {len(items) - 1:,} lists below one of names"
    return RowPlace(keys, len(items) - 1, {"names": path}, why, score)


def _of_object(keys: Keys, mapping: Mapping[str, Any], named: str) -> RowPlace | None:
    values = list(mapping.values())
    if len(values) < _FEWEST_BY_KEY or not all(isinstance(each, Mapping) for each in values):
        return None
    some = values[:_COMPARED]
    are_names = any(plain_name(key) in _USUAL | _BESIDE for key in mapping)
    if are_names or _likeness(some) < _ALIKE_BY_KEY:
        return None
    where = f"`{'.'.join(keys)}`" if keys else "the answer"
    why = f"{where} has {len(values):,} objects alike, each by its key"
    inside = {name for each in some for name in each}
    names = ("id", "key", "name", "_key", *(f"key_{number}" for number in range(len(inside) + 1)))
    field = next(name for name in names if name not in inside)
    score = _score_of_name(keys, named) + min(len(values), _COMPARED) / _COMPARED + 1
    return RowPlace(keys, len(values), {"key_as": field}, why, score)


def _score_of_name(keys: Keys, named: str) -> float:
    if not keys:
        return 4.0
    name = plain_name(keys[-1])
    score = 3.0 if name in _USUAL else 0.0
    asked = plain_name(named)
    if asked and name in (asked, asked.removesuffix("s"), f"{asked}s"):
        score += 4
    if any(plain_name(key) in _BESIDE for key in keys):
        score -= 5
    return score - len(keys) / 4


def _likeness(objects: Sequence[Mapping[str, Any]]) -> float:
    """The share of the fields of all objects that an object has, on average."""
    names = {name for each in objects for name in each}
    if not names:
        return 0.0
    return sum(len(each) for each in objects) / (len(objects) * len(names))
