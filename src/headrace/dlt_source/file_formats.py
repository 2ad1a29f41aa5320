"""In which file formats the rows of a table are handed to its destination.

dlt chooses a format for Arrow tables and one for dicts. Some choices lose something, by dlt 1.31
with PostgreSQL: it loads Arrow tables as CSV, in which an empty text of a nullable column becomes
null. With the ADBC driver it could load Parquet, but only where it is asked to.

At an upgrade of dlt check that `resolve_best_writer_spec` still tells what dlt chooses for Arrow
tables, that a `file_format` that is not supported is ignored, and that `preferred` stands for the
format of dicts; the tests in `tests/stories/loading/test_postgres.py` fail where one is not true.
"""

from __future__ import annotations

from collections.abc import Callable

from dlt.common.data_writers import resolve_best_writer_spec
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema.typing import TFileFormat, TTableSchema

from headrace.core.quick_dataclasses import dataclass
from headrace.destination.binary_copy import is_beyond_arrow


@dataclass(frozen=True, slots=True)
class FileFormats:
    """The formats of a table, as hints for dlt.

    Args:
        arrow: For Arrow tables; None leaves the choice to dlt.
        dicts: For dicts; None leaves the choice to dlt.
        loses_empty_texts: Whether an empty text in an Arrow table arrives as null.
    """

    arrow: TFileFormat | None = None
    dicts: TFileFormat | None = None
    loses_empty_texts: bool = False

    @property
    def no_rows(self) -> TFileFormat | None:
        """For a load without rows: the driver that copies Parquet files fails at an empty one."""
        return "preferred" if self.arrow else None


def file_formats_of(
    table: TTableSchema,
    capabilities: DestinationCapabilitiesContext,
    is_copied_exactly: Callable[[], bool],
    *,
    may_discard_rows: bool,
) -> FileFormats:
    """Chooses the formats in which each value arrives as it is, the fastest of them.

    Args:
        table: The table as the resource's hints declare it. A `file_format` of the user's stays.
        capabilities: What the destination takes.
        is_copied_exactly: Says whether the destination's columns take the bytes of Parquet files as
            they are; asked only where a driver copies those without a look at the columns.
        may_discard_rows: Whether dlt may leave out rows that it gets, by a schema contract. It then
            may write a file without rows, which the driver refuses.
    """
    if table.get("file_format"):
        return FileFormats()
    supported = list(capabilities.supported_loader_file_formats or [])
    preferred = capabilities.preferred_loader_file_format
    choose = capabilities.loader_file_format_selector
    if choose is not None:
        preferred, chosen = choose(preferred, supported, table_schema=table)
        supported = list(chosen)
    if "parquet" not in supported:
        arrow = resolve_best_writer_spec("arrow", supported, preferred).file_format
        return FileFormats(loses_empty_texts=arrow == "csv")
    if choose is None:
        return FileFormats(dicts="parquet")
    if not (may_discard_rows or _has_more_than_arrow(table)) and is_copied_exactly():
        return FileFormats("parquet", "parquet")
    return FileFormats("preferred", "preferred")


def _has_more_than_arrow(table: TTableSchema) -> bool:
    return any(is_beyond_arrow(column) for column in table.get("columns", {}).values())
