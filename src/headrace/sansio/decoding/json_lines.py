"""Cuts answers with a JSON document in each line: NDJSON, JSON Lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from jsonpath_ng import JSONPath

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.json_path import JsonPath, compiled
from headrace.sansio.rows import PageSlicer, RejectedRow, SlicedPage
from headrace.sansio.rows.charsets import as_utf8, unknown_charset
from headrace.sansio.rows.empty_pages import is_nothing_but_error
from headrace.sansio.rows.page_faults import beginning, kind_of_fault, what_came_instead
from headrace.sansio.rows.well_formed import is_json, require_utf8

_LINE = msgspec.json.Decoder(msgspec.Raw)
_FIELDS = msgspec.json.Decoder(dict[str, Any])
# How a server may say that there is no more: as in JSON.
_NOTHING = b"[]"
# Before each text of a sequence (RFC 7464); within JSON it does not stand.
_RECORD = b"\x1e"


class JsonLinesSlicer:
    """Finds the rows of a listing whose answers have a JSON document in each line.

    Args:
        selector: The JSONPath to the rows in each line; with None each line is a row.
        encoding: The encoding of the answers; None for the one that they name.
        paths: Gives the paths that will be looked up in the next `SlicedPage.document`.
        clean: Hides secrets in what an error shows of a page.
    """

    def __init__(
        self,
        selector: str | JSONPath | JsonPath | None = None,
        encoding: str | None = None,
        paths: Callable[[], tuple[JsonPath, ...]] = tuple,
        clean: Callable[[str], str] = str,
    ) -> None:
        is_whole = selector is None or compiled(selector).steps == ()
        self._in_line = None if is_whole else PageSlicer(selector, paths, clean)
        self._encoding = encoding
        self._paths = paths
        self._clean = clean
        self.guess: str | None = None

    @property
    def rows_at(self) -> tuple[str, ...]:
        """The keys that lead to the rows in a line."""
        return self._in_line.rows_at if self._in_line else ()

    def slice(self, body: bytes, content_type: str = "application/x-ndjson") -> SlicedPage:
        """Cuts one page.

        Args:
            body: The body of the answer, decompressed; an empty one has no rows.
            content_type: The value of its `Content-Type` header, which may name a charset.

        Raises:
            IncompletePage: The last line is cut off.
            PageError: The body is something else, or speaks of an error.
        """
        encoding = self._encoding
        self.guess = self.guess or unknown_charset(body, content_type, encoding, self._clean)
        page = as_utf8(body, content_type, encoding)
        if page.startswith(_RECORD):
            page = page.replace(_RECORD, b"\n")
        try:
            require_utf8(page)
            lines = _LINE.decode_lines(page)
            unreadable: list[RejectedRow] = []
        except (RecursionError, msgspec.MsgspecError, ValueError) as error:
            lines, unreadable = self._each(page, error)
        if len(lines) == 1 and bytes(lines[0]) == _NOTHING:
            lines = []
        self._refuse_errors(lines, page)
        if self._in_line is not None:
            return self._within(lines, unreadable, self._in_line)
        return SlicedPage(lines, {}, document_of(lines, self._paths()), unreadable)

    def _each(self, page: bytes, error: Exception) -> tuple[list[msgspec.Raw], list[RejectedRow]]:
        """The lines that can be read, and the others."""
        readable: list[msgspec.Raw] = []
        unreadable: list[RejectedRow] = []
        why: Exception | None = None
        for line in page.split(b"\n"):
            text = line.strip()
            if not text:
                continue
            try:
                require_utf8(text)
                readable.append(_LINE.decode(text))
                why = None
            except (RecursionError, msgspec.MsgspecError, ValueError) as fault:
                why = fault
                reason = f"it cannot be read as JSON in UTF-8: {_said(fault)}"
                unreadable.append(RejectedRow(msgspec.Raw(text), reason))
        is_ended = page.rstrip(b" \t\r").endswith(b"\n")
        if why is not None and not is_ended and kind_of_fault(_said(why)) is IncompletePage:
            raise IncompletePage(f"the answer ends in the middle of its last line: {_said(why)}")
        if not readable and not any(_may_be_row(each) for each in unreadable):
            raise PageError(self._what_came_instead(page, error))
        return readable, unreadable

    def _what_came_instead(self, page: bytes, error: Exception) -> str:
        if is_json(page):
            return self._one_document(page)
        return what_came_instead(page, error, self._clean, due="NDJSON")

    def _one_document(self, page: bytes) -> str:
        return (
            "the answer is one JSON document where a document in each line was due: "
            f"{beginning(page, self._clean)}\nIf that is no error of the API's, write `decoder: "
            "json` into `endpoint`."
        )

    def _refuse_errors(self, lines: list[msgspec.Raw], page: bytes) -> None:
        """Refuses lines that speak of an error, as the only one or as the last one."""
        if not lines:
            return
        last = bytes(lines[-1])
        is_list = last[:1] == b"[" and last[1:].lstrip()[:1] == b"{"
        if len(lines) == 1 and (is_list or b"\n" in last):
            raise PageError(self._one_document(page))
        fields = _fields_of(lines[-1])
        if not is_nothing_but_error(fields):
            return
        if len(lines) == 1 or fields.keys().isdisjoint(_fields_of(lines[0])):
            raise PageError(
                f"line {len(lines):,} of the answer is an error in the guise of a row: "
                f"{beginning(last, self._clean)}"
            )

    def _within(
        self, lines: list[msgspec.Raw], unreadable: list[RejectedRow], slicer: PageSlicer
    ) -> SlicedPage:
        """The rows that each line holds; what stands around them in the last line is the rest."""
        rows: list[msgspec.Raw] = []
        rest: Any = {}
        document: Any = {}
        for number, line in enumerate(lines, 1):
            try:
                cut = slicer.slice(bytes(line))
            except PageError as error:
                raise type(error)(f"line {number:,}: {error}") from None
            rows += cut.rows
            unreadable += cut.unreadable
            rest, document = cut.rest, cut.document
        return SlicedPage(rows, rest, document, unreadable)


def document_of(rows: list[msgspec.Raw], paths: tuple[JsonPath, ...]) -> Any:
    """What paths are looked up in where an answer is nothing but its rows.

    Args:
        rows: The rows.
        paths: The paths that will be looked up.

    Returns:
        The rows as a list where a path leads into a list; else an object without fields.
    """
    # A path that begins with a key finds nothing in a list.
    if all(path.steps for path in paths):
        return {}
    return [msgspec.json.decode(row) for row in rows]


def _fields_of(line: msgspec.Raw) -> dict[str, Any]:
    try:
        return _FIELDS.decode(line)
    except (msgspec.MsgspecError, RecursionError):
        return {}


def _may_be_row(unreadable: RejectedRow) -> bool:
    line = bytes(unreadable.row)
    return line.startswith(b"{") and line.endswith(b"}")


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it nests lists or objects too deeply"
    if isinstance(error, UnicodeDecodeError):
        return error.reason
    return str(error)
