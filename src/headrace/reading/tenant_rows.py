"""What every reader of a config with tenants does with rows, and with what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from headrace.config.built.parents import TENANT
from headrace.core.exceptions import ConfigError, Fault, HeadraceError
from headrace.reading.asked_rows import AskedRow, ParentValues
from headrace.sansio.rows.tenant_column import ColumnTaken, TenantColumn

Failure = TypeVar("Failure", bound=HeadraceError)


_COLUMN_KEY = "tenants.column"


def tenant_of(asked: AskedRow, column: str) -> str:
    """The tenant whose listing is asked for.

    Args:
        asked: A row of the parent, or a batch of such rows, which are all of one tenant.
        column: The field of a row that names its tenant.
    """
    row = asked.rows[0]
    return str(row.fields[TENANT] if isinstance(row, ParentValues) else row[column])


def rows_of_tenant(
    rows: Sequence[msgspec.Raw], column: TenantColumn, resource: str
) -> list[msgspec.Raw]:
    """The rows, each with the name of its tenant.

    Args:
        rows: The JSON of each row.
        column: Puts the name in.
        resource: The name of their resource.

    Raises:
        ConfigError: A row has a field of that name.
    """
    try:
        return column.put(rows)
    except ColumnTaken as error:
        told = f"resource `{resource}`: {error}"
        raise ConfigError([Fault(_COLUMN_KEY, told)], resource=resource) from None


def is_of_all_tenants(error: HeadraceError) -> bool:
    """Whether an error is one of the config, and not of the tenant where it came up.

    Args:
        error: What went wrong.
    """
    return isinstance(error, ConfigError) and any(
        fault.path == _COLUMN_KEY for fault in error.faults
    )


def told_of_tenant(error: Failure, name: str) -> Failure:
    """The error, with the tenant that it is about.

    Args:
        error: What went wrong.
        name: The name of the tenant.
    """
    told = f"tenant `{name}`: "
    return error if str(error).startswith(told) else error.located(f"{told}{error}")
