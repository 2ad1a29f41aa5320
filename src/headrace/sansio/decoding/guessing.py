"""Guesses from the first answer of a listing what its answers are written in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from headrace.core.exceptions import PageError
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line
from headrace.sansio.decoding.settings import (
    CsvDecoder,
    Decoder,
    JsonDecoder,
    JsonLinesDecoder,
    XmlDecoder,
)
from headrace.sansio.decoding.slicer import Slicer
from headrace.sansio.rows import SlicedPage
from headrace.sansio.rows.charsets import as_utf8
from headrace.sansio.rows.well_formed import BOM, is_json

_CSV = frozenset(["text/csv", "application/csv", "text/x-csv", "text/comma-separated-values"])
_TABS = frozenset(["text/tab-separated-values", "text/tsv"])
_JSON_LINES = frozenset(
    [
        *("application/x-ndjson", "application/ndjson", "application/jsonl", "text/x-ndjson"),
        *("application/x-jsonlines", "application/jsonlines", "application/json-lines"),
        *("application/x-jsonl", "application/jsonlines+json", "text/jsonl"),
        *("application/x-json-stream", "application/stream+json", "application/json-seq"),
    ]
)
_XML = frozenset(["application/xml", "text/xml"])
# These are pages and pictures, and no listings.
_NO_LISTINGS = frozenset(["application/xhtml+xml", "image/svg+xml"])
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Guess:
    """What answers are taken to be written in.

    Args:
        decoder: The decoder.
        name: Its name, for a reader.
        written: How a config names it.
    """

    decoder: Decoder
    name: str
    written: str


_AS_JSON = Guess(JsonDecoder(), "JSON", "json")
_AS_TABS = Guess(CsvDecoder(delimiter="\t"), "CSV", '{type: csv, delimiter: "\\t"}')


def guess(body: bytes, content_type: str) -> Guess:
    """Tells what answers are written in, by the content type of the first one.

    JSON is what it is, whatever its content type says.

    Args:
        body: The body of the answer, decompressed, in UTF-8.
        content_type: The value of its `Content-Type` header.
    """
    media = content_type.partition(";")[0].strip().lower()
    begins = body.removeprefix(BOM).lstrip()[:1]
    is_xml = media in _XML or (media.endswith("+xml") and media not in _NO_LISTINGS)
    if is_xml and begins in (b"<", b""):
        return Guess(XmlDecoder(), "XML", "xml")
    is_list = begins == b"[" and is_json(body)
    if media in _JSON_LINES and not is_list and not _spans_lines(body):
        return Guess(JsonLinesDecoder(), "NDJSON", "jsonl")
    if media in _CSV | _TABS and not (begins in (b"{", b"[") and is_json(body)):
        return Guess(CsvDecoder(), "CSV", "csv") if media in _CSV else _AS_TABS
    return _AS_JSON


def _spans_lines(body: bytes) -> bool:
    """Whether a body is one JSON document over several lines."""
    return b"\n" in body.strip() and is_json(body)


class GuessingSlicer:
    """Cuts pages by the decoder that the first one asks for, which then holds for all of them.

    Args:
        make: Makes the slicer of a decoder.
        otherwise: The decoder of what is no JSON; None to tell it by the content type.
    """

    def __init__(self, make: Callable[[Decoder], Slicer], otherwise: Decoder | None = None) -> None:
        self._make = make
        self._otherwise = otherwise
        self._slicer: Slicer | None = None
        self._guessed: str | None = None

    @property
    def guess(self) -> str | None:
        """What the answers are written in, as a sentence; None where that was not guessed."""
        inner = self._slicer.guess if self._slicer else None
        return ". ".join(filter(None, (self._guessed, inner))) or None

    @property
    def rows_at(self) -> tuple[str, ...]:
        """The keys that lead to the rows, from the outermost on, as far as they are known."""
        return self._slicer.rows_at if self._slicer else ()

    def slice(self, body: bytes, content_type: str = "") -> SlicedPage:
        """Cuts one page.

        Args:
            body: The body of the answer, decompressed.
            content_type: The value of its `Content-Type` header.

        Raises:
            IncompletePage, PageError: As from the slicer that is chosen.
        """
        if self._slicer is not None:
            return self._slicer.slice(body, content_type)
        guessed = self._guess(body, content_type)
        slicer = self._make(guessed.decoder)
        page = slicer.slice(body, content_type)
        self._slicer = slicer
        if guessed is not _AS_JSON:
            shown = one_line(content_type, _SHOWN)
            self._guessed = (
                f"the answers are read as {guessed.name}, by their Content-Type `{shown}`; write "
                f"`decoder: {guessed.written}` into `endpoint` to be sure of it"
            )
        return page

    def _guess(self, body: bytes, content_type: str) -> Guess:
        if self._otherwise is None:
            # What is wrong with its charset is for its slicer to say.
            with suppress(PageError):
                body = as_utf8(body, content_type)
            return guess(body, content_type)
        return _AS_JSON if is_json(body) else Guess(self._otherwise, "", "")
