"""Marks or deletes the rows that the API has no more, once it is known of a load that it has all.

The load says so (`dlt_source/missing_rows.py`); this room sees whether it may be believed:

- What came on one page is there at once. While several pages are read, a row can move past the
  reader: where it is asked for by numbers, each row that is deleted moves all behind it, and a
  cursor may be such a number. So all is listed once more. A row that was passed over needs another
  one that was there and has gone; where the second listing shows all that the first one did, and
  none came twice, the first one had all.
- Never more than a share of the table, without a word of the user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.common.schema import Schema
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltSource
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

from headrace.config.built.missing_rows import MissingRows
from headrace.core.exceptions import ConfigError, Fault
from headrace.destination.dataset import state_by_resource
from headrace.destination.dlt_clients import is_sql_destination
from headrace.destination.dlt_schema import columns_with, has_rows, hinted_table
from headrace.destination.missing_rows import MergedTable, NotBroughtSince, WithKeys
from headrace.destination.pipeline import destination_name
from headrace.dlt_source import gone_rows
from headrace.dlt_source.current_sync import RunningSync
from headrace.dlt_source.listed_keys import PARENT, SCOPE, table_of_listed
from headrace.dlt_source.missing_rows import (
    GONE_COLUMN,
    AllRowsClaim,
    claim_in,
    loads_of_gone_rows,
    loads_of_listed_parents,
    missing_rows_of,
)
from headrace.syncing.local_memory import LocalMemory
from headrace.syncing.results import FoundMissing

_REMEMBERED = "headrace_missing_rows"
_MOST_LISTINGS = 3
# Databases take only so many parameters in one statement.
_KEYS_AT_ONCE = 500
# Behind the name of a resource: the last load whose findings are dealt with.
_FOUND = " found"
# So few may always be missing, but never all: of a small table each row is a large share.
_FEW = 5

_NO_SQL = (
    "rows that are gone are found and {done} by SQL, which `{destination}` does not take. Use "
    "`write_disposition: replace`, `missing_rows: keep`, or a destination with SQL, as duckdb or "
    "postgres"
)
_UNSETTLED = (
    "`{resource}`: {rows:,} rows of the table `{table}` were not listed, but others went while "
    "they were looked for, so that none is taken for gone yet: the next sync looks again"
)
_OTHER_TYPE = (
    "`{resource}`: no row is taken for gone, as the key of the table `{table}` has another type "
    "than the keys that were listed beside it; drop the table of these, whose name begins with "
    "`_headrace_listed_`"
)


class MissingRowsStep:
    """What a sync does about rows that the API has no more.

    Args:
        pipeline: The pipeline.
        source: What is loaded.
        sync: The sync.
        allow: Whether any number of rows may be marked or deleted.

    Attributes:
        found: What was found missing, by the name of the resource.
    """

    def __init__(
        self, pipeline: dlt.Pipeline, source: DltSource, sync: RunningSync, *, allow: bool
    ) -> None:
        self._pipeline = pipeline
        self._schema_name = source.schema.name
        self._sync = sync
        self._allow = allow
        self._wanted = dict(_wanted(source))
        self.found: dict[str, FoundMissing] = {}

    def refuse_without_sql(self) -> None:
        """Refuses to begin where rows could not be taken out of their tables.

        Raises:
            ConfigError: The destination takes no SQL.
        """
        if not self._wanted or self._pipeline.destination is None:
            return
        try:
            takes_sql = is_sql_destination(self._pipeline)
        except ImportError:
            # The load says which packages are missing.
            return
        if takes_sql:
            return
        faults = [
            Fault(
                f"resources.{name}.missing_rows",
                _NO_SQL.format(
                    done="marked" if wanted.action == "mark" else "deleted",
                    destination=destination_name(self._pipeline),
                ),
            )
            for name, (_, wanted) in self._wanted.items()
        ]
        if faults:
            raise ConfigError(faults)

    def finish_earlier(self) -> None:
        """Does what an earlier sync has left undone, as it was killed behind its load.

        What was not certain then is left to the listing that comes.

        Raises:
            DltException: The destination refuses that.
        """
        if not self._wanted:
            return
        if self._claims():
            self._settle(is_late=True)
        self._sync.settled.update(self._settle_found(is_late=True))

    def settle(self, list_again: Callable[[list[str]], object]) -> None:
        """Marks or deletes what the loads of this sync have shown to be missing.

        Args:
            list_again: Loads resources once more, by their names.

        Raises:
            DltException: The destination refuses that.
            HeadraceError: A resource cannot be listed again.
        """
        if not self._wanted:
            return
        self._settle_found()
        unsettled = self._settle()
        for _ in range(_MOST_LISTINGS - 1):
            names = [name for name in unsettled if not self._sync.legs.stop.is_set()]
            if not names:
                break
            with self._uncounted():
                list_again(names)
            unsettled = self._settle()
        for name, rows in unsettled.items():
            table, _ = self._wanted[name]
            note = _UNSETTLED.format(resource=name, rows=rows, table=table)
            self._sync.figures.of(name).note(note)

    @contextmanager
    def _uncounted(self) -> Iterator[None]:
        """Counts the requests in the block, but not rows that come once more."""
        figures, commits = self._sync.figures, self._sync.commits
        before = {name: replace(counts) for name, counts in figures.resources.items()}
        reasons = dict(figures.reasons)
        try:
            yield
        finally:
            figures.take_back(before, reasons)
            commits.figures = {name: replace(each) for name, each in figures.resources.items()}
            commits.reasons = reasons

    def _claims(self) -> dict[str, AllRowsClaim]:
        """The claims that are not settled yet, by the name of the resource."""
        states = state_by_resource(self._pipeline.state, self._schema_name)
        settled = LocalMemory(self._pipeline, _REMEMBERED).read()
        claims = {name: claim_in(states.get(name) or {}) for name in self._wanted}
        return {
            name: claim
            for name, claim in claims.items()
            if claim is not None and settled.get(name) != claim.load_id
        }

    def _settle(self, *, is_late: bool = False) -> dict[str, int]:
        """Does what is certain; gives how many rows are missing by listings to be read again."""
        unsettled: dict[str, int] = {}
        schema, claims = self._pipeline.schemas.get(self._schema_name), self._claims()
        if schema is None or not claims:
            return unsettled
        memory = LocalMemory(self._pipeline, _REMEMBERED)
        with self._pipeline.sql_client(schema.name) as client:
            for name, claim in claims.items():
                table, wanted = self._wanted[name]
                if not _has_ids(schema, table):
                    continue
                merged = self._merged(client, schema, table, wanted)
                if not merged.is_comparable:
                    self._sync.figures.of(name).note(_OTHER_TYPE.format(resource=name, table=table))
                    continue
                rows = self._settle_one(name, claim, merged, is_late=is_late)
                if rows:
                    unsettled[name] = rows
                else:
                    memory.add({name: claim.load_id})
        return unsettled

    def _settle_one(
        self, name: str, claim: AllRowsClaim, merged: MergedTable, *, is_late: bool
    ) -> int:
        """Does what a claim asks for; gives how many rows are missing where it is not certain."""
        table, wanted = self._wanted[name]
        missing = NotBroughtSince(claim.load_id, (claim.load_id,))
        of_rows, rows = merged.count(missing)
        merged.forget_listed(claim.confirms or claim.load_id)
        if not rows:
            return 0
        if not self._may(rows, of_rows, wanted):
            if not is_late:
                self.found[name] = FoundMissing(
                    name, table, wanted.action, rows, of_rows, wanted.most, is_refused=True
                )
            return 0
        if wanted.confirm and not claim.is_one_page:
            if claim.confirms is None or merged.count_unseen(claim.confirms, claim.load_id):
                return 0 if is_late else rows
            missing = NotBroughtSince(claim.confirms, (claim.confirms, claim.load_id))
            of_rows, rows = merged.count(missing)
        if not rows:
            return 0
        self._do(name, merged, [missing], rows, of_rows)
        return 0

    def _do(
        self,
        name: str,
        merged: MergedTable,
        missing: Sequence[NotBroughtSince | WithKeys],
        rows: int,
        of_rows: int,
    ) -> None:
        table, wanted = self._wanted[name]
        counts = self._sync.figures.of(name)
        for each in missing:
            if wanted.action == "mark":
                merged.mark(each, datetime.fromtimestamp(self._sync.legs.clock(), UTC))
            else:
                merged.delete(each)
        counts.marked += rows if wanted.action == "mark" else 0
        counts.deleted += rows if wanted.action == "delete" else 0
        before = self.found.get(name)
        rows += before.rows if before is not None and not before.is_refused else 0
        self.found[name] = FoundMissing(name, table, wanted.action, rows, of_rows, wanted.most)

    def _settle_found(self, *, is_late: bool = False) -> set[str]:
        """Does what is to be done with rows that loads have found to be gone for certain.

        Those are rows that their own path knows no more, and rows that belonged to a row of a
        parent whose listing has come whole.

        Returns:
            The names of the resources for which all is done.
        """
        states = state_by_resource(self._pipeline.state, self._schema_name)
        schema, done = self._pipeline.schemas.get(self._schema_name), set[str]()
        memory = LocalMemory(self._pipeline, _REMEMBERED)
        if schema is None:
            return done
        for name, (table, wanted) in self._wanted.items():
            state = states.get(name) or {}
            gone, parents = loads_of_gone_rows(state), loads_of_listed_parents(state)
            found = [*gone, *parents]
            if not found:
                continue
            if memory.read().get(f"{name}{_FOUND}") != found[-1] and _has_ids(schema, table):
                with self._pipeline.sql_client(schema.name) as client:
                    merged = self._merged(client, schema, table, wanted)
                    missing: list[NotBroughtSince | WithKeys] = [
                        *_of_gone(client, schema, table, name, gone),
                        *_of_parents(parents),
                    ]
                    if not self._settle_certain(name, merged, missing, is_late=is_late):
                        continue
                    merged.forget_listed(found[0])
            done.add(name)
            memory.add({f"{name}{_FOUND}": found[-1]})
        return done

    def _settle_certain(
        self,
        name: str,
        merged: MergedTable,
        missing: Sequence[NotBroughtSince | WithKeys],
        *,
        is_late: bool,
    ) -> bool:
        """Does what is certain for one resource; whether that may be done without a word."""
        table, wanted = self._wanted[name]
        counts = [merged.count(each) for each in missing]
        rows = sum(count for _, count in counts)
        if not rows:
            return True
        of_rows = counts[0][0]
        if not self._may(rows, of_rows, wanted):
            if not is_late:
                self.found[name] = FoundMissing(
                    name, table, wanted.action, rows, of_rows, wanted.most, is_refused=True
                )
            return False
        self._do(name, merged, missing, rows, of_rows)
        return True

    def _merged(
        self, client: SqlClientBase[Any], schema: Schema, table: str, wanted: MissingRows
    ) -> MergedTable:
        return MergedTable(
            client,
            schema,
            table,
            listed=table_of_listed(schema, table),
            parent=PARENT,
            scope=SCOPE,
            parent_columns=wanted.parent_columns,
            mark=GONE_COLUMN if wanted.action == "mark" else None,
        )

    def _may(self, rows: int, of_rows: int, wanted: MissingRows) -> bool:
        # By the share, as 0.29 * 100 is less than 29.
        if self._allow or not of_rows or rows / of_rows <= wanted.most:
            return True
        return rows <= _FEW and rows < of_rows


def _wanted(source: DltSource) -> Iterator[tuple[str, tuple[str, MissingRows]]]:
    """The selected resources with something to do about missing rows, and their tables."""
    for name, resource in source.resources.selected.items():
        try:
            hinted = hinted_table(resource, source.schema)
        except DataItemRequiredForDynamicTableHints:
            continue
        wanted = missing_rows_of(hinted)
        if wanted is not None:
            yield name, (str(hinted["name"]), wanted)


def _of_parents(loads: Sequence[str]) -> Iterator[NotBroughtSince]:
    """What has gone from listings that came whole, by the load that has brought them."""
    for place, load_id in enumerate(loads):
        # What a later one has listed has come again.
        yield NotBroughtSince(load_id, tuple(loads[place:]), within=load_id)


def _of_gone(
    client: SqlClientBase[Any], schema: Schema, table: str, resource: str, loads: Sequence[str]
) -> Iterator[WithKeys]:
    """The rows that are gone by their own path, by the load that has found it."""
    named = schema.naming.normalize_identifier
    beside = schema.naming.normalize_tables_path(gone_rows.TABLE)
    if beside not in schema.tables or not loads:
        return
    load_id, key, of_resource = (
        client.escape_column_name(named(each)) for each in ("_dlt_load_id", "key", "resource")
    )
    stored = schema.tables[table]
    (column,) = columns_with(stored, "primary_key")
    is_number = stored["columns"][column].get("data_type") == "bigint"
    for load in loads:
        found = client.execute_sql(
            f"SELECT {key} FROM {client.make_qualified_table_name(beside)} "
            f"WHERE {of_resource} = %s AND {load_id} = %s",
            resource,
            load,
        )
        # The table beside has each key as text.
        keys = [int(text) if is_number else text for (text,) in found or ()]
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            yield WithKeys(tuple(keys[start : start + _KEYS_AT_ONCE]), load)


def _has_ids(schema: Schema, table: str) -> bool:
    """Whether a table is there whose rows tell by which load they came."""
    stored = schema.tables.get(table)
    if stored is None or not has_rows(stored):
        return False
    load_id = schema.naming.normalize_identifier("_dlt_load_id")
    return load_id in stored["columns"] and bool(columns_with(stored, "row_key", typed_only=True))
