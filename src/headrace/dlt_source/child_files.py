"""The door to the package of the running load: files of rows for child tables.

A resource hands rows for its own table to dlt, and has no way to hand over rows of a child table:
dlt makes those in its normalize step, of rows that it gets as dicts. What is handed over is kept in
files in the package of the load, though, each named by its table, and whichever file lies there
when the extraction ends is normalized and loaded as one of that table. So the rows of child tables
are written beside the others, in Parquet by dlt's own writer, and the tables are made known to the
schema of the source, as dlt's normalizer would do it later.

The ids of such rows are those that dlt makes of the id of the row that the list is in.

None of that is documented. At an upgrade of dlt check that the load's context still has its
`storage`, that a file there is taken for its table, and that a resource that dlt calls in a thread
of its own is called in one of a pool named `dlt-pool-`. Where a name is missing, `open_files` says
so, and the rows take the side road; `tests/stories/loading/test_lists_in_arrow.py` fails then.
"""

from __future__ import annotations

import threading
from typing import Any

from dlt.common.schema.typing import TTableSchemaColumns

from headrace.core.arrow import pa, whole_numbers
from headrace.core.dlt_door.contexts import context, has_context
from headrace.sansio.rows import nested_row_ids

_POOL = "dlt-pool-"


class ChildFiles:
    """Files in the package of the running load.

    Args:
        storage: dlt's storage of a package's files.
        load_id: The id of the load.
        schema_name: The name of the schema of the source.
    """

    def __init__(self, storage: Any, load_id: str, schema_name: str) -> None:
        self._storage = storage
        self._load_id = load_id
        self._schema_name = schema_name

    def write(self, table: str, rows: pa.Table, columns: TTableSchemaColumns) -> None:
        """Writes rows of a table.

        Args:
            table: The name of the table.
            rows: The rows.
            columns: The table's columns, those of the rows in their order.
        """
        self._storage.write_data_item(self._load_id, self._schema_name, table, [rows], columns)

    def close(self, *, is_whole: bool) -> None:
        """Ends the files.

        Args:
            is_whole: Whether all rows were written, so that the files are to be loaded.
        """
        self._storage.close_writers(self._load_id, skip_flush=not is_whole)


def open_files(load_id: str, schema_name: str) -> ChildFiles | None:
    """Opens files in the package of the running load; None where dlt has no place for them.

    Args:
        load_id: The id of the load.
        schema_name: The name of the schema of the source.
    """
    if threading.current_thread().name.startswith(_POOL):
        # The end of the rows is reached before dlt has taken the last of them, and with them the
        # table that the lists belong to.
        return None
    try:
        from dlt.common.data_writers import DataWriter
        from dlt.common.normalizers.json.helpers import get_nested_row_hash
        from dlt.common.storages.load_package import LoadPackageStateInjectableContext
        from dlt.extract.storage import ExtractorItemStorage

        if not has_context(LoadPackageStateInjectableContext):
            return None
        package = context(LoadPackageStateInjectableContext)
        spec = DataWriter.writer_spec_from_file_format("parquet", "arrow")
        storage = ExtractorItemStorage(package.storage, spec)
        if [get_nested_row_hash("a-1", "b", 2)] != nested_row_ids(
            ["a-1"], "b", whole_numbers([2])
        ).to_pylist():
            return None
    except (ImportError, AttributeError, TypeError):
        return None
    return ChildFiles(storage, load_id, schema_name)
