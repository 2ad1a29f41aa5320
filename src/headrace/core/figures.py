"""What a sync counts while it runs, for whoever shows or checks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class ResourceFigures:
    """Counts of one resource.

    Args:
        requests: answered with a page.
        pages: read.
        rows: received.
        loaded_rows: handed on to dlt: those received, without the quarantined and without what a
            limit cut off. After a load, without the discarded and the replaced too.
        side_rows: of those handed on, the rows that dlt's normalizer types.
        passed_on: received for the resources that depend on them alone, and not loaded.
        known: received though the table has them already, so not loaded again, or though they are
            outside of what an incremental asks for.
        quarantined: set aside, since they cannot be loaded as they are.
        discarded: by the schema contract, or by a processing step.
        replaced: older versions of rows that came again in the same load.
        unordered: whether the keys of this load came in no strict order, so may have come twice.
        bytes: of the pages, after decompression.
        listings_ended: how many passes through a listing have come to their end.
        retries: requests made again, since they had failed in passing.
        seconds_waited: for the server, before retries and where it asked to slow down. Of several
            requests that wait at the same time, one counts.
        notes: what whoever runs the sync should hear of.
        waits: what requests wait for at the moment, the latest last.
        share: of the listing that has been read, from 0 to 1; None where its keys do not tell.
        resource: its name.
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
    bytes: int = 0
    listings_ended: int = 0
    retries: int = 0
    seconds_waited: float = 0.0
    notes: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    share: float | None = None
    resource: str = ""

    @property
    def brief(self) -> dict[str, int | float]:
        """The figures that a line of a log has room for."""
        names = ("requests", "pages", "rows", "loaded_rows", "retries", "seconds_waited", "bytes")
        return {name: getattr(self, name) for name in names}

    @contextmanager
    def waiting(self, why: str) -> Iterator[None]:
        """A request waits in the block.

        Args:
            why: what for, without secrets.
        """
        self.waits.append(why)
        try:
            yield
        finally:
            self.waits.remove(why)


# What makes no sense as a sum.
_OF_ONE = ("share", "resource")


@dataclass(slots=True)
class Figures:
    """Counts of a sync, by resource.

    Args:
        resources: by name, in the order in which they began.
        reasons: why rows were quarantined, and how many.
        notes: about the sync as a whole, for whoever runs it.
    """

    resources: dict[str, ResourceFigures] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def of(self, resource: str) -> ResourceFigures:
        """The counts of a resource, made at its first mention."""
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
