"""Cuts a page into the bytes of its rows and the small rest, without decoding the rows.

msgspec leaves a part of a JSON document undecoded where the type says `Raw`, yet it checks the
JSON. It refuses a whole page for one NaN, one lone surrogate or one row that nests too deeply;
then `tolerant` finds the rows by their brackets, and only those at fault are set apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import field
from decimal import Decimal
from typing import Any

import msgspec
from jsonpath_ng import JSONPath

from headrace.core.exceptions import PageError
from headrace.core.json_path import JsonPath, compiled
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line
from headrace.sansio.rows.charsets import as_utf8
from headrace.sansio.rows.empty_pages import (
    failure_beside_nothing,
    is_error,
    is_nothing_but_error,
    is_page_without_rows,
)
from headrace.sansio.rows.list_detection import find_list
from headrace.sansio.rows.page_faults import beginning, kind_of_fault, what_came_instead
from headrace.sansio.rows.page_shape import PageShape
from headrace.sansio.rows.side_road import RejectedRow
from headrace.sansio.rows.tolerant import find_rows
from headrace.sansio.rows.well_formed import require_utf8

UNREADABLE = "it cannot be read as JSON in UTF-8"
_SHOWN_KEYS = 20
_SHOWN_KEY = 60
# A longer answer than this is hardly an error, and what it holds is nobody's business.
_LONGEST_ERROR = 2_000
_KINDS = {
    b"{": "object",
    b"[": "list",
    b'"': "text",
    b"n": "null",
    b"t": "boolean",
    b"f": "boolean",
}

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ANY = msgspec.json.Decoder(msgspec.Raw)
# Python makes no integer of more than 4,300.
_MOST_DIGITS = 4_000
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class SlicedPage:
    """A page taken apart.

    Args:
        rows: The bytes of each row, still JSON.
        rest: The page's JSON without the rows.
        document: The same as `rest`, or the whole page's JSON where a path leads into the rows.
        unreadable: The rows that cannot be read, each with the reason.
        items: How many items the page has, where its rows are picked or taken out of these; None
            where its rows are its items.
        size: The size of the rows in bytes, where they are no part of the answer but were made of
            it; else 0.
    """

    rows: list[msgspec.Raw]
    rest: Any
    document: Any
    unreadable: list[RejectedRow] = field(default_factory=list)
    items: int | None = None
    size: int = 0


class _MissingRowsError(Exception):
    """An answer has nothing where the selector leads."""


class PageSlicer:
    """Finds the rows of a listing's pages, which are JSON.

    Args:
        selector: The JSONPath to the rows (`data_selector`). With None the list of rows is looked
            for in the first page, as dlt does, and taken from the same place in later pages.
        paths: Gives the paths that will be looked up in the next `SlicedPage.document`.
        clean: Hides secrets in what an error shows of a page.
    """

    guess: str | None = None

    def __init__(
        self,
        selector: str | JSONPath | JsonPath | None,
        paths: Callable[[], tuple[JsonPath, ...]] = tuple,
        clean: Callable[[str], str] = str,
    ) -> None:
        self._selector = None if selector is None else compiled(selector)
        self._steps = self._selector.steps if self._selector else None
        self._spread = self._selector is not None and self._selector.spread
        self._may_be_name = bool(self._steps and self._selector and self._selector.name)
        self._shape = PageShape(self._steps) if self._steps else None
        self._paths = paths
        self._clean = clean
        self._keys_around: frozenset[str] | None = None
        self._was_list = False

    @property
    def rows_at(self) -> tuple[str, ...]:
        """The keys that lead to the rows, from the outermost on, as far as they are known."""
        return self._steps or ()

    def slice(self, body: bytes, content_type: str = "application/json") -> SlicedPage:
        """Cuts one page.

        Args:
            body: The body of the answer, decompressed.
            content_type: The value of its `Content-Type` header, which may name a charset.

        Raises:
            IncompletePage: The body ends in the middle of the JSON.
            PageError: The body is not JSON, or the selector leads nowhere in it.
        """
        page = as_utf8(body, content_type)
        try:
            require_utf8(page)
            return self._cut(page)
        except (RecursionError, msgspec.MsgspecError, ValueError) as error:
            refusal = self._refusal(page, error)
        # The fault may lie in a few rows, and then the others can still be read.
        found = find_rows(page, self._steps) if self._steps is not None else None
        if found is None or not found.rows:
            raise refusal
        try:
            around = self._cut(found.rest)
        except (RecursionError, msgspec.MsgspecError, ValueError):
            raise refusal from None
        rows = [msgspec.Raw(row) for row in found.rows]
        readable = [row for row in rows if _is_readable(row)]
        unreadable = [RejectedRow(row, UNREADABLE) for row in rows if not _is_readable(row)]
        return SlicedPage(readable, around.rest, around.document, unreadable)

    def _refusal(self, page: bytes, error: Exception) -> PageError:
        if isinstance(error, RecursionError):
            return PageError("the answer nests lists or objects too deeply to be read")
        if isinstance(error, UnicodeDecodeError):
            return kind_of_fault(error.reason)(
                f"the answer is not valid utf-8: {error.reason} at byte {error.start:,} of "
                f"{len(page):,}"
            )
        return kind_of_fault(str(error))(what_came_instead(page, error, self._clean))

    def _cut(self, page: bytes) -> SlicedPage:
        known = self._shape.cut(page) if self._shape else None
        if known is not None and not (self._spread and len(known[0]) == 1):
            return self._sliced(page, *known)
        if self._selector is None and self._steps is None:
            document = _decode(page)
            if document == {}:
                return SlicedPage([], document, document)
            self._refuse_error(document, page)
            self._steps = find_list(document)
            self._shape = PageShape(self._steps) if self._steps else None
        if self._may_be_name:
            self._look_for_name(page)
        if self._steps is None:
            return self._search(page)
        if self._steps == ():
            self._expect_list(page)
        # Decoding a whole page as Raw checks its JSON. Where it is an object or a list that is
        # decoded below, that is checked there.
        is_checked_below = page[:1] == (b"{" if self._steps else b"[")
        whole = msgspec.Raw(page) if is_checked_below else _ANY.decode(page)
        try:
            found, rest = self._descend(whole, self._steps)
        except _MissingRowsError as missing:
            return self._without_rows(_decode(page), str(missing))
        self._keys_around = frozenset(rest if isinstance(rest, dict) else ())
        if _kind(found) == "null" and is_error(rest):
            raise PageError(self._in_guise("where its rows should be there is null", page))
        rows = _items(found) if self._spread else _rows_of(found)
        if self._spread and len(rows) == 1:
            rows = _rows_of(rows[0])
        if self._shape is not None:
            self._shape.learn(rest)
        return self._sliced(page, rows, rest)

    def _expect_list(self, page: bytes) -> None:
        """Refuses an error where the answer itself is the list of rows, or the one row."""
        begins = page[:_LONGEST_ERROR].lstrip()[:1]
        is_due = self._selector is None or self._was_list
        if begins == b"{" and is_due and len(page) <= _LONGEST_ERROR:
            self._refuse_error(_decode(page), page)
        self._was_list = self._was_list or begins == b"["

    def _refuse_error(self, document: Any, page: bytes) -> None:
        if is_nothing_but_error(document):
            row = "" if self._was_list else ". If this is a row of yours, write `data_selector: $`"
            raise PageError(
                "the answer is an error in the guise of a success: "
                f"{beginning(page, self._clean)}{row}"
            )

    def _look_for_name(self, page: bytes) -> None:
        """Takes a selector for the name of a key from the first page on that has such a key."""
        steps = self._selector.steps_in(_decode(page)) if self._selector else None
        if steps is not None:
            self._steps, self._shape, self._may_be_name = steps, PageShape(steps), False

    def _without_rows(self, document: Any, missing: str) -> SlicedPage:
        """The page that the answer is though it lacks the list of rows.

        Raises:
            PageError: It is no page of the listing.
        """
        if is_page_without_rows(
            document,
            self._steps or (),
            known=self._keys_around,
            references=self._paths(),
        ):
            return SlicedPage([], document, document)
        raise PageError(missing)

    def _sliced(self, page: bytes, rows: list[msgspec.Raw], rest: Any) -> SlicedPage:
        if not rows:
            self._refuse_failure(rest, page)
        return SlicedPage(rows, rest, _decode(page) if self._leads_into_rows() else rest)

    def _refuse_failure(self, document: Any, page: bytes) -> None:
        key = failure_beside_nothing(document, self._steps or ())
        if key is not None:
            shown = one_line(self._clean(key), _SHOWN_KEY)
            raise PageError(
                f"the answer is an error in the guise of a success: it has no rows, and `{shown}`: "
                f"{beginning(page, self._clean)}. Where that says that there is nothing more, a "
                "`response_actions` with `content: ...` and `action: ignore` ends the listing there"
            )

    def _descend(self, value: msgspec.Raw, steps: tuple[str, ...]) -> tuple[msgspec.Raw, Any]:
        if not steps:
            return value, {}
        if _kind(value) != "object":
            why = f"there is a {_kind(value)}, no object, to look in"
            raise self._not_found(steps[0], why, value)
        fields = _OBJECT.decode(value)
        if steps[0] not in fields:
            why = f"the keys there are: {self._shown_keys(fields)}"
            raise self._not_found(steps[0], why, value)
        found, inner = self._descend(fields.pop(steps[0]), steps[1:])
        rest = {key: _decode(raw) for key, raw in fields.items()}
        if len(steps) > 1:
            rest[steps[0]] = inner
        return found, rest

    def _shown_keys(self, fields: Iterable[str]) -> str:
        keys = list(fields)
        shown = [f"`{one_line(self._clean(key), _SHOWN_KEY)}`" for key in keys[:_SHOWN_KEYS]]
        more = f" and {len(keys) - _SHOWN_KEYS:,} more" if len(keys) > _SHOWN_KEYS else ""
        return (", ".join(shown) or "no keys at all") + more

    def _not_found(self, step: str, why: str, value: msgspec.Raw) -> _MissingRowsError:
        return _MissingRowsError(self._in_guise(f"the answer has no `{step}`: {why}", bytes(value)))

    def _in_guise(self, problem: str, text: bytes) -> str:
        said = f": {beginning(text, self._clean)}" if len(text) <= _LONGEST_ERROR else "."
        selector = self._selector or ".".join(self._steps or ()) or "$"
        return (
            f"`data_selector` is `{selector}`, but {problem}. Check `endpoint.data_selector`, or "
            f"whether this is an error in the guise of a success{said}"
        )

    def _search(self, page: bytes) -> SlicedPage:
        """Finds the rows of a selector that is more than a path of keys: by decoding the page."""
        document = _decode(page, exact=True)
        values = self._selector.find(document) if self._selector else []
        if not values and is_error(document):
            raise PageError(self._in_guise("it leads nowhere", page))
        if len(values) == 1:
            only = values[0]
            values = only if isinstance(only, list) else [] if only is None else [only]
        items = self._selector.items_below(document) if self._selector else None
        rows = [msgspec.Raw(_ENCODER.encode(value)) for value in values]
        return SlicedPage(rows, document, document, items=items)

    def _leads_into_rows(self) -> bool:
        """Whether a path leads into the rows, or to what holds them, which the rest lacks."""
        steps = self._steps or ()
        return any(_is_above_or_below(path, steps) for path in self._paths())


def _is_above_or_below(path: JsonPath, steps: tuple[str, ...]) -> bool:
    if path.steps is None:
        return True
    common = min(len(path.steps), len(steps))
    return path.steps[:common] == steps[:common]


def _is_readable(row: msgspec.Raw) -> bool:
    try:
        require_utf8(bytes(row))
        msgspec.json.decode(row)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        return False
    return True


def _rows_of(value: msgspec.Raw) -> list[msgspec.Raw]:
    """The items of a list; as in dlt, a single value is a list of one, and null is no row."""
    kind = _kind(value)
    if kind == "null":
        return []
    return _LIST.decode(value) if kind == "list" else [value]


def _items(value: msgspec.Raw) -> list[msgspec.Raw]:
    """What `[*]` finds: the items of a list, the values of an object, nothing in anything else."""
    kind = _kind(value)
    if kind == "object":
        return list(_OBJECT.decode(value).values())
    return _LIST.decode(value) if kind == "list" else []


def _kind(value: msgspec.Raw) -> str:
    """What a JSON value is, by its first byte; msgspec's Raw has no space before it."""
    return _KINDS.get(bytes(memoryview(value)[:1]), "number")


def _decode(value: bytes | msgspec.Raw, *, exact: bool = False) -> Any:
    """Decodes JSON; numbers that are too large for msgspec become infinite.

    Args:
        value: The JSON.
        exact: Whether numbers of a document with such a number become decimals instead.
    """
    try:
        return msgspec.json.decode(value)
    except msgspec.ValidationError:
        number = Decimal if exact else float
        return json.loads(
            bytes(value),
            parse_float=number,
            parse_int=lambda digits: (int if len(digits) <= _MOST_DIGITS else number)(digits),
        )
