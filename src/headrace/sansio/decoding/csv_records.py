"""Finds where the records of CSV end, and which lines are none.

Arrow's reader takes a quote that is never closed for one that is closed by a later row's, and all
between them for one cell. So before it reads a page it must be known that each quote belongs to a
cell: it stands at the beginning or the end of the cell, or twice within.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import msgspec

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.decoding.settings import CsvDecoder
from headrace.sansio.rows import RejectedRow
from headrace.sansio.rows.page_faults import kind_of_fault

_ENDS = b"\r\n"
# So many quoted cells are looked at in one call: the pattern remembers each until it returns.
_CELLS_AT_ONCE = 10_000
_QUOTE_AT_FAULT = (
    "a quote in it is not closed, or stands within a quoted cell without being doubled; where "
    "the API means no quotes by it, write `decoder: {type: csv, quote: null}`"
)
_NOT_UTF8 = (
    "it is not valid utf-8 ({}); where the API writes another encoding, name it: `decoder: {{type: "
    "csv, encoding: windows-1252}}`"
)


@dataclass(frozen=True, slots=True)
class CheckedRecords:
    """The records of a page that can be read, and the lines that cannot.

    Args:
        text: The records, each with its line end.
        unreadable: The other lines, each with the reason.
    """

    text: bytes
    unreadable: list[RejectedRow]


class CsvRecords:
    """Knows the records of a dialect of CSV.

    Args:
        dialect: The dialect.
    """

    def __init__(self, dialect: CsvDecoder) -> None:
        self._dialect = dialect
        self._quote = (dialect.quote or "").encode()
        self._escape = (dialect.escape or "").encode()
        delimiter, quote, escape = (
            re.escape(mark.encode())
            for mark in (dialect.delimiter, dialect.quote or "", dialect.escape or "")
        )
        any_escaped = rb"|" + escape + rb"(?s:.)" if escape else b""
        bare = rb"(?:[^%b\r\n%b]%b)*+" % (delimiter, escape, any_escaped)
        cell = bare
        if quote:
            inner = rb"(?:[^%b%b]|%b%b%b)*+" % (quote, escape, quote, quote, any_escaped)
            if not escape:
                inner = rb"[^%b]*+(?:%b%b[^%b]*+)*+" % (quote, quote, quote, quote)
            end = rb"(?=[%b\r\n]|\Z)" % delimiter
            quoted = rb"%b%b%b%b" % (quote, inner, quote, end)
            cell = rb"(?:%b|(?!%b)%b)" % (quoted, quote, bare)
            begin = rb"(?<![^%b\r\n])" % delimiter
            self._cells = re.compile(
                rb"(?:[^%b]*+%b%b){1,%d}+" % (quote, begin, quoted, _CELLS_AT_ONCE)
            )
            self._cut_off = re.compile(rb"(?:%b%b)*+%b%b\Z" % (cell, delimiter, quote, inner))
        self._cell = re.compile(cell)
        self._record = re.compile(rb"%b(?:%b%b)*+(?:\r\n|\n|\r|\Z)" % (cell, delimiter, cell))

    def are_sound(self, page: bytes) -> bool:
        """Whether each quote of a page belongs to a cell, as far as a quick look can tell.

        Args:
            page: The page.
        """
        if not self._quote or self._quote not in page:
            return True
        at = 0
        while found := self._cells.match(page, at):
            at = found.end()
        return page.find(self._quote, at) < 0

    def first(self, page: bytes) -> tuple[list[str], int]:
        """The cells of the first record, and where the next one begins.

        Args:
            page: The page.

        Raises:
            PageError: The record is none.
        """
        found = self._record.match(page)
        problem = _QUOTE_AT_FAULT
        if found is not None:
            try:
                text = found[0].decode("utf-8").rstrip("\r\n")
                return next(self._reader(text)), found.end()
            except UnicodeDecodeError as error:
                problem = _NOT_UTF8.format(error.reason)
            except csv.Error as error:
                problem = str(error)
        raise PageError(f"the first line of the CSV cannot be read: {problem}")

    def begins_with_empty_end(self, page: bytes, columns: int) -> bool:
        """Whether the first record has a delimiter behind its last cell, and nothing behind that.

        Args:
            page: The records.
            columns: How many columns there are.
        """
        found = self._record.match(page)
        return found is not None and self._has_empty_end(found[0], columns)

    def without_empty_ends(self, page: bytes, columns: int) -> bytes:
        """The same records without a delimiter behind the last cell.

        Args:
            page: The records, all of which can be read.
            columns: How many columns there are.
        """
        return b"".join(
            record.rstrip(_ENDS)[:-1] + b"\n" if self._has_empty_end(record, columns) else record
            for record in (found[0] for found in self._record.finditer(page))
        )

    def _has_empty_end(self, record: bytes, columns: int) -> bool:
        text = record.rstrip(_ENDS)
        if not text.endswith(self._dialect.delimiter.encode()):
            return False
        cells, at = 0, -1
        while at < len(text) and cells <= columns + 1:
            found = self._cell.match(text, at + 1)
            assert found is not None, "a record is made of cells"
            cells, at = cells + 1, found.end()
        return cells == columns + 1

    def _reader(self, text: str) -> Iterator[list[str]]:
        dialect = self._dialect
        return csv.reader(
            [text],
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            escapechar=dialect.escape,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        )

    def checked(self, page: bytes) -> CheckedRecords:
        """Goes through a page record by record, and sets apart each line that is none.

        Args:
            page: The page.

        Raises:
            IncompletePage: The page ends within a record.
        """
        kept: list[bytes] = []
        unreadable: list[RejectedRow] = []
        at = 0
        while at < len(page):
            found = self._record.match(page, at)
            end = found.end() if found else _end_of_line(page, at)
            record = page[at:end]
            reason = None if found else _QUOTE_AT_FAULT
            if found is None and not _is_ended(page) and self._cut_off.match(page, at):
                raise IncompletePage("the answer ends within a quoted cell")
            try:
                record.decode("utf-8")
            except UnicodeDecodeError as error:
                if end == len(page) and kind_of_fault(error.reason) is IncompletePage:
                    raise IncompletePage("the answer ends within a character") from None
                reason = _NOT_UTF8.format(error.reason)
            if reason is None:
                kept.append(record)
            else:
                line = msgspec.Raw(record.rstrip(_ENDS))
                unreadable.append(RejectedRow(line, f"its line of CSV cannot be read: {reason}"))
            at = end
        return CheckedRecords(b"".join(kept), unreadable)


def _end_of_line(page: bytes, at: int) -> int:
    ends = [end + 1 for mark in (b"\n", b"\r") if (end := page.find(mark, at)) >= 0]
    end = min(ends, default=len(page))
    return end + 1 if page[end - 1 : end + 1] == b"\r\n" else end


def _is_ended(page: bytes) -> bool:
    return page.endswith((b"\n", b"\r"))
