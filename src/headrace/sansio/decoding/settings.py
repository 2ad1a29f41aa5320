"""What the answers of an API are written in."""

from __future__ import annotations

from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JsonDecoder:
    """Each answer is one JSON document."""


@dataclass(frozen=True, slots=True)
class JsonLinesDecoder:
    """Each line of an answer is a JSON document.

    Args:
        encoding: The encoding of the answers; None for UTF-8, or the one that they name.
    """

    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class CsvDecoder:
    """Each line of an answer is a row.

    Args:
        delimiter: What stands between two cells.
        quote: What stands around a cell, and twice where it is part of it; None for none.
        escape: What stands before a character that is part of a cell; None for none.
        header: Whether the first line of an answer names the columns; None for those answers whose
            first line has just the `names`, and for all where there are no `names`.
        names: The names of the columns; None for those of the first line.
        encoding: The encoding of the answers; None for UTF-8, or the one that they name.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    header: bool | None = None
    names: tuple[str, ...] | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class XmlDecoder:
    """Each answer is one XML document.

    Args:
        lists: Names of elements that are lists even where there is one of them.
        encoding: The encoding of the answers; None for the one that they name.
    """

    lists: frozenset[str] = frozenset()
    encoding: str | None = None


Decoder = JsonDecoder | JsonLinesDecoder | CsvDecoder | XmlDecoder
