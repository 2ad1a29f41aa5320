"""The door to what dlt knows of the tables in a schema, beyond the documented `Schema`.

The functions behind it, of `dlt.common.schema.utils`, stand in dlt's reference without a word
on when they are for users. At an upgrade of dlt check that the hints of a resource still come out
of `normalize_table_identifiers` under the names that the tables have, and that `Schema` still
takes the settings of another one as `normalizers`.
"""

from __future__ import annotations

from copy import copy, deepcopy
from typing import Any

from dlt.common.schema import Schema
from dlt.common.schema.typing import (
    TColumnSchema,
    TStoredSchema,
    TTableSchema,
    TTableSchemaColumns,
)
from dlt.common.schema.utils import (
    get_columns_names_with_prop,
    get_nested_tables,
    get_root_table,
    get_write_disposition,
    has_table_seen_data,
    new_table,
    normalize_table_identifiers,
)
from dlt.extract import DltResource


def hinted_table(resource: DltResource, schema: Schema) -> TTableSchema:
    """The table of a resource as the resource's hints declare it, with the names of a schema.

    Args:
        resource: The resource that fills the table.
        schema: The schema whose naming convention applies.

    Raises:
        DataItemRequiredForDynamicTableHints: A hint depends on the rows.
    """
    return normalize_table_identifiers(resource.compute_table_schema(), schema.naming)


def schema_with_table(
    name: str, named_as: Schema, table: str, columns: TTableSchemaColumns
) -> tuple[Schema, str]:
    """Make a schema of one table that rows are appended to.

    Args:
        name: The name of the new schema.
        named_as: The schema whose naming convention and settings it is to have.
        table: The name of the table, before that convention.
        columns: The columns of the table, by their names before that convention.

    Returns:
        The schema, and the name of the table in it.
    """
    schema = Schema(name, normalizers=named_as._normalizers_config)
    hinted = new_table(
        table,
        write_disposition="append",
        columns=[{**column, "name": each} for each, column in columns.items()],
    )
    named = normalize_table_identifiers(hinted, schema.naming)
    schema.update_table(named)
    return schema, str(named["name"])


def add_columns(schema: Schema, table: str, columns: TTableSchemaColumns) -> None:
    """Adds columns to a table of a schema, which is added where it is not in it.

    Args:
        schema: The schema.
        table: The name of the table in it.
        columns: The columns, by their names in it.
    """
    if columns:
        named: list[TColumnSchema] = [{**column, "name": name} for name, column in columns.items()]
        schema.update_table(new_table(table, columns=named), normalize_identifiers=False)


def columns_with(table: TTableSchema, hint: str, *, typed_only: bool = False) -> tuple[str, ...]:
    """The columns of a table that have a hint.

    Args:
        table: The table.
        hint: The name of the hint, for example `primary_key`.
        typed_only: Leave out columns whose type is not known yet, as no row has brought one.
    """
    return tuple(get_columns_names_with_prop(table, hint, include_incomplete=not typed_only))


def has_rows(table: TTableSchema) -> bool:
    """Whether a load has brought rows for a table, so that the destination has made it.

    Args:
        table: The table.
    """
    return has_table_seen_data(table)


def is_appended_to(schema: Schema, table: str) -> bool:
    """Whether a load adds its rows to those of a table, and neither merges nor replaces them.

    Args:
        schema: The schema of the table.
        table: The name of the table; of a nested one, the table above it decides.
    """
    return get_write_disposition(schema.tables, table) == "append"


def tables_below(schema: Schema, table: str) -> list[str]:
    """A table and those that its nested rows go to.

    Args:
        schema: The schema of the table.
        table: The name of the table.
    """
    tables = schema.tables
    return [name for name in tables if get_root_table(tables, name)["name"] == table]


def schema_of_table(schema: Schema, table: TTableSchema) -> TStoredSchema:
    """The part of a schema that has to do with one table, in the form in which dlt stores it.

    Args:
        schema: The schema.
        table: The table, as a resource declares it. Those of its lists are with it, which have no
            table above them where the resource gives them a key of their own (`nested_hints`).

    Returns:
        Nothing in it is shared with the schema.
    """
    tables = schema.tables
    kept = {schema.version_table_name, schema.loads_table_name}
    for name in tables:
        root = get_root_table(tables, name)
        if root["name"] == table["name"] or root.get("resource", "") == table.get("resource"):
            kept.add(name)
    stored = copy(schema.to_dict(bump_version=False))
    stored["tables"] = {name: tables[name] for name in tables if name in kept}
    return deepcopy(stored)


def data_type_mode(schema: Schema, table: TTableSchema) -> str | None:
    """What a schema contract says of values of another type than their column's.

    As for dlt, the contract of a table stands in place of the whole contract of its source.

    Args:
        schema: The schema that the table is in, or is to be in.
        table: The table, as its resource declares it.

    Returns:
        None where nobody has said anything, so that dlt would make a column beside.
    """
    contract = _contract_of(schema, table)
    return contract.get("data_type") if isinstance(contract, dict) else contract


def contract_discards_rows(schema: Schema, table: TTableSchema) -> bool:
    """Whether a schema contract may leave a row out of a table.

    Args:
        schema: The schema that the table is in, or is to be in.
        table: The table, as its resource declares it.
    """
    contract = _contract_of(schema, table)
    modes = contract.values() if isinstance(contract, dict) else [contract]
    return "discard_row" in modes


def makes_child_tables_as_usual(schema: Schema, table: TTableSchema) -> bool:
    """Whether the lists in a table's rows become child tables as in a schema with no settings.

    Args:
        schema: The schema that the table is in, or is to be in.
        table: The table, as its resource declares it.
    """
    contract = _contract_of(schema, table)
    modes = contract.values() if isinstance(contract, dict) else [contract or "evolve"]
    below = tables_below(schema, table["name"] or "") if table["name"] in schema.tables else []
    stored = [schema.tables[name] for name in below]
    json = schema._normalizers_config["json"]
    propagated: Any = (json.get("config") or {}).get("propagation") or {}
    names = {schema.naming.normalize_identifier(name) for name in ("_dlt_id", "_dlt_root_id")}
    return (
        all(mode == "evolve" for mode in modes)
        and json["module"] == "dlt.common.normalizers.json.relational"
        and not any(each.get("filters") for each in (*stored, table))
        and not any(each.get("schema_contract") for each in stored if each.get("parent"))
        and not propagated.get("root")
        and all(
            names.issuperset({*pairs, *pairs.values()})
            for name, pairs in (propagated.get("tables") or {}).items()
            if name == table["name"] or name in below
        )
    )


def _contract_of(schema: Schema, table: TTableSchema) -> Any:
    stored = schema.tables.get(table["name"] or "", {})
    return (
        table.get("schema_contract")
        or stored.get("schema_contract")
        or schema.settings.get("schema_contract")
    )


def child_tables(schema: Schema, table: str) -> list[str]:
    """The tables that the lists within the rows of a table have gone to, parents first.

    Args:
        schema: The schema of the table.
        table: The name of the table.
    """
    below = get_nested_tables(schema.tables, table, include_self=False)
    return [each["name"] or "" for each in below if has_table_seen_data(each)]
