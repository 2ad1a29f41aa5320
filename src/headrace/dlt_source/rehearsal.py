"""The door to dlt's normalizer: what would become of a row of the side road, before dlt gets it.

A value that the normalizer cannot place fails the whole load, when all rows are fetched already: a
time whose offset leads out of the calendar, text for a variant column that holds times, digits of
more than 64 bits for an integer. Here a row goes through the normalizer on a copy of the schema,
and what that would write is looked at. Where it refuses the row, the copy forgets what it has
learned of it.

None of that is documented. At an upgrade of dlt check that `_normalize_chunk` still takes rows for
a table, coerces each of its own and of its lists by `_coerce_row`, tells an item storage what it
would write, and asks `Schema.update_table` for each new column, and that `extend_table` still drops
what the normalizer remembers of a table; the tests in `tests/stories/loading/test_side_rows.py`
fail where one is not true.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema import Schema
from dlt.common.schema.exceptions import DataValidationError
from dlt.common.schema.typing import (
    TColumnSchema,
    TPartialTableSchema,
    TTableSchema,
    TTableSchemaColumns,
)
from dlt.normalize.configuration import NormalizeConfiguration
from dlt.normalize.items_normalizers import JsonLItemsNormalizer

from headrace.destination.dlt_schema import add_columns, schema_of_table
from headrace.dlt_source.quarantine import reason_with_value
from headrace.dlt_source.table_columns import TableColumns
from headrace.dlt_source.table_values import TableValues, shown, why_no_integer
from headrace.sansio.rows import Misfit
from headrace.sansio.rows.loadable import why_not_loadable

# Files have names of up to 255 bytes, with an id and an ending of dlt's behind the table's name.
_LONGEST_TABLE = 210
_EXPECTED = {"timestamp": "timestamp within the years 1 to 9999 in UTC"}


class Rehearsal:
    """Takes rows through dlt's normalizer, one after the other, and writes none.

    Args:
        schema: The pipeline's schema, which stays as it is.
        columns: The columns of the table that the rows go to.
        values: What those columns take.
        capabilities: What the destination can store.
    """

    def __init__(
        self,
        schema: Schema,
        columns: TableColumns,
        values: TableValues,
        capabilities: DestinationCapabilitiesContext,
    ) -> None:
        self._columns = columns
        self._values = values
        self._table = columns.table_hints["name"] or ""
        with_table = _RehearsedSchema.copy_of(schema, columns.table_hints)
        with_table.update_table(deepcopy(columns.table_hints), normalize_identifiers=False)
        # Only a schema that is made with the table knows whether child rows get the root's id.
        self._schema = _RehearsedSchema.copy_of(with_table, columns.table_hints)
        self.begin_batch()
        self._told: set[str] = set()
        self._kept: dict[str, TTableSchema] = {}
        config = NormalizeConfiguration()
        config.destination_capabilities = capabilities
        self._normalizer = _Normalizer(self._schema, values, config, self._table)

    def column(self, table: str, name: str) -> TColumnSchema | None:
        """A column as the rows so far have made it.

        Args:
            table: The name of the table, which may be one below that of the rows.
            name: The name of the column.
        """
        found = self._schema.tables.get(table)
        return found["columns"].get(name) if found else None

    def table(self, name: str) -> TTableSchema:
        """A table as the rows so far have made it.

        Args:
            name: The name of the table.
        """
        return self._schema.tables[name]

    def is_child_table(self, name: str) -> bool:
        """Whether a table is there, and below that of the rows.

        Args:
            name: The name of the table.
        """
        return bool(self._schema.tables.get(name, {}).get("parent"))

    def keep(self, table: str, name: str | None) -> None:
        """Keeps a child table and a column of it, whatever is forgotten.

        Args:
            table: The name of the table; that of the list that it is in was kept before.
            name: The name of the column; None for the table alone.
        """
        made, own = self._schema.tables[table], self._columns.own_names
        if table not in self._kept:
            kept: Any = {"name": table, "parent": made.get("parent"), "columns": {}}
            self._kept[table] = kept
        self._kept[table]["columns"].update(
            {
                column: deepcopy(hint)
                for column, hint in made["columns"].items()
                if column == name or column in own
            }
        )

    def refusal(self, row: Mapping[str, Any]) -> str | None:
        """Says why a row cannot be loaded.

        Args:
            row: The row, decoded from JSON; none of its values is refused by its column alone.

        Returns:
            The reason, in words that follow "a row"; None where dlt finds a place for all of it.
        """
        self._tell_columns()
        self._schema.before_row.clear()
        try:
            self._normalizer.take(self._values.for_normalizer(dict(row)))
        except DataValidationError:
            # The user's contract forbids the row: dlt says so when it comes to it.
            return None
        except _RefusedError as refused:
            self._forget(self._schema.before_row)
            return refused.reason
        return None

    def begin_batch(self) -> None:
        """Notes that the rows to come are of a new batch."""
        self._schema.before_batch.clear()

    def forget_batch(self) -> None:
        """Forgets what it has learned of the rows of the batch."""
        self._forget(self._schema.before_batch)
        self._told.clear()
        # Those that lists are in come before the tables of the lists.
        for table in self._kept.values():
            self._schema.update_table(deepcopy(table), normalize_identifiers=False)
        self._normalizer.forget()

    def _forget(self, before: dict[str, TTableSchema | None]) -> None:
        self._schema.restore(before)
        self._normalizer.forget()

    def _tell_columns(self) -> None:
        """Brings in the columns that the main road has typed meanwhile, and the ids."""
        hints = {**self._columns.hints, **self._columns.ids}
        if len(self._told) == len(hints):
            return
        known = self._schema.tables[self._table]["columns"]
        new: TTableSchemaColumns = {
            name: deepcopy(hint)
            for name, hint in hints.items()
            if name not in self._told and not known.get(name, {}).get("data_type")
        }
        self._told.update(hints)
        if new:
            add_columns(self._schema, self._table, new)
            self._normalizer.forget()


class _RefusedError(Exception):
    """A value has no place."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _RehearsedSchema(Schema):
    """A copy of a schema that can take changes back.

    Attributes:
        before_row: The tables that the last row has changed as they were before, None for new ones.
        before_batch: The same for the rows of a batch.
    """

    before_row: dict[str, TTableSchema | None]
    before_batch: dict[str, TTableSchema | None]

    @classmethod
    def copy_of(cls, schema: Schema, table: TTableSchema) -> _RehearsedSchema:
        """Copies what a schema has of a table, and what is not stored of it."""
        copy = cls.from_stored_schema(schema_of_table(schema, table))
        assert isinstance(copy, cls)
        copy.naming.max_length = schema.naming.max_length
        copy.before_row, copy.before_batch = {}, {}
        return copy

    def update_table(
        self, partial_table: TPartialTableSchema, *args: Any, **kwargs: Any
    ) -> TPartialTableSchema:
        """Notes how the table was, and changes it."""
        name = partial_table["name"] or ""
        for before in (self.before_row, self.before_batch):
            if name not in before:
                before[name] = deepcopy(self.tables.get(name))
        return super().update_table(partial_table, *args, **kwargs)

    def restore(self, before: dict[str, TTableSchema | None]) -> None:
        """Takes the changes of tables back.

        Args:
            before: The tables as they were; it is empty afterwards.
        """
        while before:
            name, table = before.popitem()
            if table is None:
                self.tables.pop(name, None)
                self.data_item_normalizer.remove_table(name)
            else:
                self.tables[name] = table
                self.data_item_normalizer.extend_table(name)


class _Normalizer(JsonLItemsNormalizer):
    """dlt's normalizer of rows, which only looks at what it would write.

    Args:
        schema: The schema that the rows change.
        values: What the columns of the table take.
        config: The settings of dlt's normalize step.
        table: The name of the table.
    """

    def __init__(
        self,
        schema: Schema,
        values: TableValues,
        config: NormalizeConfiguration,
        table: str,
    ) -> None:
        nothing = cast(Any, None)
        super().__init__(cast(Any, self), nothing, nothing, schema, "", config)
        self._values = values
        self._root = table

    def take(self, row: dict[str, Any]) -> None:
        """Takes one row.

        Raises:
            _RefusedError: A value has no place.
        """
        self._normalize_chunk(self._root, [row], False, False)

    def forget(self) -> None:
        """Drops what it remembers of the columns."""
        self._column_schemas.clear()

    def _coerce_row(
        self, table_name: str, parent_table: str, row: Any
    ) -> tuple[dict[str, Any], TPartialTableSchema]:
        if parent_table and table_name == self._root:
            raise _RefusedError(
                "it has a list by whose name nothing is left for the name of a child table, so its "
                "items would go among the rows themselves; keep it as JSON, with "
                "`max_table_nesting: 0`"
            )
        try:
            return super()._coerce_row(table_name, parent_table, row)
        except Exception as error:
            raise _RefusedError(self._why(table_name, parent_table, row) or str(error)) from error

    def _why(self, table: str, parent: str, row: Mapping[str, Any]) -> str | None:
        for name, value in row.items():
            try:
                super()._coerce_row(table, parent, {name: value})
            except Exception:
                return self._reason(table, name, value)
        return None

    def _reason(self, table: str, name: str, value: Any) -> str:
        if value is None:
            return f"{self._place(table, name)} has no value, though its column is not nullable"
        found = self.schema.tables.get(table)
        columns = found["columns"] if found else {}
        expected = [self._expected(columns[name])] if name in columns else []
        expected += [
            f"{self._expected(column)} (`{other}`)"
            for other, column in columns.items()
            if column.get("variant") and other.startswith(f"{name}__v_")
        ]
        if not expected:
            expected = [_EXPECTED.get(kind := self._infer_column_type(value, name), kind)]
        should_be = f"{self._place(table, name)} should be {' or '.join(expected)}"
        return Misfit(reason_with_value(should_be, shown(value)))

    def _place(self, table: str, name: str) -> str:
        return f"`{name}`" if table == self._root else f"`{name}` of the table `{table}`"

    def _expected(self, column: TColumnSchema) -> str:
        data_type = str(column.get("data_type"))
        return _EXPECTED.get(data_type, data_type)

    def write_data_item(
        self, load_id: str, schema: str, table: str, row: Mapping[str, Any], columns: Any
    ) -> None:
        """Looks at a row that dlt would write."""
        if len(table) > _LONGEST_TABLE:
            raise _RefusedError(
                f"its lists lead to a child table with a name of {len(table):,} characters, which "
                "is too long for a file; keep them as JSON, with `columns: {NAME: {data_type: "
                "json}}` or `max_table_nesting`"
            )
        if "" in row:
            raise _RefusedError(
                "it has a key of which nothing is left for the name of a column; rename it by a "
                "function among the `processing_steps`"
            )
        for name, value in row.items():
            column = columns.get(name)
            if value is None or column is None:
                continue
            why = self._why_not_written(column, value)
            if why is not None:
                raise _RefusedError(Misfit(f"{self._place(table, name)} {why}"))

    def _why_not_written(self, column: TColumnSchema, value: Any) -> str | None:
        data_type = column.get("data_type")
        if data_type == "bigint":
            return why_no_integer(value, column)
        if data_type == "json":
            return why_not_loadable(value)
        if isinstance(value, Decimal):
            return self._values.why_no_decimal(value, column)
        if isinstance(value, datetime) and value.tzinfo is not None:
            try:
                value.astimezone(UTC)
            except OverflowError:
                return reason_with_value(f"should be {_EXPECTED['timestamp']}", shown(value))
        return None
