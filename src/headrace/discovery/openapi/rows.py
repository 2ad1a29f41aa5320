"""Where the rows are in an answer, as its schema tells it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.names import words_of
from headrace.discovery.openapi.schemas import Schemas, Shape
from headrace.sansio.paging.envelope import Keys, path_of, plain_name

_DEEPEST = 3
_USUAL = frozenset(
    [
        *("data", "items", "results", "result", "records", "rows", "entries", "entities", "value"),
        *("values", "content", "objects", "list", "elements", "docs", "documents", "hits", "edges"),
        *("nodes", "members", "member", "collection", "resources", "payload", "response"),
    ]
)
_BESIDE = frozenset(
    [
        *("included", "includes", "links", "link", "errors", "error", "warnings", "messages"),
        *(
            "facets",
            "aggregations",
            "filters",
            "meta",
            "metadata",
            "sort",
            "permissions",
            "actions",
            "view",
        ),
    ]
)
_OF_PAGES = frozenset(
    [
        *(
            "meta",
            "metadata",
            "pagination",
            "paging",
            "page",
            "pageinfo",
            "links",
            "total",
            "count",
        ),
        *("totalcount", "totalentries", "totalitems", "totalresults", "hasmore", "hasnext", "next"),
        *("nextpage", "nextlink", "odatanextlink", "nextpagetoken", "nextcursor", "cursor"),
        *("limit", "offset", "perpage", "pagesize", "pages", "totalpages", "previous", "prev"),
        *("self", "kind", "object", "odatacontext", "success", "status", "errors", "error", "code"),
    ]
)


@dataclass(frozen=True, slots=True)
class RowsInAnswer:
    """Where the rows of an answer are.

    Args:
        keys: The keys that lead there, from the outermost on; none where it is the answer.
        row: What a row is.
        around: The answer.
    """

    keys: Keys
    row: Shape
    around: Shape

    @property
    def selector(self) -> str:
        """The `data_selector` that leads there."""
        return quoted_path(self.keys) if self.keys else "$"


@lru_cache(maxsize=1_000)
def quoted_path(keys: Keys) -> str:
    """The path that follows keys; to see how it has to be written takes milliseconds.

    Args:
        keys: The keys, from the outermost on; at least one.
    """
    return path_of(keys).quoted


def own_name(key: str) -> str:
    """A key without what differs from API to API, and without its vocabulary: `hydra:member`.

    Args:
        key: The key as the document has it.
    """
    return plain_name(key.rpartition(":")[2])


def rows_in(answer: object, schemas: Schemas, path: str) -> RowsInAnswer | str | None:
    """Where the rows of an answer are.

    Args:
        answer: The schema of the answer.
        schemas: Puts schemas together.
        path: The path that is asked for.

    Returns:
        The place; why there is none that can be told, as half a line; or None where the answer is
        no listing.
    """
    whole = schemas.shape(answer)
    last = (words_of(path) or [""])[-1]
    is_of_one = path.rstrip("/").endswith("}")
    if whole.is_list:
        row = schemas.shape(whole.items)
        return RowsInAnswer((), row, whole) if _may_be_row(row) else None
    scored = [
        (_score(keys, last), keys, row)
        for keys, row in _lists(whole, schemas)
        if _may_be_row(row) and not any(own_name(key) in _BESIDE for key in keys)
    ]
    if is_of_one or not _is_envelope(whole, last):
        # A row by its own path has lists in it as well.
        scored = [each for each in scored if each[0] >= 3 and not is_of_one]
    scored.sort(key=lambda each: -each[0])
    if not scored:
        return None
    if len(scored) > 1 and scored[0][0] == scored[1][0]:
        names = ", ".join(f"`{'.'.join(keys)}`" for _, keys, _ in scored[:3])
        return f"its answer has several lists, {names}, and none of them is named as a listing's"
    _, keys, row = scored[0]
    return RowsInAnswer(keys, row, whole)


def fields_told(whole: Shape, schemas: Schemas, rows_at: Keys) -> Iterator[tuple[Keys, Shape]]:
    """The fields of an answer beside its rows, the outer ones before the inner ones.

    Args:
        whole: The answer.
        schemas: Puts schemas together.
        rows_at: The keys that lead to the rows.
    """
    waiting: list[tuple[Keys, Shape]] = [((), whole)]
    for above, shape in waiting:
        for name in shape.fields:
            here = (*above, name)
            if here == rows_at:
                continue
            told = schemas.field_of(shape, name)
            yield here, told
            if told.is_object and len(here) < _DEEPEST:
                waiting.append((here, told))


def _lists(whole: Shape, schemas: Schemas) -> Iterator[tuple[Keys, Shape]]:
    waiting: list[tuple[Keys, Shape]] = [((), whole)]
    for above, shape in waiting:
        for name in shape.fields:
            told = schemas.field_of(shape, name)
            here = (*above, name)
            if told.is_list:
                yield here, schemas.shape(told.items)
            elif told.is_object and len(here) < _DEEPEST and _leads_on(name, above):
                waiting.append((here, told))


def _leads_on(name: str, above: Keys) -> bool:
    return own_name(name) in _USUAL or not above


def _may_be_row(row: Shape) -> bool:
    return row.is_object or not row.types


def _score(keys: Keys, last: str) -> float:
    name = own_name(keys[-1])
    score = 3.0 if name in _USUAL else 0.0
    asked = plain_name(last)
    if asked and name.rstrip("s") == asked.rstrip("s"):
        score += 4
    elif asked and (name.endswith(asked) or asked.endswith(name)):
        score += 3
    return score - (len(keys) - 1) / 4


def _is_envelope(whole: Shape, last: str) -> bool:
    """Whether an object has what stands around rows, and nothing of a row."""
    asked = plain_name(last).rstrip("s")
    around = [own_name(name) for name in whole.fields]
    own = [
        name
        for name in around
        if name not in _OF_PAGES | _USUAL | _BESIDE and name.rstrip("s") != asked
    ]
    # One of them is the list, where it has a name of its own.
    return len(own) <= 1
