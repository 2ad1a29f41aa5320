"""Says which tables the resources of a source fill, and how rows get into them."""

from __future__ import annotations

from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.extract import DltSource
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dlt_schema import columns_with, hinted_table

_RUN = "headrace run CONFIG loads all of them."
# The merge strategies of dlt that take a row for deleted when a load does not bring it.
_WHOLE = ("scd2", "cdc")


@dataclass(frozen=True, slots=True)
class FilledTable:
    """A table that resources fill.

    Args:
        name: The name of the table.
        resources: The names of the resources that fill it; usually one.
        key: The names of the columns of the primary key.
        write_disposition: How rows are written: `append`, `merge`, `replace` or `skip`.
        merge_strategy: How dlt merges: `delete-insert`, `upsert`, `scd2`, ...
        merges_widely: Whether a merge deletes more than the rows whose keys come again.
        merged_with: The columns of the key by which a merge deletes further rows: all that have
            the same there, so that they have to come in one load; none where it does not.
    """

    name: str
    resources: tuple[str, ...]
    key: tuple[str, ...]
    write_disposition: str
    merge_strategy: str
    merges_widely: bool
    merged_with: tuple[str, ...] = ()

    @property
    def is_merged(self) -> bool:
        """Whether rows are merged, so that the table is to have each key once."""
        return self.write_disposition == "merge"

    @property
    def needs_all_rows(self) -> str | None:
        """The reason why some rows cannot be loaded without all others; None where they can."""
        if self.write_disposition in ("replace", "skip"):
            why = f"`write_disposition: {self.write_disposition}` does not add rows to a table."
        elif self.is_merged and self.merge_strategy in _WHOLE:
            why = f"the strategy `{self.merge_strategy}` needs all rows in each load."
        elif self.is_merged and self.merges_widely:
            why = "a merge by `merge_key` or `destination_scope` needs all rows of it in one load."
        else:
            return None
        return f"{why} {_RUN}"


def table_names(source: DltSource) -> dict[str, str]:
    """Gives the name of the table of each selected resource, by the name of the resource.

    Resources whose rows name their tables are left out.

    Args:
        source: The source with the resources.
    """
    naming = source.schema.naming
    return {
        name: naming.normalize_tables_path(resource.table_name)
        for name, resource in source.resources.selected.items()
        if isinstance(resource.table_name, str)
    }


def filled_tables(source: DltSource, schema: Schema) -> list[FilledTable]:
    """Gives the tables that the selected resources fill, in the order of the resources.

    Args:
        source: The source with the resources.
        schema: The schema whose naming convention names the tables.

    Raises:
        ConfigError: A resource has no primary key, or none that is known before it has rows.
    """
    found: dict[str, FilledTable] = {}
    faults = []
    for name, resource in source.resources.selected.items():
        try:
            hinted = hinted_table(resource, schema)
        except DataItemRequiredForDynamicTableHints:
            faults.append(_fault(name, "its table or its keys depend on the rows"))
            continue
        if not columns_with(hinted, "primary_key"):
            faults.append(_fault(name, "it has no `primary_key` to find a row again by"))
            continue
        table = hinted["name"] or ""
        others = found[table].resources if table in found else ()
        found[table] = _filled(hinted, (*others, name))
    if faults:
        raise ConfigError(faults)
    return list(found.values())


def _filled(hinted: TTableSchema, resources: tuple[str, ...]) -> FilledTable:
    key = columns_with(hinted, "primary_key")
    merge_keys = columns_with(hinted, "merge_key")
    return FilledTable(
        name=hinted["name"] or "",
        resources=resources,
        key=key,
        write_disposition=hinted.get("write_disposition") or "append",
        merge_strategy=str(hinted.get("x-merge-strategy") or "delete-insert"),
        merges_widely="x-merge-destination-scope" in hinted or not set(merge_keys) <= set(key),
        merged_with=merge_keys if len(merge_keys) < len(key) else (),
    )


def _fault(resource: str, why: str) -> Fault:
    advice = "Give it one, or verify the others with --resource NAME."
    return Fault(f"resources.{resource}", f"cannot be verified: {why}. {advice}")
