"""What can be asked of a single row: the row itself, and the listings that belong to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.discovery.field_names import words_of
from headrace.sansio.discovery.seen_again import Row, count_of
from headrace.sansio.paging.envelope import Keys, path_of

Kind = Literal["row", "list"]
_DEEPEST = 4
_MOST = 5
_ENDINGS = ("/", ".json")
_LINK = re.compile(r"(?:https?://[^/\s]+)?/[^\s]*")
_TEMPLATE = re.compile(r"\{[^}]*\}")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What is asked for is to change nothing: no link is followed whose name may be that of an action.
_MANY = frozenset(
    ["history", "data", "metadata", "media", "staff", "children", "people", "changelog"]
)
_ACTIONS = frozenset(
    [
        *("access", "address", "progress", "status", "process", "actions", "dismiss", "bypass"),
        *("subscribes", "unsubscribes", "deletes", "cancels", "retries", "stops", "starts"),
    ]
)


@dataclass(frozen=True, slots=True)
class ChildTry:
    """A path that may lead to a single row, or to a listing that belongs to one.

    Args:
        path: The path as the config has it: `orders/{id}` for the row, and
            `orders/{resources.orders.id}/comments` for a listing.
        kind: Whether it is that of the row or that of a listing.
        name: The name of what it leads to.
        field: The field of the row that stands in it.
        evidence: What speaks for it, as half a line.
    """

    path: str
    kind: Kind
    name: str
    field: str
    evidence: str

    def for_row(self, row: Row) -> str:
        """The path for one row.

        Args:
            row: The row.
        """
        value = quote(str(row.get(self.field)), safe="")
        before, _, behind = self.path.partition("{")
        return before + value + behind.partition("}")[2]


def child_tries(
    rows: Sequence[Row], url_path: str, key: Sequence[str] | None, resource: str = ""
) -> list[ChildTry]:
    """The paths that may lead to a single row, and to the listings that belong to it.

    Args:
        rows: The rows of a listing.
        url_path: The path of the listing, or its URL; the paths begin as it does.
        key: The fields that tell rows apart; None where they are not known.
        resource: The name of the listing's resource; the last part of the path where it is empty.
    """
    path = url_path.partition("?")[0]
    ending = next((each for each in _ENDINGS if path.endswith(each)), "")
    above = path.removesuffix(ending).rstrip("/")
    above = above if "://" in above else above.lstrip("/")
    base = _steps(url_path)
    if not rows or not base or "{" in path:
        return []
    named = resource or base[-1]
    fields = list(key or ()) if len(key or ()) == 1 else []
    tries = []
    if fields and _FIELD.fullmatch(fields[0]):
        one = f"{above}/{{{fields[0]}}}{ending}"
        tries.append(ChildTry(one, "row", named, fields[0], "the path of the listing and its key"))
    for (field, below), count in _links(rows, base, fields).items():
        placeholder = f"{{resources.{named}.{field}}}"
        whole = f"{above}/{placeholder}/{'/'.join(below)}{ending}"
        evidence = f"{count_of(count)} {'has' if count == 1 else 'have'} a link to it"
        name = f"{named}_{below[-1]}" if below[-1] == named else below[-1]
        tries.append(ChildTry(whole, "list", name, field, evidence))
    return tries[: _MOST + 1]


def _links(
    rows: Sequence[Row], base: Sequence[str], key: Sequence[str]
) -> dict[tuple[str, tuple[str, ...]], int]:
    """The listings that links of most rows lead to, by the field of the row that is in the link."""
    found: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for row in rows:
        found.update({link: 1 for text in _texts(row) for link in _read(text, row, base)})
    kept: dict[tuple[str, tuple[str, ...]], int] = {}
    seen: set[tuple[str, ...]] = set()
    for (field, below), count in sorted(
        found.items(), key=lambda each: (-each[1], each[0][0] not in key)
    ):
        if count * 2 > len(rows) and below not in seen:
            seen.add(below)
            kept[field, below] = count
    return kept


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST and isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner, depth + 1)


def _read(text: str, row: Row, base: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The field and the steps below it of a link to a listing that belongs to a row."""
    if not _LINK.fullmatch(text):
        return
    steps = _steps(_TEMPLATE.sub("", text))
    places = [
        place
        for place in range(len(steps) - len(base))
        if list(steps[place : place + len(base)]) == list(base)
    ]
    for place in places:
        own, *below = steps[place + len(base) :]
        if below and all(_FIELD.fullmatch(step.replace("-", "_")) for step in below):
            for name, value in row.items():
                is_it = isinstance(value, str | int) and not isinstance(value, bool)
                if is_it and str(value) == own and _FIELD.fullmatch(name) and _is_many(below[-1]):
                    yield name, tuple(below)


def _is_many(step: str) -> bool:
    words = words_of(step)
    if not words or words[-1] in _ACTIONS or words[0] in _ACTIONS:
        return False
    return words[-1] in _MANY or (words[-1].endswith("s") and not words[-1].endswith("ss"))


def _steps(url: str) -> list[str]:
    path = urlsplit(url).path.removesuffix(".json")
    return [unquote(step) for step in path.split("/") if step]


def judge_single(row: Row, document: Any, key: Sequence[str]) -> str | None:
    """Finds where a row stands in the answer for it alone.

    Args:
        row: The row, as it was listed.
        document: The JSON of the answer.
        key: The fields that tell rows apart.

    Returns:
        The selector, as `refresh_selector` has it; None where no part of the answer is that row.
    """
    found = [
        (alike, -len(keys), selector)
        for keys, selector, part in _parts(document)
        if (alike := _alike(row, part, key)) * 2 > len(row)
    ]
    return max(found)[2] if found else None


def _alike(row: Row, part: Mapping[str, Any], key: Sequence[str]) -> int:
    """How many fields of a row a part has too; none where it is another row."""
    if not key or any(
        part.get(field) != row.get(field) or type(part.get(field)) is not type(row.get(field))
        for field in key
    ):
        return 0
    return sum(field in part for field in row)


def _parts(document: Any) -> Iterator[tuple[Keys, str, Mapping[str, Any]]]:
    """The objects of a document, and the only ones of lists, with their selectors."""
    waiting: list[tuple[Keys, Any]] = [((), document)]
    for keys, value in waiting:
        selector = path_of(keys).quoted if keys else "$"
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
            yield keys, f"{selector}[0]", value[0]
        if isinstance(value, Mapping):
            yield keys, selector, value
            if len(keys) < _DEEPEST - 1:
                waiting.extend(((*keys, key), inner) for key, inner in value.items())
