"""Finds rows in a table that no load has brought since some moment, and marks or deletes them.

All is compared in the database, by `_dlt_load_id`, which each row has of the last load that brought
it. What this rests on, by dlt 1.31:

- The ids of loads are in the order of time, as texts too, unless a clock was set back: who asks has
  to say which loads count, whatever their ids.
- A merge by `delete-insert` or `upsert` gives a row that comes again the id of the new load, and
  NULL in a column that the load does not fill.
- The row of a list has the `_dlt_id` of the row above it, and mostly that of the row in the table
  of the resource.

At an upgrade of dlt check those sentences; the tests of missing rows fail where one is no longer
true.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from dlt.common.schema import Schema
from dlt.destinations.sql_client import SqlClientBase

from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dlt_schema import child_tables, columns_with


@dataclass(frozen=True, slots=True)
class NotBroughtSince:
    """Rows of a table that no load has brought since a moment.

    Args:
        listed_by: The ids of the loads that count, in their order: what they have brought, or
            listed beside the table, is not meant.
        until: The greatest id of the loads up to the first of those: what a later one has brought
            is not meant either; None where all rows of others are.
        within: The id of the load that listed rows of a parent beside the table: only what belongs
            to these is meant; None for all rows.
    """

    listed_by: tuple[str, ...]
    until: str | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True)
class WithKeys:
    """Rows of a table with certain keys that have not come again since.

    Args:
        keys: The values of the key, which has one column.
        listed_by: The ids of the load that found them to be gone, and of the later ones: what they
            have brought is not meant.
    """

    keys: tuple[Any, ...]
    listed_by: tuple[str, ...]


class MergedTable:
    """A table that rows are merged into, in a database.

    Args:
        client: dlt's client of the database, connected.
        schema: The schema that has the table.
        table: The name of the table.
        listed: The name of the table beside it with the keys of rows that were listed and not
            loaded; it need not be there.
        parent: The column of that table with rows of a parent.
        scope: The column of that table with rows of a parent whose listings were read whole.
        parent_columns: The columns of the table with what its rows have of the parent.
        mark: The column with the time at which a row was found missing; None where rows are not
            marked.

    Attributes:
        is_comparable: Whether the keys in both tables have the same types.
    """

    def __init__(
        self,
        client: SqlClientBase[Any],
        schema: Schema,
        table: str,
        *,
        listed: str,
        parent: str,
        scope: str,
        parent_columns: Sequence[str] = (),
        mark: str | None,
    ) -> None:
        self._client = client
        self._schema = schema
        self._table = table
        self._name = client.make_qualified_table_name(table)
        self._load_id = self._column("_dlt_load_id")
        stored = schema.tables[table]
        self._id = self._escaped(columns_with(stored, "row_key")[0])
        self._key = [self._escaped(each) for each in columns_with(stored, "primary_key")]
        is_there = listed in schema.tables and bool(schema.get_table_columns(listed))
        self._listed = client.make_qualified_table_name(listed) if is_there else None
        # Without those that have no type, as they were never made.
        columns = schema.get_table_columns(listed) if is_there else {}
        key = columns_with(stored, "primary_key")
        self._lists_keys = all(each in columns for each in key)
        self.is_comparable = not self._lists_keys or all(
            columns[each]["data_type"] == stored["columns"][each].get("data_type") for each in key
        )
        self._parent = self._column(parent) if self._named(parent) in columns else None
        has_scopes = self._named(scope) in columns and set(map(self._named, parent_columns)) <= set(
            columns
        )
        self._scope = self._column(scope) if has_scopes else None
        self._parent_columns = [self._column(each) for each in parent_columns]
        self._mark = self._column(mark) if mark is not None else None

    def count(self) -> int:
        """Counts the rows that are not marked yet.

        Raises:
            DltException: The database refuses that.
        """
        unmarked = f" WHERE {self._mark} IS NULL" if self._mark else ""
        return self._number(f"SELECT count(*) FROM {self._name}{unmarked}")

    def count_missing(self, *missing: NotBroughtSince | WithKeys) -> int:
        """Counts rows that are not marked yet, each once.

        Args:
            missing: The rows that are meant: those, and those, and so on.

        Raises:
            DltException: The database refuses that.
        """
        conditions = [self._condition(each) for each in missing]
        condition = " OR ".join(f"({each})" for each, _ in conditions)
        values = [value for _, values in conditions for value in values]
        return self._number(f"SELECT count(*) FROM {self._name} WHERE {condition}", *values)

    def count_unseen(self, first: str, second: str) -> int:
        """Counts what one load has listed and the next one has not.

        Args:
            first: The id of the one load.
            second: The id of the next one, of the same listing.

        Raises:
            DltException: The database refuses that.
        """
        condition, values = self._condition(NotBroughtSince((second,)), marked_too=True)
        unseen = self._number(
            f"SELECT count(*) FROM {self._name} WHERE {condition} AND {self._load_id} = %s",
            *values,
            first,
        )
        if self._listed is None:
            return unseen
        of_load = f"k.{self._load_id}"
        if self._lists_keys:
            given = " AND ".join(f"k.{each} IS NOT NULL" for each in self._key)
            unseen += self._number(
                f"SELECT count(*) FROM {self._listed} AS k WHERE {of_load} = %s "
                f"AND {given} AND NOT EXISTS (SELECT 1 FROM {self._listed} "
                f"AS o WHERE o.{self._load_id} = %s AND {self._same_key('o', 'k')}) "
                f"AND NOT EXISTS (SELECT 1 FROM {self._name} AS t WHERE t.{self._load_id} = %s "
                f"AND {self._same_key('t', 'k')})",
                first,
                second,
                second,
            )
        if self._parent is not None:
            unseen += self._number(
                f"SELECT count(*) FROM {self._listed} AS k WHERE {of_load} = %s "
                f"AND k.{self._parent} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {self._listed} "
                f"AS o WHERE o.{self._load_id} = %s AND o.{self._parent} = k.{self._parent})",
                first,
                second,
            )
        return unseen

    def delete(self, missing: NotBroughtSince | WithKeys) -> None:
        """Deletes rows, and those of their lists.

        Args:
            missing: The rows that are meant.

        Raises:
            DltException: The database refuses that; where it has transactions, nothing is deleted.
        """
        condition, values = self._condition(missing)
        ids = {self._table: f"SELECT {self._id} FROM {self._name} WHERE {condition}"}
        statements = [f"DELETE FROM {self._name} WHERE {condition}"]
        for child in child_tables(self._schema, self._table):
            statements.append(self._of_child(child, ids))
        with self._transaction():
            # Those of lists first: without transactions, what is left is found again by its row.
            for statement in reversed(statements):
                self._client.execute_sql(statement, *values)

    def mark(self, missing: NotBroughtSince | WithKeys, since: datetime) -> None:
        """Marks rows with the time at which they were found missing.

        Args:
            missing: The rows that are meant.
            since: That time, with its zone.

        Raises:
            DltException: The database refuses that.
        """
        condition, values = self._condition(missing)
        with self._transaction():
            self._client.execute_sql(
                f"UPDATE {self._name} SET {self._mark} = %s WHERE {condition}", since, *values
            )

    def unmark_listed(self, loads: Sequence[str]) -> None:
        """Takes the mark off rows whose keys are beside the table, as the API lists them again.

        Args:
            loads: The ids of the loads that have listed them.

        Raises:
            DltException: The database refuses that.
        """
        if self._mark is None or self._listed is None or not self._lists_keys:
            return
        listed, values = self._listed_rows(loads)
        with self._transaction():
            self._client.execute_sql(
                f"UPDATE {self._name} SET {self._mark} = NULL "
                f"WHERE {self._mark} IS NOT NULL AND {self._id} IN ({listed})",
                *values,
            )

    def forget_listed(self, until: str, but: Sequence[str]) -> None:
        """Deletes the keys beside the table of loads that count no more.

        Args:
            until: The greatest id of such a load.
            but: The ids of the loads whose keys stay.

        Raises:
            DltException: The database refuses that.
        """
        if self._listed is not None:
            others, values = self._not_of(but)
            sql = f"DELETE FROM {self._listed} WHERE {self._load_id} <= %s AND {others}"
            self._client.execute_sql(sql, until, *values)

    def _condition(
        self, missing: NotBroughtSince | WithKeys, *, marked_too: bool = False
    ) -> tuple[str, list[Any]]:
        parts = [self._not_of(missing.listed_by)]
        if self._mark and not marked_too:
            parts.append((f"{self._mark} IS NULL", []))
        if isinstance(missing, WithKeys):
            marks = ", ".join(["%s"] * len(missing.keys))
            parts.append((f"{self._key[0]} IN ({marks})", list(missing.keys)))
        else:
            if missing.until is not None:
                parts.append((f"{self._load_id} <= %s", [missing.until]))
            if missing.within is not None:
                parts.append(self._of_listed_parents(missing.within))
            if self._listed is not None and self._lists_keys:
                listed, values = self._listed_rows(missing.listed_by)
                parts.append((f"{self._id} NOT IN ({listed})", values))
        condition = " AND ".join(part for part, _ in parts)
        return condition, [value for _, values in parts for value in values]

    def _not_of(self, loads: Sequence[str]) -> tuple[str, list[Any]]:
        """What is true of rows that none of some loads has brought."""
        if not loads:
            return "1 = 1", []
        return f"{self._load_id} NOT IN ({', '.join(['%s'] * len(loads))})", list(loads)

    def _listed_rows(self, loads: Sequence[str]) -> tuple[str, list[Any]]:
        """The ids of the rows whose keys some loads have listed beside the table."""
        marks = ", ".join(["%s"] * len(loads))
        return self._joined(self._key, f"k.{self._load_id} IN ({marks})"), list(loads)

    def _of_listed_parents(self, load_id: str) -> tuple[str, list[Any]]:
        """What is true of rows that belong to a row of a parent whose listing came whole."""
        if self._scope is None:
            return "1 = 0", []
        of_load = f"k.{self._load_id} = %s AND k.{self._scope} IS NOT NULL"
        return f"{self._id} IN ({self._joined(self._parent_columns, of_load)})", [load_id]

    def _joined(self, columns: Sequence[str], condition: str) -> str:
        """The ids of the rows that have the same as a row beside the table."""
        same = " AND ".join(f"t.{each} = k.{each}" for each in columns)
        # A table within the `IN`, as MySQL takes no other way to read what it deletes from.
        return (
            f"SELECT {self._id} FROM (SELECT t.{self._id} FROM {self._name} AS t "
            f"JOIN {self._listed} AS k ON {same} WHERE {condition}) AS joined"
        )

    def _of_child(self, child: str, ids: dict[str, str]) -> str:
        """The statement that deletes the rows of a list's table; notes which rows those are."""
        stored, name = self._schema.tables[child], self._client.make_qualified_table_name(child)
        root = columns_with(stored, "root_key", typed_only=True)
        above = self._table if root else str(stored.get("parent"))
        column = (root or columns_with(stored, "parent_key"))[0]
        condition = f"{self._escaped(column)} IN ({ids[above]})"
        own = self._escaped(columns_with(stored, "row_key")[0])
        ids[child] = f"SELECT {own} FROM {name} WHERE {condition}"
        return f"DELETE FROM {name} WHERE {condition}"

    def _same_key(self, one: str, other: str) -> str:
        return " AND ".join(f"{one}.{each} = {other}.{each}" for each in self._key)

    def _number(self, sql: str, *values: Any) -> int:
        found: Sequence[Sequence[Any]] = self._client.execute_sql(sql, *values) or [[0]]
        return int(found[0][0])

    def _transaction(self) -> AbstractContextManager[Any]:
        has_them = self._client.capabilities.supports_transactions
        return self._client.begin_transaction() if has_them else nullcontext()

    def _named(self, column: str) -> str:
        return self._schema.naming.normalize_identifier(column)

    def _column(self, name: str) -> str:
        return self._escaped(self._named(name))

    def _escaped(self, column: str) -> str:
        return str(self._client.escape_column_name(column))
