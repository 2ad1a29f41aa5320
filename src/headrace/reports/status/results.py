"""What `headrace.status` says of the syncs of a config."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from headrace.core.failed_requests import FailedRequest
from headrace.destination.run_history import ResourceRun


@dataclass(frozen=True, slots=True)
class OpenRows:
    """Rows that can still change.

    Args:
        count: How many rows are open.
        by_age: How many of them are younger than an hour, a day or a week, older than that, or of
            unknown age. Groups without rows are left out.
    """

    count: int = 0
    by_age: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MissingRows:
    """A part of the listing that has not been listed yet.

    Args:
        above: The key right above it, as text.
        below: The newest key below it that was listed, as text; None where the part goes down to
            the end of the listing.
    """

    above: str
    below: str | None


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be loaded as it is.

    Args:
        row: The row as JSON, at most 200 characters of it.
        reason: Why the row could not be loaded.
        at: When it was set aside, in UTC.
    """

    row: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The rows of a resource in `_headrace_quarantine`.

    Args:
        count: How many rows there are.
        reasons: How many rows there are for each of the most frequent reasons. The reasons are
            given without the value of the row.
        examples: The rows that were set aside last.
    """

    count: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    examples: tuple[QuarantinedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class NextSync:
    """What the next sync will ask for.

    Args:
        lists_all: Whether it will list everything.
        from_cursor: Whether it will list what comes after the last value of dlt's incremental.
        from_token: Whether it will list what has changed since the token that is kept.
        whole_range: Whether it will list all of a range that dlt's incremental gives an end.
        newer_than: Otherwise it will list what is newer than this key; None in the cases above.
        open_rows: How many rows it will look at again, since they can still change.
        named_rows: How many rows it will look at again, since newer rows name them.
        late_keys: How many keys it will try that the listing left out, as their rows may have
            come since.
        holes: How many parts of the listing it will list that have not been listed yet.
        lists_hidden: Whether it will read the listing of hidden rows.
        looks_back: How many seconds of the listing it will list again for late rows; 0 for none.
        tenants: How many tenants it goes on with, each from where its last sync has ended; 0 where
            the config has none.
    """

    lists_all: bool
    from_cursor: bool = False
    from_token: bool = False
    whole_range: bool = False
    newer_than: str | None = None
    open_rows: int = 0
    named_rows: int = 0
    late_keys: int = 0
    holes: int = 0
    lists_hidden: bool = False
    looks_back: float = 0.0
    tenants: int = 0


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """How one resource is doing.

    Args:
        name: The name of the resource.
        table: The name of the table that it fills; None where rows name theirs.
        rows: The number of rows in each of its tables, child tables included; empty before the
            first load.
        runs: The last runs, the newest first; empty where the history has none.
        last_complete: The last run that came to its end, however long ago; None where there is
            none. Runs that are dated in the future do not count.
        newest: When the newest row was created, in UTC; None where the rows do not say. Rows that
            are dated in the future do not count.
        ahead: The latest moment of a row that lies in the future, in UTC; None where there is none.
        age: How many seconds ago the table was equal to the listing, as far as is known: since the
            last complete run began, or since the newest row, whichever is later. None where no
            run ever came to its end.
        open: The rows that can still change.
        holes: The parts of the listing that have not been listed yet.
        quarantine: The rows that could not be loaded.
        gone: How many rows the API no longer has, as far as is known, while the table keeps them.
        next: What the next sync will ask for.
        failed_requests: The requests beside the listing that failed, the last one in front; the
            next sync asks them again.
    """

    name: str
    table: str | None
    rows: dict[str, int]
    runs: tuple[ResourceRun, ...]
    last_complete: ResourceRun | None
    newest: datetime | None
    ahead: datetime | None
    age: float | None
    open: OpenRows
    holes: tuple[MissingRows, ...]
    quarantine: Quarantine
    gone: int
    next: NextSync
    failed_requests: tuple[FailedRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """How the syncs of a config are doing.

    Args:
        pipeline_name: The name of the pipeline.
        destination: dlt's name of the destination, for example `duckdb`.
        location: Where the destination is, without its password.
        dataset_name: The dataset (schema) with the tables.
        at: When the destination was read, in UTC.
        has_run: Whether any sync has left anything in the destination.
        keeps_history: Whether the destination can keep a history of runs; without one the age of a
            resource is not known.
        resources: The resources, in the order of the config.
    """

    pipeline_name: str
    destination: str
    location: str
    dataset_name: str
    at: datetime
    has_run: bool
    resources: tuple[ResourceStatus, ...]
    keeps_history: bool = True

    def older_than(self, seconds: float) -> list[ResourceStatus]:
        """Gives the resources that are older than a limit, or were never loaded to their end.

        Args:
            seconds: The greatest age, in seconds, that is still fine.
        """
        return [each for each in self.resources if each.age is None or each.age > seconds]
