"""Rows that came more than once: on two pages, or in the answers to the same request."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import pairwise, takewhile
from operator import contains
from typing import Any

from headrace.core.quick_dataclasses import dataclass

Row = Mapping[str, Any]
Pages = Sequence[Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Unrepeated:
    """The rows of pages, each once.

    Args:
        pages: The pages without the rows that had come on an earlier one.
        repeated: How many rows had come on an earlier page, with the same content.
    """

    pages: Pages
    repeated: int


def count_of(rows: int) -> str:
    """Says a number of rows: `1 row`, `2,500 rows`.

    Args:
        rows: How many rows.
    """
    return f"{rows:,} row{'s' * (rows != 1)}"


def shown_rows(pages: Pages) -> str:
    """Says how many rows were seen: `300 rows over 3 pages`.

    Args:
        pages: The pages.
    """
    rows = count_of(sum(map(len, pages)))
    filled = sum(bool(page) for page in pages)
    return f"{rows} over {filled:,} pages" if filled > 1 else f"{rows} on one page"


def content_of(row: Row, without: Collection[str] = ()) -> str:
    """A text that is the same for rows of the same content.

    Args:
        row: The row.
        without: The fields that do not count.
    """
    kept = {name: value for name, value in row.items() if name not in without}
    return json.dumps(kept, sort_keys=True, default=str)


def without_repeated(pages: Pages, without: Collection[str] = ()) -> Unrepeated:
    """Leaves out the rows that had come on an earlier page.

    Args:
        pages: The pages, in the order of the listing.
        without: The fields that do not count in the comparison.
    """
    seen: set[str] = set()
    kept_pages = []
    repeated = 0
    for page in pages:
        contents = [content_of(row, without) for row in page]
        kept = [row for row, content in zip(page, contents, strict=True) if content not in seen]
        repeated += len(page) - len(kept)
        kept_pages.append(kept)
        seen.update(contents)
    return Unrepeated(kept_pages, repeated)


def without_overlap(pages: Pages) -> Pages:
    """Leaves out the rows at the top of a page that had come on the one before.

    Where new rows come in at the top of a listing, others move on to the next page meanwhile.

    Args:
        pages: The pages, in the order of the listing.
    """
    kept: list[Sequence[Row]] = list(pages[:1])
    for before, page in pairwise(pages):
        seen = {content_of(row) for row in before}
        overlap = sum(1 for _ in takewhile(partial(contains, seen), map(content_of, page)))
        kept.append(page[overlap:] if overlap < len(page) else page)
    return kept


def fields_of_one_answer(first: Sequence[Row], again: Sequence[Row]) -> dict[str, int]:
    """The fields of which no value came again when the same page was asked for again.

    Args:
        first: The rows of the first answer.
        again: The rows of the second one.

    Returns:
        How many different values each of these fields had in the first answer.
    """
    if min(len(first), len(again)) < 2:
        return {}
    names = dict.fromkeys(name for row in first for name in row)
    found = {}
    for name in names:
        before, after = (
            {_text(row[name]) for row in rows if row.get(name) is not None}
            for rows in (first, again)
        )
        if before and after and not before & after:
            found[name] = len(before)
    return found


def kept_and_changed(
    field: str, first: Sequence[Row], again: Sequence[Row], without: Collection[str] = ()
) -> tuple[int, int]:
    """How many rows have the same value, and how many another one, when they are asked for again.

    Args:
        field: The field; rows that differ from others in more than it are the same where all of
            their other fields are.
        first: The rows of the first answer.
        again: The rows of the second one.
        without: The fields that do not count in the comparison.
    """
    before, after = (_values_by_content(field, rows, {*without, field}) for rows in (first, again))
    changed = sum(before[content] != after[content] for content in before.keys() & after.keys())
    whole = {content_of(row, without) for row in again}
    return sum(content_of(row, without) in whole for row in first), changed


def _values_by_content(field: str, rows: Sequence[Row], without: Collection[str]) -> dict[str, str]:
    contents = [content_of(row, without) for row in rows]
    counts = Counter(contents)
    return {
        content: _text(row.get(field))
        for content, row in zip(contents, rows, strict=True)
        if counts[content] == 1
    }


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
