"""What a sync counts while it runs, for whoever shows or checks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class ResourceFigures:
    """What a sync counts of one resource.

    Args:
        requests: How many requests were answered with a page.
        pages: How many pages were read.
        rows: How many rows were received.
        loaded_rows: How many rows were handed on to dlt: those received, without those in
            quarantine and those that a limit cut off. After a load, without those that were
            discarded or replaced as well.
        side_rows: How many of the rows that were handed on went to dlt's normalizer, which types
            them one by one.
        passed_on: How many rows were received only for the resources that depend on this one, and
            not loaded.
        known: How many rows were received but not loaded, because the table has them already, or
            because they are outside of what an incremental asks for.
        quarantined: How many rows were set aside, because they cannot be loaded as they are.
        discarded: How many rows the schema contract or a processing step kept out.
        replaced: How many older versions of rows came again in the same load.
        unordered: Whether the keys of this load came in no strict order, so that a key may have
            come twice.
        limited: Whether a limit of rows ended a listing, which may have more.
        marked: How many rows of the table were marked, as the API has them no more.
        deleted: How many rows of the table were deleted for that.
        bytes: How many bytes the pages have, after decompression.
        left_out_bytes: How many bytes of the listed rows were left out, where rows are made of
            parts of them.
        skipped: How many listings were passed over, as the API does not have them here.
        listings_ended: How many passes through a listing have come to their end.
        retries: How many requests were made again because they had failed in passing.
        seconds_waited: For how many seconds requests waited for the server, before they were made
            again and where the server asked to slow down. Of several requests that wait at the
            same time, one counts.
        notes: Sentences for whoever runs the sync.
        waits: What requests wait for at the moment, the latest last.
        share: Which part of the listing has been read, from 0 to 1; None where its keys do not
            tell.
        resource: The name of the resource.
    """

    requests: int = 0
    pages: int = 0
    rows: int = 0
    loaded_rows: int = 0
    side_rows: int = 0
    passed_on: int = 0
    known: int = 0
    quarantined: int = 0
    discarded: int = 0
    replaced: int = 0
    unordered: bool = False
    limited: bool = False
    marked: int = 0
    deleted: int = 0
    bytes: int = 0
    left_out_bytes: int = 0
    skipped: int = 0
    listings_ended: int = 0
    retries: int = 0
    seconds_waited: float = 0.0
    notes: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    share: float | None = None
    resource: str = ""

    @property
    def brief(self) -> dict[str, int | float]:
        """The figures that a line of a log has room for, by their names."""
        names = ("requests", "pages", "rows", "loaded_rows", "retries", "seconds_waited", "bytes")
        return {name: getattr(self, name) for name in names}

    def note(self, text: str) -> None:
        """Adds a sentence for whoever runs the sync, if it is not there yet.

        Args:
            text: The sentence, without secrets.
        """
        if text not in self.notes:
            self.notes.append(text)

    @contextmanager
    def waiting(self, why: str) -> Iterator[None]:
        """Notes that a request waits, for as long as the block lasts.

        Args:
            why: What it waits for, without secrets.
        """
        self.waits.append(why)
        try:
            yield
        finally:
            self.waits.remove(why)


# What is counted anew when a load is made anew.
_OF_ROWS = (
    "rows",
    "loaded_rows",
    "side_rows",
    "passed_on",
    "known",
    "quarantined",
    "discarded",
    "replaced",
    "unordered",
    "limited",
    "listings_ended",
)
# What makes no sense as a sum.
_OF_ONE = ("share", "resource")


@dataclass(slots=True)
class Figures:
    """What a sync counts.

    Args:
        resources: The counts of each resource by its name, in the order in which they began.
        reasons: How many rows went to quarantine, by the reason.
        notes: Sentences about the sync as a whole, for whoever runs it.
    """

    resources: dict[str, ResourceFigures] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def of(self, resource: str) -> ResourceFigures:
        """The counts of a resource, which are made when they are first asked for.

        Args:
            resource: The name of the resource.
        """
        return self.resources.setdefault(resource, ResourceFigures(resource=resource))

    @property
    def total(self) -> ResourceFigures:
        """The sum over all resources."""
        total = ResourceFigures(notes=list(self.notes))
        for each in list(self.resources.values()):
            for name in ResourceFigures.__slots__:
                if name in _OF_ONE:
                    continue
                setattr(total, name, getattr(total, name) + getattr(each, name))
        return total

    def take_back(
        self, committed: Mapping[str, ResourceFigures], reasons: Mapping[str, int]
    ) -> None:
        """Forgets what was counted of rows that came to nothing; requests and waits stay counted.

        Args:
            committed: The counts of each resource, by its name, as they were at the last commit.
            reasons: The rows in quarantine at the last commit, by the reason.
        """
        self.reasons = Counter(reasons)
        for name, counts in self.resources.items():
            before = committed.get(name) or ResourceFigures()
            for counted in _OF_ROWS:
                setattr(counts, counted, getattr(before, counted))
