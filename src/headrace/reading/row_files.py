"""Writes the rows of a reader: JSON lines, CSV, an Arrow stream or a Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import IO, Any, Literal, get_args

import msgspec

from headrace.core.arrow import pa
from headrace.reading.reader import Reader
from headrace.sansio.rows.plain_types import REST

FileFormat = Literal["jsonl", "csv", "arrow", "parquet"]
FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
TEXT_FORMATS: frozenset[FileFormat] = frozenset(["jsonl", "csv"])

_JSON = msgspec.json.Encoder(decimal_format="number")


def write_rows(reader: Reader, stream: IO[bytes], file_format: FileFormat) -> None:
    """Writes all rows of a reader.

    Args:
        reader: The reader.
        stream: What to write to; it stays open.
        file_format: In which format.

    Raises:
        HeadraceError: The listing failed; what had come before is written.
        OSError: What was written to takes no more.
    """
    if file_format == "jsonl":
        for batch in reader:
            stream.write(_JSON.encode_lines(_rows_of(batch)))
        return
    with _WRITERS[file_format](
        _Counting(stream), _written_schema(reader.schema, file_format)
    ) as to:
        for batch in reader:
            to.write_batch(_as_written(batch, file_format))


def _rows_of(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    for row in batch.to_pylist():
        if row[REST] is None:
            del row[REST]
        yield row


class _Counting:
    """A stream that knows how much was written: a pipe does not.

    Args:
        stream: What is written to.
    """

    closed = False

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._count = 0

    def write(self, data: Any) -> int:
        """Writes bytes."""
        self._stream.write(data)
        self._count += len(data)
        return len(data)

    def tell(self) -> int:
        """How many bytes were written."""
        return self._count

    def flush(self) -> None:
        """Hands on what is held back."""
        self._stream.flush()

    def close(self) -> None:
        """Leaves the stream open: it is not ours."""


def _new_csv(stream: Any, schema: pa.Schema) -> Any:
    import pyarrow.csv

    return pyarrow.csv.CSVWriter(stream, schema)


def _new_arrow(stream: Any, schema: pa.Schema) -> Any:
    import pyarrow.ipc

    return pyarrow.ipc.new_stream(stream, schema)


def _new_parquet(stream: Any, schema: pa.Schema) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetWriter(stream, schema)


_WRITERS: Mapping[FileFormat, Callable[[Any, pa.Schema], AbstractContextManager[Any]]] = {
    "csv": _new_csv,
    "arrow": _new_arrow,
    "parquet": _new_parquet,
}


def _written_schema(schema: pa.Schema, file_format: FileFormat) -> pa.Schema:
    if file_format != "csv":
        return schema
    return pa.schema([pa.field(each.name, _in_csv(each.type)) for each in schema])


def _in_csv(kind: pa.DataType) -> pa.DataType:
    is_text = pa.types.is_nested(kind) or pa.types.is_binary(kind)
    return pa.string() if is_text else kind


def _as_written(batch: pa.RecordBatch, file_format: FileFormat) -> pa.RecordBatch:
    if file_format != "csv":
        return batch
    schema = _written_schema(batch.schema, file_format)
    columns = [
        column if column.type == each.type else _as_json(column)
        for column, each in zip(batch.columns, schema, strict=True)
    ]
    return pa.record_batch(columns, schema=schema)


def _as_json(column: pa.Array) -> pa.Array:
    """Lists as the text of their JSON, which CSV has no other way for."""
    texts = (None if value is None else _text_of(value) for value in column.to_pylist())
    return pa.array(texts, pa.string())


def _text_of(value: Any) -> str:
    written = _JSON.encode(value).decode()
    return written[1:-1] if isinstance(value, bytes) else written
