"""Marks or deletes the rows that the API has no more, once it is known of a load that it has all.

The load says so (`dlt_source/missing_rows.py`); this room sees whether it may be believed:

- What came on one page is there at once. While several pages are read, a row can move past the
  reader: where it is asked for by numbers, each row that is deleted moves all behind it, and a
  cursor may be such a number. So all is listed once more. A row that was passed over needs another
  one that was there and has gone; where the second listing shows all that the first one did, and
  nothing that it missed, and none came twice, the first one had all.
- Never more than a share of the table, without a word of the user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
from headrace.destination.dlt_schema import add_columns, columns_with, has_rows, hinted_table
from headrace.destination.missing_rows import MergedTable
from headrace.destination.pipeline import destination_name
from headrace.destination.stored_states import saved_versions
from headrace.dlt_source.current_sync import RunningSync
from headrace.dlt_source.listed_keys import PARENT, SCOPE, table_of_listed
from headrace.dlt_source.missing_rows import GONE_COLUMN, MARK, missing_rows_of
from headrace.dlt_source.missing_rows_state import AllRowsClaim, claim_in
from headrace.syncing.local_memory import LocalMemory
from headrace.syncing.missing_by_state import (
    Missing,
    loads_of,
    loads_since_found,
    missing_by_both,
    missing_by_claim,
    missing_by_findings,
)
from headrace.syncing.results import FoundMissing

_REMEMBERED = "headrace_missing_rows"
_MOST_LISTINGS = 3
# Behind the name of a resource: the last load whose findings are dealt with.
_FOUND = " found"
# And the last load with a claim, with the number of rows that it has missed and that are there.
_MISSED = " missed"
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
_TOO_MANY = (
    "{rows:,} of the {of_rows:,} rows of the table `{table}` are not listed by the API any more, "
    "which is more than `missing_rows` of `{resource}` allows: none was {done}"
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

    def add_marks(self, source: DltSource) -> None:
        """Adds the column of the marks to tables that are there, whatever a contract says of rows.

        dlt would hold the `schema_contract` against it as against a field that the API brings.

        Args:
            source: What is about to be loaded.
        """
        known = self._pipeline.schemas.get(self._schema_name)
        tables = {} if known is None else known.tables
        column = source.schema.naming.normalize_identifier(GONE_COLUMN)
        for table, wanted in self._wanted.values():
            stored = tables.get(table)
            if wanted.action == "mark" and stored is not None and has_rows(stored):
                add_columns(source.schema, table, {column: MARK})

    def finish_earlier(self) -> None:
        """Does what an earlier sync has left undone, as it was killed behind its load.

        What was not certain then is left to the listing that comes.

        Raises:
            DltException: The destination refuses that.
        """
        if not self._wanted:
            return
        if not self._is_last_state():
            self._sync.doubted.update(self._wanted)
            self._sync.settled.update(self._wanted)
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
        settled = LocalMemory(self._pipeline, _REMEMBERED).read()
        claims = {name: claim_in(state) for name, state in self._states().items()}
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
        with self._pipeline.sql_client(schema.name) as client:
            for name, claim in claims.items():
                table, wanted = self._wanted[name]
                if not _has_ids(schema, table):
                    continue
                merged = self._merged(client, schema, table, wanted)
                if not merged.is_comparable:
                    self._sync.figures.of(name).note(_OTHER_TYPE.format(resource=name, table=table))
                    continue
                if rows := self._settle_one(name, claim, merged, is_late=is_late):
                    unsettled[name] = rows
        return unsettled

    def _settle_one(
        self, name: str, claim: AllRowsClaim, merged: MergedTable, *, is_late: bool
    ) -> int:
        """Does what a claim asks for; gives how many rows are missing where it is not certain."""
        loads, memory = loads_of(claim), LocalMemory(self._pipeline, _REMEMBERED)
        merged.forget_listed(claim.until, (*loads, *loads_since_found(self._states()[name])))
        merged.unmark_listed(loads)
        missed = Missing.counted(merged, missing_by_claim(claim))
        gone = self._gone(name, claim, merged, missed, is_late=is_late)
        if gone is not None and gone.rows:
            self._do(name, merged, gone)
        left = missed.rows - (gone.rows if gone is not None else 0)
        memory.add({f"{name}{_MISSED}": [claim.load_id, left]})
        if gone is None and not is_late:
            return missed.rows
        memory.add({name: claim.load_id})
        return 0

    def _gone(
        self,
        name: str,
        claim: AllRowsClaim,
        merged: MergedTable,
        missed: Missing,
        *,
        is_late: bool,
    ) -> Missing | None:
        """What a claim shows to be gone, and may go; None where that is not certain yet."""
        _, wanted = self._wanted[name]
        if not missed.rows:
            return missed
        if not self._may(name, missed, is_late=is_late):
            return Missing()
        if not wanted.confirm or claim.is_one_page:
            return missed
        gone = self._missing_by_both(name, claim, merged)
        if gone is None or not gone.rows or self._may(name, gone, is_late=is_late):
            return gone
        return Missing()

    def _missing_by_both(
        self, name: str, claim: AllRowsClaim, merged: MergedTable
    ) -> Missing | None:
        """What two listings have missed; None where the second does not confirm the first."""
        if claim.confirms is None or merged.count_unseen(claim.confirms, claim.load_id):
            return None
        missing = Missing.counted(merged, missing_by_both(claim))
        # Where rows have come again that the first one missed, it did not have all.
        missed = LocalMemory(self._pipeline, _REMEMBERED).read().get(f"{name}{_MISSED}")
        return missing if missed == [claim.confirms, missing.rows] else None

    def _do(self, name: str, merged: MergedTable, missing: Missing) -> None:
        table, wanted = self._wanted[name]
        counts, rows = self._sync.figures.of(name), missing.rows
        for each in missing.what:
            if wanted.action == "mark":
                merged.mark(each, datetime.fromtimestamp(self._sync.legs.clock(), UTC))
            else:
                merged.delete(each)
        counts.marked += rows if wanted.action == "mark" else 0
        counts.deleted += rows if wanted.action == "delete" else 0
        before = self.found.get(name)
        rows += before.rows if before is not None and not before.is_refused else 0
        self.found[name] = FoundMissing(
            name, table, wanted.action, rows, missing.of_rows, wanted.most
        )

    def _settle_found(self, *, is_late: bool = False) -> set[str]:
        """Does what is to be done with rows that loads have found to be gone for certain.

        Those are rows that their own path knows no more, and rows that belonged to a row of a
        parent whose listing has come whole.

        Returns:
            The names of the resources for which all is done.
        """
        states, done = self._states(), set[str]()
        schema = self._pipeline.schemas.get(self._schema_name)
        memory = LocalMemory(self._pipeline, _REMEMBERED)
        if schema is None:
            return done
        for name, (table, wanted) in self._wanted.items():
            state = states[name]
            loads = loads_since_found(state)
            if not loads:
                continue
            if memory.read().get(f"{name}{_FOUND}") != loads[-1] and _has_ids(schema, table):
                with self._pipeline.sql_client(schema.name) as client:
                    merged = self._merged(client, schema, table, wanted)
                    found = missing_by_findings(client, schema, table, name, state)
                    missing = Missing.counted(merged, *found)
                    if missing.rows:
                        if not self._may(name, missing, is_late=is_late):
                            continue
                        self._do(name, merged, missing)
                    claim = claim_in(state)
                    merged.forget_listed(max(loads), () if claim is None else loads_of(claim))
            done.add(name)
            memory.add({f"{name}{_FOUND}": loads[-1]})
        return done

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

    def _may(self, name: str, missing: Missing, *, is_late: bool) -> bool:
        """Whether so many rows may go; says so where they may not."""
        table, wanted = self._wanted[name]
        rows, of_rows = missing.rows, missing.of_rows
        # By the share, as 0.29 * 100 is less than 29.
        if self._allow or rows / of_rows <= wanted.most or (rows <= _FEW and rows < of_rows):
            return True
        if not is_late:
            self.found[name] = FoundMissing(
                name, table, wanted.action, rows, of_rows, wanted.most, is_refused=True
            )
            done = "marked" if wanted.action == "mark" else "deleted"
            note = _TOO_MANY.format(
                rows=rows, of_rows=of_rows, table=table, resource=name, done=done
            )
            self._sync.figures.of(name).note(note)
        return False

    def _states(self) -> Mapping[str, Mapping[str, Any]]:
        """The state of each resource."""
        states = state_by_resource(self._pipeline.state, self._schema_name)
        return {name: states.get(name) or {} for name in self._wanted}

    def _is_last_state(self) -> bool:
        """Whether the state at hand is the last one that the pipeline has saved, if it matters."""
        schema = self._pipeline.schemas.get(self._schema_name)
        have_found = any(
            claim_in(each) or loads_since_found(each) for each in self._states().values()
        )
        if schema is None or not have_found:
            return True
        last = saved_versions(self._pipeline, schema).last
        return last is None or last <= self._pipeline.state["_state_version"]


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


def _has_ids(schema: Schema, table: str) -> bool:
    """Whether a table is there whose rows tell by which load they came."""
    stored = schema.tables.get(table)
    if stored is None or not has_rows(stored):
        return False
    load_id = schema.naming.normalize_identifier("_dlt_load_id")
    return load_id in stored["columns"] and bool(columns_with(stored, "row_key", typed_only=True))
