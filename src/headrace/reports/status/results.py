"""How the sync of a config is doing, as `headrace.status` tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from headrace.destination.run_history import ResourceRun


@dataclass(frozen=True, slots=True)
class OpenRows:
    """Rows that can still change.

    Args:
        count: how many.
        by_age: how many are younger than an hour, a day, a week, older, and of unknown age.
    """

    count: int = 0
    by_age: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MissingRows:
    """A stretch of the listing that has yet to be listed.

    Args:
        above: the key right above it.
        below: the newest key below that was listed; None where it goes to the end.
    """

    above: str
    below: str | None


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be loaded as it is.

    Args:
        row: its JSON, or the beginning of it.
        reason: why not.
        at: when it was set aside.
    """

    row: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The rows of a resource in `_headrace_quarantine`.

    Args:
        count: how many.
        reasons: how many for each of the most frequent reasons, as far as their values go.
        examples: the latest.
    """

    count: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    examples: tuple[QuarantinedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class NextSync:
    """What the next sync is to ask for.

    Args:
        lists_all: the whole listing.
        from_cursor: what comes after the last value of its incremental, one of dlt's.
        newer_than: else what is newer than this key.
        open_rows: rows that are looked at again, since they can still change.
        named_rows: rows that newer ones named.
        late_keys: keys that the listing passed over, whose rows may have come since.
        holes: stretches of the listing.
        looks_back: seconds of the listing that are listed again for late rows; 0 for none.
    """

    lists_all: bool
    from_cursor: bool = False
    newer_than: str | None = None
    open_rows: int = 0
    named_rows: int = 0
    late_keys: int = 0
    holes: int = 0
    looks_back: float = 0.0


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """How one resource is doing.

    Args:
        name: of the resource.
        table: that it loads into; None where rows name theirs.
        rows: in each of its tables, child tables included; empty before the first load.
        runs: the last ones, newest first; empty where the history has none.
        last_complete: the last run that came to its end, however long ago.
        newest: when the newest row came to be, where the rows tell.
        age: seconds since the table was equal to the listing for all that is known: since the
            last complete run began, or since the newest row, whichever is later. None where no
            run ever came to its end.
        open: rows that can still change.
        holes: what of the listing has yet to be listed.
        quarantine: rows that could not be loaded.
        gone: how many rows are known not to be there any more.
        next: what the next sync is to ask for.
    """

    name: str
    table: str | None
    rows: dict[str, int]
    runs: tuple[ResourceRun, ...]
    last_complete: ResourceRun | None
    newest: datetime | None
    age: float | None
    open: OpenRows
    holes: tuple[MissingRows, ...]
    quarantine: Quarantine
    gone: int
    next: NextSync


@dataclass(frozen=True, slots=True)
class Status:
    """How the sync of a config is doing.

    Args:
        pipeline_name: of the pipeline.
        destination: dlt's name of the destination.
        location: where that is, without its password.
        dataset_name: the dataset with the tables.
        at: when this was found.
        has_run: whether anything is there of a sync.
        resources: in the order of the config.
    """

    pipeline_name: str
    destination: str
    location: str
    dataset_name: str
    at: datetime
    has_run: bool
    resources: tuple[ResourceStatus, ...]

    def older_than(self, seconds: float) -> list[ResourceStatus]:
        """The resources whose age is more than that, or that never were loaded completely.

        Args:
            seconds: the oldest that is fine.
        """
        return [each for each in self.resources if each.age is None or each.age > seconds]
