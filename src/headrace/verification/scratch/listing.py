"""Lists a source into a temporary database, beside copies of the tables loaded from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import dlt
import duckdb
import pyarrow as pa
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.extract import DltSource

from headrace.core.exceptions import SyncError
from headrace.core.failed_requests import FailedRequest
from headrace.core.figures import Figures
from headrace.destination.dataset import StoredDataset, state_by_resource
from headrace.destination.dlt_clients import KeptFile, make_table, new_job_client
from headrace.destination.dlt_schema import child_tables, tables_below
from headrace.dlt_source.current_sync import RunningSync
from headrace.dlt_source.failed_requests import failed_requests_in
from headrace.dlt_source.missing_rows import GONE_COLUMN
from headrace.dlt_source.refusals import Refusals
from headrace.dlt_source.saved_state import saved_ledgers
from headrace.reading.keep_up.legs import Legs, LegSettings
from headrace.sansio.tail import Ledger
from headrace.syncing.failures import explained_failures
from headrace.syncing.setting_aside import load_what_is_taken
from headrace.verification.scratch.database import open_scratch_database, quoted, rows_of, store
from headrace.verification.scratch.memory import ScratchMemory
from headrace.verification.scratch.nested_rows import NestedRows
from headrace.verification.scratch.raw_rows import RawRows
from headrace.verification.sides import Sides

_LISTED, _CANONICAL, _STORED = "headrace_listed", "headrace_canonical", "headrace_stored"
_FAULTY, _LISTED_FAULTY, _STORED_AGAIN = (
    f"headrace_{name}" for name in ("faulty", "listed_faulty", "stored_again")
)
_NESTED = ("headrace_listed_nested", "headrace_stored_nested")
# Up to so many rows are read again by their keys; of more, the whole table is read.
_FEW = 1_000


class ScratchListing:
    """A listing in a temporary folder, for as long as the `with` block lasts.

    Args:
        pipeline: The pipeline of the tables, whose settings hold for the listing too. Its folder,
            its state and its destination stay as they are.
        stored: What the pipeline has loaded.
        keeps_rows: Whether to keep the rows as the API wrote them as well, for a repair.
    """

    def __init__(
        self, pipeline: dlt.Pipeline, stored: StoredDataset, *, keeps_rows: bool = False
    ) -> None:
        self._pipeline = pipeline
        self._stored = stored
        self.keeps_rows = keeps_rows
        self._schema = stored.schema
        self.ledgers: dict[str, Ledger] = {}
        self.failed_requests: tuple[FailedRequest, ...] = ()
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        folder = self._opened.enter_context(TemporaryDirectory(prefix="headrace-verify-"))
        self._folder = Path(folder)
        self.connection: duckdb.DuckDBPyConnection = open_scratch_database(self._folder)
        self._opened.callback(self.connection.close)
        widest = max(len(each["columns"]) for each in self._schema.tables.values())
        self.memory = ScratchMemory(self.connection, widest)
        self.raw_rows = RawRows(self._folder if self.keeps_rows else None, self.memory)
        self._opened.callback(self.raw_rows.close)
        for schema in (
            _LISTED,
            _CANONICAL,
            _STORED,
            _FAULTY,
            _LISTED_FAULTY,
            _STORED_AGAIN,
            *_NESTED,
        ):
            self.connection.execute(f"CREATE SCHEMA {schema}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opened.close()

    def list_all(self, source: DltSource, figures: Figures, refused: Refusals) -> Schema:
        """Lists everything that the source has, typed as a sync would type it.

        Args:
            source: The source to list. It stays as it is.
            figures: Where to count rows and requests.
            refused: Rows that the destination of the tables does not take: they are set aside.

        Returns:
            The schema of the tables, with the new columns of this listing.

        Raises:
            HeadraceError: The API stopped the listing.
        """
        # It has the same name so that the same dlt settings hold; it shares nothing else.
        pipeline: dlt.Pipeline = dlt.pipeline(
            self._pipeline.pipeline_name,
            pipelines_dir=str(self._folder / "pipelines"),
            destination=dlt.destinations.duckdb(self.connection, **self._stored.identifiers),
            dataset_name=_LISTED,
        )
        listing = _with_schema(source, self._stored.schema)
        self.memory.expect(source.resources.selected)
        try:
            with explained_failures(pipeline), closing(KeptFile(pipeline)) as kept:
                _make_child_tables(pipeline, listing.schema)
                running = RunningSync(
                    figures, Legs(LegSettings()), witness=self.raw_rows, refusals=refused
                )
                load_what_is_taken(
                    pipeline, listing, running, kept, after_leg=self.memory.let_go, note=None
                )
        except SyncError as error:
            # The other lines say what to do with a pending load, but this one is thrown away.
            error.located(str(error).partition("\n")[0])
            raise
        finally:
            self.raw_rows.close()
            self._pipeline.activate()
        self.memory.expect_no_more()
        self.memory.let_go()
        self._schema = pipeline.default_schema
        states = state_by_resource(pipeline.state, self._schema.name)
        self.ledgers = saved_ledgers(states)
        self.failed_requests = tuple(failed_requests_in(states, source.resources.selected))
        return self._schema

    def bring_together(self, table: str, key: tuple[str, ...]) -> Sides:
        """Copies a loaded table into the database, beside its listing.

        Args:
            table: The name of the table in the schema.
            key: The names of the columns of the primary key.

        Returns:
            The two tables to compare.

        Raises:
            SyncError: The destination cannot be read.
        """
        json = self._json_columns(table)
        listed, stored = (f"{schema}.{quoted(table)}" for schema in (_LISTED, _STORED))
        is_stored = store(self.connection, stored, self._batches(self._stored, table), json)
        is_listed = self._has(_LISTED, table)
        if is_listed and json:
            canonical = f"{_CANONICAL}.{quoted(table)}"
            is_listed = store(self.connection, canonical, rows_of(self.connection, listed), json)
            listed = canonical
        self._copy_children(table, self._stored)
        # A side without rows may have no table.
        keys = ", ".join(f"NULL::VARCHAR AS {quoted(name)}" for name in key)
        if not is_stored:
            like = f"FROM {listed}" if is_listed else f"SELECT {keys}"
            self.connection.execute(f"CREATE TABLE {stored} AS {like} LIMIT 0")
        if not is_listed:
            self.connection.execute(f"CREATE TABLE {listed} AS FROM {stored} LIMIT 0")
        return self._sides(table, key, *self._nested.add_to(table, listed, stored))

    def faulty(self, table: str) -> str:
        """Gives the qualified name of a table for the keys of the rows at fault.

        Args:
            table: The name of the table that is compared.
        """
        return f"{_FAULTY}.{quoted(table)}"

    def bring_together_again(self, table: str, sides: Sides, stored: StoredDataset) -> Sides:
        """Copies the rows that were at fault, as they are loaded now, beside their listing.

        Args:
            table: The name of the table in the schema.
            sides: The two tables that were compared before.
            stored: What the pipeline has loaded by now.

        Returns:
            The two tables to compare, with only the rows that were at fault.

        Raises:
            SyncError: The destination cannot be read.
        """
        keys = ", ".join(map(quoted, sides.key))
        faulty = self.connection.sql(f"SELECT {keys} FROM {self.faulty(table)}").to_arrow_table()
        listed, again = f"{_LISTED_FAULTY}.{quoted(table)}", f"{_STORED_AGAIN}.{quoted(table)}"
        batches = self._batches(stored, table, faulty if faulty.num_rows <= _FEW else None)
        if not store(self.connection, again, batches, self._json_columns(table)):
            self.connection.execute(f"CREATE TABLE {again} AS FROM {sides.stored} LIMIT 0")
        self._copy_children(table, stored)
        whole = self._nested.add_to_stored(table, again)
        for copy, rows in ((listed, sides.listed), (again, whole)):
            self.connection.execute(
                f"CREATE OR REPLACE TABLE {copy} AS FROM {rows} "
                f"WHERE ({keys}) IN (SELECT ({keys}) FROM {self.faulty(table)})"
            )
        return replace(sides, listed=listed, stored=again)

    def _copy_children(self, table: str, stored: StoredDataset) -> None:
        """Copies the nested rows of both sides; their JSON is written in its canonical form."""
        children = tables_below(self._schema, table) if table in self._schema.tables else []
        for child in children[1:]:
            json, name = self._json_columns(child), quoted(child)
            for side in self._nested.sides:
                self.connection.execute(f"DROP TABLE IF EXISTS {side}.{name}")
            listed, copied = self._nested.sides
            if self._has(_LISTED, child):
                rows = rows_of(self.connection, f"{_LISTED}.{name}")
                store(self.connection, f"{listed}.{name}", rows, json)
            store(self.connection, f"{copied}.{name}", self._batches(stored, child), json)

    def _batches(
        self, stored: StoredDataset, table: str, keys: pa.Table | None = None
    ) -> Iterator[pa.Table]:
        """The rows of a loaded table, or those of some keys."""
        return self.memory.seen(stored.batches(table, keys))

    @property
    def _nested(self) -> NestedRows:
        return NestedRows(self.connection, self._schema, _NESTED)

    def _json_columns(self, table: str) -> list[str]:
        columns = self._schema.get_table_columns(table) if table in self._schema.tables else {}
        return [name for name, column in columns.items() if column.get("data_type") == "json"]

    def _sides(self, table: str, key: tuple[str, ...], listed: str, stored: str) -> Sides:
        hinted = self._schema.tables.get(table) or TTableSchema(name=table, columns={})
        columns = hinted["columns"]
        naming = self._schema.naming
        valid_to = [name for name, column in columns.items() if column.get("x-valid-to")]
        return Sides(
            listed,
            stored,
            key=key,
            ignored=frozenset(
                name for name, column in columns.items() if column.get("x-valid-from")
            ).union(valid_to, [mark := naming.normalize_identifier(GONE_COLUMN)]),
            ignored_prefix=naming.normalize_identifier("_dlt"),
            age=tuple(naming.normalize_identifier(n) for n in ("_dlt_load_id", "_dlt_id")),
            condition=_is_current(hinted, valid_to),
            mark=mark,
        )

    def _has(self, schema: str, table: str) -> bool:
        found = self.connection.execute(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?",
            [schema, table],
        )
        return bool(found.fetchall())


def _is_current(table: TTableSchema, valid_to: list[str]) -> str:
    """A condition for current rows: `scd2` keeps the earlier versions of a row as well."""
    for name in valid_to:
        end = table["columns"][name].get("x-active-record-timestamp")
        return f"{quoted(name)} = '{end}'" if end else f"{quoted(name)} IS NULL"
    return "true"


def _make_child_tables(pipeline: dlt.Pipeline, schema: Schema) -> None:
    """Makes the child tables that had rows before: a merge asks for them though none come now."""
    with new_job_client(pipeline, schema) as client:
        for root in schema.data_tables(seen_data_only=True):
            if root.get("parent"):
                continue
            for table in child_tables(schema, root["name"] or ""):
                make_table(client, table)


def _with_schema(source: DltSource, stored: Schema) -> DltSource:
    """A copy of the source that starts from the stored schema, as in the pipeline itself."""
    listing = source.clone()
    schema = stored.clone()
    if type(schema.naming) is type(listing.schema.naming):
        schema.update_schema(listing.schema)
    listing.schema = schema
    return listing
