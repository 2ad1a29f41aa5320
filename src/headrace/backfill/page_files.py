"""Pages in Parquet files: the rows as they came, with the request that brought them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Any, Self

import msgspec
import pyarrow.parquet as pq

from headrace.core.arrow import pa
from headrace.core.exchange import ShownRequest
from headrace.reading.fetched_page import FetchedPage
from headrace.sansio.rows import RejectedRow
from headrace.sansio.windows import Window

# So many bytes of pages are one row group, which is what a reader holds in memory.
_GROUP_BYTES = 8 * 1024 * 1024
_UNREADABLE = pa.struct([("row", pa.large_binary()), ("reason", pa.string())])
_WINDOW = pa.struct(
    [
        ("low", pa.int64()),
        ("high", pa.int64()),
        ("number", pa.int64()),
        ("is_first", pa.bool_()),
        ("is_last", pa.bool_()),
    ]
)
_SCHEMA = pa.schema(
    [
        ("stretch", pa.int32()),
        ("method", pa.string()),
        ("url", pa.string()),
        ("size", pa.int64()),
        ("window", _WINDOW),
        ("rows", pa.list_(pa.large_binary())),
        ("unreadable", pa.list_(_UNREADABLE)),
    ]
)


class PageWriter:
    """Writes pages into a file.

    Args:
        file: The file, open for writing.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._writer = pq.ParquetWriter(file, _SCHEMA, compression="zstd", write_page_checksum=True)
        self._waiting: list[dict[str, Any]] = []
        self._bytes = 0

    def write(self, stretch: int, page: FetchedPage) -> None:
        """Writes a page.

        Args:
            stretch: The place of its stretch in the lane.
            page: The page.
        """
        window = page.window
        self._waiting.append(
            {
                "stretch": stretch,
                "method": page.request.method,
                "url": page.request.url,
                "size": page.size,
                "window": None
                if window is None
                else {name: getattr(window, name) for name in _WINDOW.names},
                "rows": [bytes(row) for row in page.rows],
                "unreadable": [
                    {"row": bytes(each.row), "reason": each.reason} for each in page.unreadable
                ],
            }
        )
        self._bytes += sum(map(len, self._waiting[-1]["rows"]))
        if self._bytes >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        columns = [
            pa.array([each[name] for each in self._waiting], _SCHEMA.field(name).type)
            for name in _SCHEMA.names
        ]
        self._writer.write_table(pa.table(columns, schema=_SCHEMA))
        self._waiting.clear()
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._waiting and error is None:
            self._flush()
        self._writer.close()


def pages_in(file: IO[bytes]) -> Iterator[tuple[int, FetchedPage]]:
    """The pages of a file, in their order, each with the place of its stretch in the lane.

    Args:
        file: The file, open for reading.

    Raises:
        pyarrow.ArrowException: The file is not as it was written.
    """
    for record in _records(file):
        window = record["window"]
        page = FetchedPage(
            [msgspec.Raw(row) for row in record["rows"]],
            record["size"],
            ShownRequest.of(record["method"], record["url"]),
            unreadable=[
                RejectedRow(msgspec.Raw(each["row"]), each["reason"])
                for each in record["unreadable"]
            ],
            window=None if window is None else Window(**window),
        )
        yield record["stretch"], page


def _records(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    with _as_arrow_says():
        read = pq.ParquetFile(file, page_checksum_verification=True)
    for group in range(read.num_row_groups):
        with _as_arrow_says():
            records = read.read_row_group(group).to_pylist()
        yield from records


@contextmanager
def _as_arrow_says() -> Iterator[None]:
    """Arrow calls some of what is wrong in a file an `OSError`, as if it could not be reached."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
        raise pa.ArrowInvalid(str(error)) from None
