"""What a verification found, and what a repair made of it."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.core.figures import Figures
from headrace.verification.comparison import TableComparison
from headrace.verification.repair import TableRepair


@dataclass(frozen=True, slots=True)
class TableVerification:
    """How one table stands to its listing.

    Args:
        resources: that fill it; one as a rule.
        table: its name.
        key: the columns of the primary key.
        comparison: row by row.
        quarantined: rows of the listing that cannot be loaded, and so are in no table.
        discarded: rows of the listing that the schema contract or a processing step keeps out.
        one_row_a_key: whether the table is to have no key twice, as it is merged.
        repair: what was done about it; None where nothing was.
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
        """Whether the table holds what the listing shows, each row once; after a repair now."""
        found = self.comparison if self.repair is None else self.repair.left
        if found is None:
            return False
        repeated = len(found.repeated) if self.one_row_a_key else 0
        return not (len(found.missing) or len(found.differing) or repeated)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What a verification found.

    Args:
        pipeline_name: of the pipeline whose tables they are.
        destination: dlt's name of the destination.
        location: where that is, without its password.
        dataset_name: the dataset with the tables.
        tables: those compared, in the order of the source.
        figures: counts of the listing by resource.
        seconds: that it took.
        resumed: whether it first finished a load that an earlier run had left behind.
        repaired: counts of what a repair loaded, by resource; None where nothing was loaded.
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

    @property
    def ok(self) -> bool:
        """Whether all tables hold what the listings show."""
        return all(table.ok for table in self.tables)
