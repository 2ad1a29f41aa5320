"""Lists a source into a database of its own, beside copies of the tables loaded from it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import dlt
import duckdb
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.extract import DltSource

from headrace.core.exceptions import SyncError
from headrace.core.figures import Figures
from headrace.destination.dataset import StoredDataset, state_by_resource
from headrace.dlt_source.current_sync import RunningSync
from headrace.dlt_source.saved_state import saved_ledgers
from headrace.reading.keep_up.legs import Legs, LegSettings
from headrace.sansio.tail import Ledger
from headrace.syncing.failures import explained_failures
from headrace.syncing.loading import load_all
from headrace.verification.scratch.database import open_scratch_database, quoted, rows_of, store
from headrace.verification.scratch.raw_rows import RawRows
from headrace.verification.sides import Sides

_LISTED, _CANONICAL, _STORED = "headrace_listed", "headrace_canonical", "headrace_stored"
_FAULTY, _LISTED_FAULTY, _STORED_AGAIN = (
    f"headrace_{name}" for name in ("faulty", "listed_faulty", "stored_again")
)
# Rows of which so many or fewer are to be read again are asked for by their keys.
_FEW = 1_000


class ScratchListing:
    """A listing in a temporary folder, for as long as the `with` block lasts.

    Args:
        pipeline: whose settings hold; its folder, its state and its destination stay as they are.
        stored: what it has loaded.
        keeps_rows: whether the rows are kept as the API wrote them as well.
    """

    def __init__(
        self, pipeline: dlt.Pipeline, stored: StoredDataset, *, keeps_rows: bool = False
    ) -> None:
        self._pipeline = pipeline
        self._stored = stored
        self.keeps_rows = keeps_rows
        self._schema = stored.schema
        self.ledgers: dict[str, Ledger] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        folder = self._opened.enter_context(TemporaryDirectory(prefix="headrace-verify-"))
        self._folder = Path(folder)
        self.connection: duckdb.DuckDBPyConnection = open_scratch_database(self._folder)
        self._opened.callback(self.connection.close)
        self.raw_rows = RawRows(self._folder if self.keeps_rows else None)
        self._opened.callback(self.raw_rows.close)
        for schema in (_LISTED, _CANONICAL, _STORED, _FAULTY, _LISTED_FAULTY, _STORED_AGAIN):
            self.connection.execute(f"CREATE SCHEMA {schema}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opened.close()

    def list_all(self, source: DltSource, figures: Figures) -> Schema:
        """Lists all that the source has, typed as a sync would type it.

        Args:
            source: to list; stays as it is.
            figures: to count on.

        Returns:
            The schema of the tables, the new columns of this listing among them.

        Raises:
            HeadraceError: the API stopped the listing.
        """
        # Of the same name, so that the same settings hold; nothing else is in common.
        pipeline: dlt.Pipeline = dlt.pipeline(
            self._pipeline.pipeline_name,
            pipelines_dir=str(self._folder / "pipelines"),
            destination=dlt.destinations.duckdb(self.connection, **self._stored.identifiers),
            dataset_name=_LISTED,
        )
        try:
            with explained_failures(pipeline):
                running = RunningSync(figures, Legs(LegSettings()), witness=self.raw_rows)
                load_all(pipeline, _with_schema(source, self._stored.schema), running)
        except SyncError as error:
            # Its other lines advise on a load that is kept, as this one is not.
            error.located(str(error).partition("\n")[0])
            raise
        finally:
            self.raw_rows.close()
            self._pipeline.activate()
        self._schema = pipeline.default_schema
        self.ledgers = saved_ledgers(state_by_resource(pipeline.state, self._schema.name))
        return self._schema

    def bring_together(self, table: str, key: tuple[str, ...]) -> Sides:
        """Puts a copy of a loaded table beside its listing.

        Args:
            table: its name in the schema.
            key: the columns of the primary key.

        Raises:
            SyncError: the destination cannot be read.
        """
        json = self._json_columns(table)
        listed, stored = (f"{schema}.{quoted(table)}" for schema in (_LISTED, _STORED))
        is_stored = store(self.connection, stored, self._stored.batches(table), json)
        is_listed = self._has(_LISTED, table)
        if is_listed and json:
            canonical = f"{_CANONICAL}.{quoted(table)}"
            is_listed = store(self.connection, canonical, rows_of(self.connection, listed), json)
            listed = canonical
        # A side without rows may be without its table.
        keys = ", ".join(f"NULL::VARCHAR AS {quoted(name)}" for name in key)
        if not is_stored:
            like = f"FROM {listed}" if is_listed else f"SELECT {keys}"
            self.connection.execute(f"CREATE TABLE {stored} AS {like} LIMIT 0")
        if not is_listed:
            self.connection.execute(f"CREATE TABLE {listed} AS FROM {stored} LIMIT 0")
        return self._sides(table, key, listed, stored)

    def faulty(self, table: str) -> str:
        """The qualified name of a table for the keys that are missing or differ.

        Args:
            table: the name of the table that is compared.
        """
        return f"{_FAULTY}.{quoted(table)}"

    def bring_together_again(self, table: str, sides: Sides, stored: StoredDataset) -> Sides:
        """Puts what a loaded table has now of its faulty rows beside the listing of these.

        Args:
            table: its name in the schema.
            sides: that were compared before.
            stored: what is loaded now.

        Raises:
            SyncError: the destination cannot be read.
        """
        keys = ", ".join(map(quoted, sides.key))
        faulty = self.connection.sql(f"SELECT {keys} FROM {self.faulty(table)}").to_arrow_table()
        listed, again = f"{_LISTED_FAULTY}.{quoted(table)}", f"{_STORED_AGAIN}.{quoted(table)}"
        batches = stored.batches(table, faulty if faulty.num_rows <= _FEW else None)
        if not store(self.connection, again, batches, self._json_columns(table)):
            self.connection.execute(f"CREATE TABLE {again} AS FROM {sides.stored} LIMIT 0")
        for copy, rows in ((listed, sides.listed), (again, again)):
            self.connection.execute(
                f"CREATE OR REPLACE TABLE {copy} AS FROM {rows} "
                f"WHERE ({keys}) IN (SELECT ({keys}) FROM {self.faulty(table)})"
            )
        return replace(sides, listed=listed, stored=again)

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
            ).union(valid_to),
            ignored_prefix=naming.normalize_identifier("_dlt"),
            age=tuple(naming.normalize_identifier(n) for n in ("_dlt_load_id", "_dlt_id")),
            condition=_is_current(hinted, valid_to),
        )

    def _has(self, schema: str, table: str) -> bool:
        found = self.connection.execute(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?",
            [schema, table],
        )
        return bool(found.fetchall())


def _is_current(table: TTableSchema, valid_to: list[str]) -> str:
    """What is true of rows that are no history of others."""
    for name in valid_to:
        end = table["columns"][name].get("x-active-record-timestamp")
        return f"{quoted(name)} = '{end}'" if end else f"{quoted(name)} IS NULL"
    return "true"


def _with_schema(source: DltSource, stored: Schema) -> DltSource:
    """The source as it would run in the pipeline that knows the stored schema."""
    listing = source.clone()
    schema = stored.clone()
    if type(schema.naming) is type(listing.schema.naming):
        schema.update_schema(listing.schema)
    listing.schema = schema
    return listing
