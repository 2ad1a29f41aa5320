"""Makes JSON of the rows of CSV, column by column: no cell becomes a Python object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from headrace.sansio.decoding.settings import CsvDecoder

_TEXT = pa.large_string()
# A page is read in blocks, so that it is there as cells only in parts.
_BLOCK = 4 * 1024 * 1024
_ROOM = 64
_LINES = msgspec.json.Decoder(msgspec.Raw)
# What a text in JSON cannot have as it is, and how it is written there.
_WRITTEN = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    **{chr(code): f"\\u{code:04x}" for code in range(0x20) if chr(code) not in "\n\r\t"},
}
_NOT_AT_LINE_ENDS = "".join(_WRITTEN).translate({ord("\n"): None, ord("\r"): None}).encode()
_EMPTY, _NULL, _QUOTE = pa.scalar("", _TEXT), pa.scalar("null", _TEXT), pa.scalar('"', _TEXT)


@dataclass(slots=True)
class ReadRows:
    """What was read of records.

    Args:
        rows: The rows as JSON.
        misfits: Each line with another number of cells than there are columns, with that number.
        size: The size of the rows in bytes.
    """

    rows: list[msgspec.Raw] = field(default_factory=list)
    misfits: list[tuple[str, int]] = field(default_factory=list)
    size: int = 0


def read_rows(text: bytes, names: Sequence[str], dialect: CsvDecoder) -> ReadRows:
    """Reads records into rows, with all cells as texts: null for one that is empty and not quoted.

    Args:
        text: The records, in UTF-8, without a header.
        names: The names of the columns.
        dialect: The dialect.

    Raises:
        pyarrow.ArrowInvalid: Arrow cannot read them.
    """
    if not text.strip(b"\r\n"):
        return ReadRows()
    keys = [msgspec.json.encode(name).decode() for name in names]
    special = _special_in(text, dialect)
    blocks = [_BLOCK] if len(text) < _BLOCK else [_BLOCK, len(text) + _ROOM]
    for block in blocks:
        read = ReadRows()
        try:
            for batch in _batches(text, len(names), dialect, block, read.misfits):
                _add_json_rows(read, batch, keys, special)
            break
        except pa.ArrowInvalid:
            # A record may be longer than a block.
            if block == blocks[-1]:
                raise
    return read


def _batches(
    text: bytes, columns: int, dialect: CsvDecoder, block: int, misfits: list[tuple[str, int]]
) -> Iterator[pa.RecordBatch]:
    def set_apart(line: Any) -> str:
        misfits.append((line.text, line.actual_columns))
        return "skip"

    names = [str(place) for place in range(columns)]
    yield from pyarrow.csv.open_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False, block_size=block, column_names=names
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            escape_char=dialect.escape or False,
            newlines_in_values=dialect.quote is not None or dialect.escape is not None,
            invalid_row_handler=set_apart,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, _TEXT),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _special_in(text: bytes, dialect: CsvDecoder) -> list[str]:
    """The characters that cells of a text may hold and JSON writes in another way."""
    marks = [mark.encode() for mark in (dialect.quote, dialect.escape) if mark is not None]
    has_marks = any(mark in text for mark in marks)
    if not has_marks and len(text.translate(None, _NOT_AT_LINE_ENDS)) == len(text):
        return []
    return [character for character in _WRITTEN if character.encode() in text]


def _add_json_rows(
    read: ReadRows, batch: pa.RecordBatch, keys: Sequence[str], special: Sequence[str]
) -> None:
    """Adds the rows of a batch, each as a JSON object of texts and nulls."""
    parts: list[Any] = []
    between = "{"
    for key, cells in zip(keys, batch.columns, strict=True):
        between += f"{key}:"
        if cells.null_count == len(cells):
            between += "null,"
            continue
        written = _escaped(cells, special)
        if cells.null_count:
            quoted = pc.binary_join_element_wise(_QUOTE, written, _QUOTE, _EMPTY)
            parts += [between, pc.coalesce(quoted, _NULL)]
            between = ","
        else:
            parts += [between + '"', written]
            between = '",'
    parts.append(between.removesuffix(",") + "}\n")
    if len(parts) == 1:
        lines = parts[0].encode() * batch.num_rows
    else:
        # Behind one another in one buffer, the texts are lines already. They are copied out of
        # Arrow's memory, which keeps what another thread frees.
        lines = (
            pc.binary_join_element_wise(
                *(pa.scalar(part, _TEXT) if isinstance(part, str) else part for part in parts),
                _EMPTY,
            )
            .buffers()[2]
            .to_pybytes()
        )
    read.rows += _LINES.decode_lines(lines)
    read.size += len(lines)


def _escaped(cells: pa.Array, special: Sequence[str]) -> pa.Array:
    """The texts as they are written in JSON, without the quotes around them."""
    buffer = cells.buffers()[2]
    if not special or buffer is None:
        return cells
    values = buffer.to_pybytes()
    for character in special:
        if character.encode() in values:
            cells = pc.replace_substring(cells, pattern=character, replacement=_WRITTEN[character])
    return cells
