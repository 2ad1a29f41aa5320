"""Cuts answers that are CSV."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import msgspec
import pyarrow as pa

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.json_path import JsonPath
from headrace.core.secrets.redaction import one_line
from headrace.sansio.decoding.csv_records import CheckedRecords, CsvRecords
from headrace.sansio.decoding.csv_rows import ReadRows, read_rows
from headrace.sansio.decoding.json_lines import document_of
from headrace.sansio.decoding.settings import CsvDecoder
from headrace.sansio.rows import RejectedRow, SlicedPage
from headrace.sansio.rows.charsets import as_utf8, unknown_charset
from headrace.sansio.rows.page_faults import beginning
from headrace.sansio.rows.well_formed import is_json, is_utf8

_LINE_ENDS = b"\r\n"
_LINE_END = 1 + len(_LINE_ENDS)
# The second is how a server may say in any format that there is no more.
_NOTHING = (b"", b"[]")
# Ctrl-Z, with which programs of DOS end a text.
_END_OF_FILE = b"\x1a"
_SHOWN_NAME = 60
# Excel reads the delimiter from such a line, and takes it for no part of the table.
_FOR_EXCEL = re.compile(rb'"?sep=.?"?[ \t]*(?:[\r\n]|$)', re.IGNORECASE)
# Names of columns may stand in such brackets too: `<DATE>,<OPEN>`.
_MARKUP = re.compile(
    rb"\s*<(?:!doctype|!--|html|\?xml|"
    rb"(?:body|br|center|div|h[1-6]|head|p|pre|script|span|style|table|title)\b[^>]*>(?![,;|\t]))",
    re.IGNORECASE,
)
_FAILURE = re.compile(r"(?:error|exception|failed|failure|fault)\s*:\s*\S", re.IGNORECASE)
# What a server says in one word, where it has no CSV.
_NO_COLUMNS = frozenset(["forbidden", "unauthorized", "error", "failed", "denied", "null"])
_OTHER_DELIMITERS = "\t;|,"


class CsvSlicer:
    """Finds the rows of a listing whose answers are CSV; each cell is a text, or null.

    Args:
        dialect: How the API writes CSV.
        paths: Gives the paths that will be looked up in the next `SlicedPage.document`.
        clean: Hides secrets in what an error shows of a page.
    """

    rows_at: tuple[str, ...] = ()

    def __init__(
        self,
        dialect: CsvDecoder,
        paths: Callable[[], tuple[JsonPath, ...]] = tuple,
        clean: Callable[[str], str] = str,
    ) -> None:
        self._dialect = dialect
        self._records = CsvRecords(dialect)
        self._paths = paths
        self._clean = clean
        self.guess: str | None = None
        self._header: list[str] | None = None
        self._has_nameless_end = False

    def slice(self, body: bytes, content_type: str = "text/csv") -> SlicedPage:
        """Cuts one page.

        Args:
            body: The body of the answer, decompressed; an empty one has no rows.
            content_type: The value of its `Content-Type` header, which may name a charset.

        Raises:
            IncompletePage: The last line is cut off.
            PageError: The body is something else, or its header names no columns.
        """
        encoding = self._dialect.encoding
        self.guess = self.guess or unknown_charset(body, content_type, encoding, self._clean)
        page = as_utf8(body, content_type, encoding).lstrip(_LINE_ENDS)
        if page[-_LINE_END:].rstrip(_LINE_ENDS).endswith(_END_OF_FILE):
            page = page.rstrip(_LINE_ENDS).rstrip(_END_OF_FILE)
        if (said := _FOR_EXCEL.match(page)) is not None:
            page = page[said.end() :].lstrip(_LINE_ENDS)
        if page.strip() in _NOTHING:
            return SlicedPage([], {}, {})
        self._refuse_other_formats(page)
        self._has_nameless_end = False
        names, begin = self._names(page)
        checked = self._checked(page[begin:] if begin else page)
        read = self._read(checked.text, names)
        unreadable = checked.unreadable
        if not read.rows:
            self._refuse_other_columns([cells for _, cells in read.misfits], names)
        for line, cells in read.misfits:
            self._refuse_cut_off(page, line, cells, len(names))
            unreadable.append(RejectedRow(msgspec.Raw(line.encode()), _misfit(cells, len(names))))
        document = document_of(read.rows, self._paths())
        return SlicedPage(read.rows, {}, document, unreadable, size=read.size)

    def _checked(self, text: bytes) -> CheckedRecords:
        if self._records.are_sound(text) and is_utf8(text):
            return CheckedRecords(text, [])
        return self._records.checked(text)

    def _read(self, text: bytes, names: list[str]) -> ReadRows:
        """Reads records, each of which may end with a delimiter that no cell stands behind."""
        has_empty_ends = self._records.begins_with_empty_end(text, len(names))
        counts = {len(names)} if has_empty_ends else {len(names) + 1}
        try:
            read = read_rows(text, names, self._dialect, has_empty_ends=has_empty_ends)
            if read.has_more or not counts.isdisjoint(cells for _, cells in read.misfits):
                text = self._records.without_empty_ends(text, len(names))
                read = read_rows(text, names, self._dialect)
        except pa.ArrowInvalid as error:
            raise PageError(
                f"the CSV cannot be read: {one_line(self._clean(str(error)), 200)}"
            ) from None
        if self._has_nameless_end and any(cells == len(names) + 1 for _, cells in read.misfits):
            raise self._nameless(len(names), [*names, ""])
        return read

    # --- What is no CSV ---------------------------------------------------------------------------

    def _refuse_other_formats(self, page: bytes) -> None:
        if _MARKUP.match(page):
            raise PageError(
                f"the answer is HTML or XML where CSV was due: {beginning(page, self._clean)}"
            )
        if page[:1] in (b"{", b"[") and is_json(page):
            raise PageError(
                f"the answer is JSON where CSV was due: {beginning(page, self._clean)}\nIf that is "
                "no error of the API's, write `decoder: json` into `endpoint`."
            )

    def _refuse_other_columns(self, counts: list[int], names: list[str]) -> None:
        """Refuses names of which there are more or fewer than any line has cells."""
        if len(counts) > 1 and len(set(counts)) == 1:
            raise PageError(
                f"all {len(counts):,} lines of the CSV have {_cells(counts[0])}, where there "
                f"{_are(len(names), 'column')}: {self._shown(names)}. Name all columns: `decoder: "
                "{type: csv, header: true, names: [...]}`"
            )

    def _refuse_cut_off(self, page: bytes, line: str, cells: int, columns: int) -> None:
        if cells < columns and page.endswith(line.encode()) and page[-1:] not in (b"\n", b"\r"):
            raise IncompletePage(
                f"the answer ends in the middle of its last line, which has {_cells(cells)} where "
                f"there {_are(columns, 'column')}"
            )

    # --- The names of the columns -----------------------------------------------------------------

    def _names(self, page: bytes) -> tuple[list[str], int]:
        """The names of the columns, and where the rows begin.

        Raises:
            PageError: The first line names no columns.
        """
        given = self._dialect.names
        if given is not None:
            if self._dialect.header is False:
                return list(given), 0
            header, begin = self._first(page)
            is_header = self._dialect.header or header == list(given)
            return list(given), begin if is_header else 0
        header, begin = self._first(page)
        self._refuse_header(header, has_rows=bool(page[begin:].strip()))
        self._header = self._header or header
        return header, begin

    def _first(self, page: bytes) -> tuple[list[str], int]:
        """The cells of the first record, and where it ends.

        A delimiter at its end adds none, unless there are values behind that of the rows.
        """
        header, begin = self._records.first(page)
        self._has_nameless_end = len(header) > 1 and not header[-1]
        return header[:-1] if self._has_nameless_end else header, begin

    def _refuse_header(self, header: list[str], *, has_rows: bool) -> None:
        shown = self._shown(header)
        before = self._header
        if before is not None and set(before).isdisjoint(header):
            raise PageError(
                f"the answer begins with {shown}, where an earlier one begins with the columns "
                f"{self._shown(before)}. {self._to_name(before)}"
            )
        if len(header) == 1:
            self._refuse_one_column(header[0], has_rows=has_rows)
        elif not has_rows and _FAILURE.match(header[0]):
            raise PageError(f"the answer is one line, {shown}, where CSV was due, and no rows")
        if "" in header:
            raise self._nameless(header.index(""), header)
        twice = next((name for at, name in enumerate(header) if name in header[:at]), None)
        if twice is not None:
            raise PageError(
                f"the first line of the CSV names `{self._one(twice)}` twice: {shown}. Give each "
                "column its own name: `decoder: {type: csv, header: true, names: [...]}`"
            )

    def _nameless(self, place: int, header: list[str]) -> PageError:
        return PageError(
            f"the first line of the CSV gives column {place + 1} no name: {self._shown(header)}. "
            "Name all columns: `decoder: {type: csv, header: true, names: [...]}`"
        )

    def _refuse_one_column(self, name: str, *, has_rows: bool) -> None:
        """Refuses a header of one column where that is a wrong delimiter, or a sentence."""
        shown, written = self._one(name), json.dumps(self._dialect.delimiter)
        other = next((mark for mark in _OTHER_DELIMITERS if mark in name), None)
        if other is not None:
            raise PageError(
                f"the CSV has one column only, `{shown}`, by the delimiter {written}. If the API "
                f"parts its cells by {json.dumps(other)}, write `decoder: {{type: csv, delimiter: "
                f"{json.dumps(other)}}}`"
            )
        if not has_rows and (len(name.split()) > 1 or name.lower() in _NO_COLUMNS):
            raise PageError(
                f"the answer is one line, `{shown}`, where CSV was due: it has one column only by "
                f"the delimiter {written}, and no rows"
            )

    def _to_name(self, header: list[str]) -> str:
        names = ", ".join(self._one(name) for name in header)
        return (
            "If only the first answer names them, write them down: `decoder: {type: csv, names: "
            f"[{names}]}}`"
        )

    def _shown(self, header: list[str]) -> str:
        return "`" + self._one(", ".join(header), 4 * _SHOWN_NAME) + "`"

    def _one(self, name: str, longest: int = _SHOWN_NAME) -> str:
        return one_line(self._clean(name), longest)


def _misfit(cells: int, columns: int) -> str:
    return f"in its line of CSV there {_are(cells, 'cell')}, where there {_are(columns, 'column')}"


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"


def _are(count: int, what: str) -> str:
    return f"is 1 {what}" if count == 1 else f"are {count:,} {what}s"
