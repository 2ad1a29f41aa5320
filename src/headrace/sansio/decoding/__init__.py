"""From the bytes of an answer, whatever it is written in, to its rows as JSON.

JSON itself is cut in `headrace.sansio.rows`. Here stand the other formats, each behind the same
`Slicer`, so that nothing below knows what an answer was written in.
"""

from __future__ import annotations

from collections.abc import Callable

from jsonpath_ng import JSONPath

from headrace.core.json_path import JsonPath, KeyedPath
from headrace.sansio.decoding.guessing import GuessingSlicer
from headrace.sansio.decoding.keyed_rows import KeyedRows, KeyedRowsSlicer
from headrace.sansio.decoding.left_out import FieldsLeftOut
from headrace.sansio.decoding.listed_rows import ListedRows, ListedRowsSlicer
from headrace.sansio.decoding.made_rows import RowMaker
from headrace.sansio.decoding.settings import (
    CsvDecoder,
    Decoder,
    JsonDecoder,
    JsonLinesDecoder,
    XmlDecoder,
)
from headrace.sansio.decoding.slicer import Slicer
from headrace.sansio.decoding.wrapped_rows import WrappedRows, WrappedRowsSlicer
from headrace.sansio.rows import PageSlicer

__all__ = [
    "CsvDecoder",
    "Decoder",
    "FieldsLeftOut",
    "JsonDecoder",
    "JsonLinesDecoder",
    "KeyedRows",
    "ListedRows",
    "RowMaker",
    "RowShape",
    "Slicer",
    "WrappedRows",
    "XmlDecoder",
    "new_slicer",
    "single_row_slicer",
]

RowShape = ListedRows | KeyedRows | WrappedRows


def single_row_slicer(
    decoder: Decoder | None, selector: str | JSONPath | None, clean: Callable[[str], str] = str
) -> Slicer:
    """Makes what cuts the answers to requests for single rows, which may be JSON in any case.

    Args:
        decoder: What the pages of the listing are written in; None to guess it.
        selector: The JSONPath to the row; None to look for it.
        clean: Hides secrets in what an error shows of an answer.
    """
    return GuessingSlicer(lambda chosen: new_slicer(chosen, selector, clean=clean), decoder)


def new_slicer(
    decoder: Decoder | None,
    selector: str | JSONPath | JsonPath | None,
    paths: Callable[[], tuple[JsonPath, ...]] = tuple,
    clean: Callable[[str], str] = str,
    shape: RowShape | None = None,
) -> Slicer:
    """Makes what cuts the pages of one pass through a listing.

    Args:
        decoder: What the answers are written in; None to guess it from the first one.
        selector: The JSONPath to the rows of a page; None to look for them.
        paths: Gives the paths that will be looked up in the next `SlicedPage.document`.
        clean: Hides secrets in what an error shows of a page.
        shape: What rows are made of; None where they are objects already.
    """
    match shape:
        case ListedRows(names=JsonPath() as names):
            inner = new_slicer(decoder, selector, lambda: (*paths(), names), clean)
            return ListedRowsSlicer(inner, shape, clean)
        case ListedRows():
            return ListedRowsSlicer(new_slicer(decoder, selector, paths, clean), shape, clean)
        case KeyedRows():
            if shape.key is not None and isinstance(selector, str | JSONPath):
                selector = KeyedPath(selector)
            return KeyedRowsSlicer(new_slicer(decoder, selector, paths, clean), shape, clean)
        case WrappedRows():
            return WrappedRowsSlicer(new_slicer(decoder, selector, paths, clean), shape)
    # What reads one format alone is imported with the first listing that is written in it.
    match decoder:
        case None:
            return GuessingSlicer(lambda guessed: new_slicer(guessed, selector, paths, clean))
        case JsonDecoder():
            return PageSlicer(selector, paths, clean)
        case JsonLinesDecoder():
            from headrace.sansio.decoding.json_lines import JsonLinesSlicer

            return JsonLinesSlicer(selector, decoder.encoding, paths, clean)
        case CsvDecoder():
            from headrace.sansio.decoding.csv_pages import CsvSlicer

            return CsvSlicer(decoder, paths, clean)
        case XmlDecoder():
            from headrace.sansio.decoding.xml_pages import XmlSlicer

            return XmlSlicer(selector, decoder, paths, clean)
