"""Makes JSON of the rows of CSV, column by column: no cell becomes a Python object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.decoding.settings import CsvDecoder

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
_RARE = "".join(character for character in _WRITTEN if character not in '"\n\r')
# Of more bytes in each row, a block may have more than 32 bits can count.
_LONGEST_KEY = 400


@dataclass(slots=True)
class ReadRows:
    """What was read of records.

    Args:
        rows: The rows as JSON.
        misfits: Each line with another number of cells than there are columns, with that number.
        size: The size of the rows in bytes.
        has_more: Whether a row has a value in the column that is left out.
    """

    rows: list[msgspec.Raw] = field(default_factory=list)
    misfits: list[tuple[str, int]] = field(default_factory=list)
    size: int = 0
    has_more: bool = False


def read_rows(
    text: bytes, names: Sequence[str], dialect: CsvDecoder, *, has_empty_ends: bool = False
) -> ReadRows:
    """Reads records into rows, with all cells as texts: null for one that is empty and not quoted.

    Args:
        text: The records, in UTF-8, without a header.
        names: The names of the columns.
        dialect: The dialect.
        has_empty_ends: Whether each record ends with a delimiter: what is behind it is left out.

    Raises:
        pyarrow.ArrowInvalid: Arrow cannot read them.
    """
    if text[:1] in b"\r\n" and not text.strip(b"\r\n"):
        return ReadRows()
    keys = [msgspec.json.encode(name).decode() for name in names]
    special = _special_in(text, dialect)
    blocks = [_BLOCK] if len(text) < _BLOCK else [_BLOCK, len(text) + _ROOM]
    is_short = all(len(key) < _LONGEST_KEY for key in keys)
    for block in blocks:
        read = ReadRows()
        kind = pa.string() if is_short and block == _BLOCK else pa.large_string()
        try:
            kinds = [kind] * (len(names) + has_empty_ends)
            for batch in _batches(text, kinds, dialect, block, read.misfits):
                left_out = batch.columns[len(names) :]
                read.has_more |= any(cells.null_count < len(cells) for cells in left_out)
                _add_json_rows(read, batch, keys, special)
            break
        except pa.ArrowInvalid:
            # A record may be longer than a block.
            if block == blocks[-1]:
                raise
    return read


def _batches(
    text: bytes,
    kinds: Sequence[pa.DataType],
    dialect: CsvDecoder,
    block: int,
    misfits: list[tuple[str, int]],
) -> Iterator[pa.RecordBatch]:
    def set_apart(line: Any) -> str:
        misfits.append((line.text, line.actual_columns))
        return "skip"

    names = [str(place) for place in range(len(kinds))]
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
            # It is known to be UTF-8.
            check_utf8=False,
            column_types=dict(zip(names, kinds, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _special_in(text: bytes, dialect: CsvDecoder) -> list[str]:
    """The characters that cells of a text may hold and JSON writes in another way."""
    marks = [mark.encode() for mark in (dialect.quote, dialect.escape) if mark is not None]
    possible = ['"']
    if any(mark in text for mark in marks):
        possible += ["\n", "\r"]
    if len(text.translate(None, _RARE.encode())) < len(text):
        possible += _RARE
    # The backslash comes first, as the others are written with one.
    return [each for each in _WRITTEN if each in possible and each.encode() in text]


def _add_json_rows(
    read: ReadRows, batch: pa.RecordBatch, keys: Sequence[str], special: Sequence[str]
) -> None:
    """Adds the rows of a batch, each as a JSON object of texts and nulls."""
    kind = batch.schema.field(0).type
    empty, null, quote = (pa.scalar(each, kind) for each in ("", "null", '"'))
    parts: list[Any] = []
    between = "{"
    for key, cells in zip(keys, batch.columns[: len(keys)], strict=True):
        between += f"{key}:"
        if cells.null_count == len(cells):
            between += "null,"
            continue
        written = _escaped(cells, special)
        if cells.null_count:
            quoted = pc.binary_join_element_wise(quote, written, quote, empty)
            parts += [between, pc.coalesce(quoted, null)]
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
                *(pa.scalar(part, kind) if isinstance(part, str) else part for part in parts),
                empty,
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
