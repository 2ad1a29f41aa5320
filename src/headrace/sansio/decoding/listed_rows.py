"""Rows that are lists of values, with the names of their columns beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from headrace.core.exceptions import PageError
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line
from headrace.sansio.decoding.shaped_rows import ShapedRowsSlicer
from headrace.sansio.decoding.slicer import Slicer
from headrace.sansio.rows import RejectedRow, SlicedPage
from headrace.sansio.rows.json_rows import kind_of

_CELLS = msgspec.json.Decoder(list[msgspec.Raw])
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class ListedRows:
    """Where the names and the values of such rows are.

    Args:
        names: The path to the names in a page, or the names.
        values: The path to the values within a row; None where the row is the list of them.
    """

    names: JsonPath | tuple[str, ...]
    values: JsonPath | None = None


class ListedRowsSlicer(ShapedRowsSlicer):
    """Makes objects of rows that are lists.

    Args:
        slicer: Cuts the pages into such rows; it must keep what the path of the names leads to.
        shape: Where the names and the values are.
        clean: Hides secrets in what an error shows of a page.
    """

    def __init__(
        self, slicer: Slicer, shape: ListedRows, clean: Callable[[str], str] = str
    ) -> None:
        super().__init__(slicer)
        self._shape = shape
        self._clean = clean
        self._names = shape.names if isinstance(shape.names, tuple) else None
        # Names that stand in the first row are no row.
        place = None if isinstance(shape.names, tuple) else shape.names.place
        self._may_have_header = self._names is not None or bool(place and place[-1] == 0)
        self._values_of = _whole_row if shape.values is None else _Within(shape.values).values

    def _shaped(self, page: SlicedPage) -> SlicedPage:
        names = self._names_in(page)
        if names is None or not page.rows:
            return page
        rows: list[msgspec.Raw] = []
        misfits: list[RejectedRow] = []
        for row in page.rows:
            try:
                cells = self._values_of(row)
            except _NoListError:
                reason = f"it is {kind_of(row)}, where a list of {len(names):,} values was due"
                misfits.append(RejectedRow(row, reason))
                continue
            if len(cells) == len(names):
                rows.append(msgspec.Raw(_ENCODER.encode(dict(zip(names, cells, strict=True)))))
            else:
                count = "1 value" if len(cells) == 1 else f"{len(cells):,} values"
                reason = f"it has {count}, where there are {len(names):,} names"
                misfits.append(RejectedRow(row, reason))
        if len(misfits) == len(page.rows) and all(_is_other(each) for each in misfits):
            raise PageError(
                "`endpoint.rows` expects rows that are lists, but of this page none is. The first "
                f"one: {misfits[0].reason}. Check `endpoint.data_selector` and `rows`."
            )
        if self._may_have_header and rows and _is_header(rows[0], names):
            del rows[0]
        return replace(page, rows=rows, unreadable=[*page.unreadable, *misfits])

    def _names_in(self, page: SlicedPage) -> tuple[str, ...] | None:
        """The names of a page's columns, or those of an earlier page.

        Raises:
            PageError: There are rows, and no names.
        """
        path = self._shape.names
        if isinstance(path, tuple):
            return path
        found = path.find(page.document)
        if len(found) == 1 and isinstance(found[0], list):
            found = found[0]
        if found:
            self._names = self._checked(path, found)
        elif self._names is None and page.rows:
            raise PageError(
                f"`rows.names` is `{path}`, but the answer has no names of columns there. Write "
                "the path to them, or the names themselves: `names: [id, name]`"
            )
        return self._names

    def _checked(self, path: JsonPath, found: Iterable[Any]) -> tuple[str, ...]:
        names = [each.get("name") if isinstance(each, dict) else each for each in found]
        texts = [name for name in names if isinstance(name, str)]
        if len(texts) == len(names) == len(set(texts)):
            return tuple(texts)
        wrong = [name for name in names if not isinstance(name, str)]
        twice = [name for at, name in enumerate(names) if name in names[:at]]
        shown = one_line(self._clean(str((wrong or twice)[0])), _LONGEST_NAME)
        problem = f"`{shown}`, which is no name" if wrong else f"`{shown}` twice"
        raise PageError(
            f"`rows.names` (`{path}`) should lead to the names of columns, but leads to {problem}. "
            "Write them down: `names: [id, name]`"
        )


class _NoListError(Exception):
    """A row is no list, or has none where it should be."""


def _whole_row(row: msgspec.Raw) -> Sequence[Any]:
    try:
        return _CELLS.decode(row)
    except (msgspec.MsgspecError, RecursionError):
        raise _NoListError from None


class _Within:
    """Finds the values within rows; a path like `f[*].v` is followed without JSONPath's library."""

    def __init__(self, path: JsonPath) -> None:
        self._path = path
        before, star, after = path.text.removeprefix("$.").partition("[*]")
        ways = [JsonPath(before).steps if before else (), ()]
        if after:
            ways[1] = JsonPath(after.removeprefix(".")).steps
        is_plain = bool(star) and None not in ways
        self._ways = (ways[0] or (), ways[1] or ()) if is_plain else None

    def values(self, row: msgspec.Raw) -> Sequence[Any]:
        """The values of a row.

        Raises:
            _NoListError: There are none.
        """
        try:
            document = msgspec.json.decode(row)
        except (msgspec.MsgspecError, RecursionError):
            raise _NoListError from None
        if self._ways is None:
            found = self._path.find(document)
            if not found:
                raise _NoListError
            return found[0] if len(found) == 1 and isinstance(found[0], list) else found
        items = _followed(document, self._ways[0])
        if not isinstance(items, list):
            raise _NoListError
        return [_followed(item, self._ways[1]) for item in items]


def _followed(value: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _is_other(misfit: RejectedRow) -> bool:
    return misfit.reason.startswith("it is ")


def _is_header(row: msgspec.Raw, names: Sequence[str]) -> bool:
    """Whether the values of a row are the names themselves."""
    return bytes(row) == _ENCODER.encode(dict(zip(names, names, strict=True)))
