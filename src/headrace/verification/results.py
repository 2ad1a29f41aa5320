"""What a verification found, and what a repair did about it."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.core.failed_requests import FailedRequest
from headrace.core.figures import Figures
from headrace.verification.comparison import TableComparison
from headrace.verification.repair import TableRepair


@dataclass(frozen=True, slots=True)
class TableVerification:
    """How one table compares with its listing.

    Args:
        resources: The names of the resources that fill the table; usually one.
        table: The name of the table.
        key: The names of the columns of the primary key.
        comparison: How the listing and the table differ, row by row.
        quarantined: How many rows of the listing cannot be loaded, and so are in no table.
        discarded: How many rows of the listing the schema contract or a processing step leaves
            out.
        one_row_a_key: Whether the table is to have each key once, since rows are merged into it.
        repair: What a repair did about it; None where there was none.
    """

    resources: tuple[str, ...]
    table: str
    key: tuple[str, ...]
    comparison: TableComparison
    quarantined: int
    discarded: int
    one_row_a_key: bool
    repair: TableRepair | None = None

    @property
    def ok(self) -> bool:
        """Whether the table now holds what the listing shows, each row once.

        Rows that cannot be loaded are listed as well, so a table without them does not.
        """
        return self.has_all_loadable and not self.quarantined

    @property
    def has_all_loadable(self) -> bool:
        """Whether the table now holds all listed rows that can be loaded as they are."""
        found = self.comparison if self.repair is None else self.repair.left
        if found is None:
            return False
        repeated = len(found.repeated) if self.one_row_a_key else 0
        return not (len(found.missing) or len(found.differing) or repeated)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What a verification found.

    Args:
        pipeline_name: The name of the pipeline that has loaded the tables.
        destination: dlt's name of the destination, for example `duckdb`.
        location: Where the destination is, without its password.
        dataset_name: The dataset (schema) with the tables.
        tables: The tables that were compared, in the order of the source.
        figures: What was counted for each resource while it was listed.
        seconds: How long the verification took.
        resumed: Whether it first finished a load that an earlier run had left behind.
        repaired: What was counted for each resource while the repair loaded it; None where
            nothing was loaded.
        failed_requests: The requests beside the listings that failed: what they would have brought
            could not be compared.
    """

    pipeline_name: str
    destination: str
    location: str
    dataset_name: str
    tables: tuple[TableVerification, ...]
    figures: Figures
    seconds: float
    resumed: bool = False
    repaired: Figures | None = None
    failed_requests: tuple[FailedRequest, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every table holds what its listing shows, and all of that was listed."""
        return not self.failed_requests and all(table.ok for table in self.tables)
