"""The files of pages, as a folder gives them back."""

from __future__ import annotations

import io

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.backfill.page_files import PageWriter, pages_in
from headrace.core.exchange import ShownRequest
from headrace.reading.fetched_page import FetchedPage

ROWS = [b'{"id":%d,"name":"%d"}' % (number, number * 7919 % 1000) for number in range(200)]


def written() -> bytes:
    file = io.BytesIO()
    with PageWriter(file) as writer:
        request = ShownRequest.of("GET", "http://127.0.0.1/items")
        writer.write(0, FetchedPage([msgspec.Raw(row) for row in ROWS], 4_000, request))
    return file.getvalue()


def read(content: bytes) -> list[bytes]:
    return [bytes(row) for _, page in pages_in(io.BytesIO(content)) for row in page.rows]


@pytest.mark.parametrize("from_end", [1, 100, 400, 700])
def test_a_byte_that_has_changed_is_never_a_row(from_end: int) -> None:
    content = bytearray(written())
    assert read(bytes(content)) == ROWS
    group = pq.ParquetFile(io.BytesIO(bytes(content))).metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    (rows,) = (each for each in columns if each.path_in_schema.startswith("rows."))
    begin = rows.dictionary_page_offset if rows.has_dictionary_page else rows.data_page_offset
    content[begin + rows.total_compressed_size - from_end] ^= 0x10
    with pytest.raises(pa.ArrowInvalid):
        read(bytes(content))
