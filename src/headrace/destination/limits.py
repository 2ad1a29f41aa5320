"""What databases cannot hold and dlt's capabilities do not say."""

from __future__ import annotations

from dlt.common.destination.capabilities import DestinationCapabilitiesContext

from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What the tables of a destination cannot hold.

    Args:
        columns: How many columns a table has at most; None where there is no limit to speak of.
        takes_nul: Whether a text may hold U+0000.
    """

    columns: int | None = None
    takes_nul: bool = True


# By the names of SQLGlot's dialects. From the chapters on limits of each manual: PostgreSQL 18
# (appendix K; 8.3.1 and 8.14 for U+0000), Redshift, SQLite (SQLITE_MAX_COLUMN), MySQL (InnoDB).
_BY_DIALECT = {
    "postgres": Limits(1_600, takes_nul=False),
    "redshift": Limits(1_600, takes_nul=False),
    "sqlite": Limits(2_000),
    "mysql": Limits(1_017),
    "bigquery": Limits(10_000),
}


def limits_of(capabilities: DestinationCapabilitiesContext) -> Limits:
    """What the tables of a destination cannot hold.

    Args:
        capabilities: What dlt knows of the destination.
    """
    return _BY_DIALECT.get(capabilities.sqlglot_dialect or "", Limits())
