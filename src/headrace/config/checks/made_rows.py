"""Keys beside `rows.each` and `rows.without` that mean what is not in the rows of the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.built.merging import MergedResource
from headrace.config.built.tail import each_of, primary_key_columns
from headrace.config.format.places import Path
from headrace.config.format.wording import listed

_NEEDED = (
    "leaves out `{}`, which `primary_key` or `incremental` need of each row: take it off the list"
)
_WORD = re.compile(r"[^\W\d]\w*")
_MISSING_ROWS = (
    "cannot go with `rows.each`: of a row that is made of a part of another one it cannot be told "
    "whether it is missing, or only that part. Leave one of them out"
)


def made_rows_faults(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    """What is wrong beside rows that are made of parts of the listed ones.

    Args:
        resource: The resource; it may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    each = each_of(resource.endpoint)
    if each is None:
        yield from _left_out_faults(resource)
        return
    if resource.keys.get("missing_rows") is not None:
        yield ("missing_rows",), _MISSING_ROWS
    fields = each.get("fields")
    columns = primary_key_columns(resource.keys)
    if not isinstance(fields, Mapping) or columns is None or _adds_fields(resource.keys):
        return
    of_row = each.get("of_row")
    made: list[Any] = [*(of_row if isinstance(of_row, Mapping) else ()), *fields]
    made += [each[key] for key in ("key_as", "index_as") if each.get(key) is not None]
    unknown = [column for column in columns if column not in made]
    if unknown:
        makes = listed([str(name) for name in made])
        yield ("primary_key",), f"names {listed(unknown)}, but `rows.each` makes {makes}"


def _left_out_faults(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    rows = resource.endpoint.get("rows")
    without = rows.get("without") if isinstance(rows, Mapping) else None
    needed = [*(primary_key_columns(resource.keys) or ()), *_fields_asked(resource.endpoint)]
    for name in without if isinstance(without, (list, tuple)) else ():
        if name in needed:
            yield ("endpoint", "rows", "without"), _NEEDED.format(name)


def _fields_asked(endpoint: Mapping[str, Any]) -> Iterator[Any]:
    """The fields that an incremental looks at; words of its expressions are taken for some."""
    incremental = endpoint.get("incremental")
    if not isinstance(incremental, Mapping):
        return
    touches = incremental.get("touches")
    yield from touches if isinstance(touches, (list, tuple)) else ()
    later = incremental.get("settles_after")
    texts = [incremental.get(key) for key in ("cursor_path", "time_path", "settled_when")]
    texts += [later.get("since"), later.get("when")] if isinstance(later, Mapping) else []
    for text in texts:
        yield from _WORD.findall(text) if isinstance(text, str) else ()


def _adds_fields(keys: Mapping[str, Any]) -> bool:
    return bool(keys.get("processing_steps") or keys.get("include_from_parent"))
