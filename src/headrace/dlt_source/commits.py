"""The loads of a sync that have been committed: all that remains of it if it fails later."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field, replace

from headrace.core.figures import Figures, ResourceFigures
from headrace.core.quick_dataclasses import dataclass


@dataclass(slots=True)
class Commits:
    """The legs of a sync that have been loaded and committed.

    Args:
        legs: The number of them.
        resumed: Whether the sync first finished what an earlier run had left unloaded.
        figures: The figures of each resource, by its name, as they were at the last commit.
        reasons: How many rows went to quarantine up to the last commit, by the reason.
        finished: The names of the resources that have been loaded to the end of their listing.
    """

    legs: int = 0
    resumed: bool = False
    figures: dict[str, ResourceFigures] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)

    def add(self, figures: Figures, loaded: Collection[str], unfinished: Collection[str]) -> None:
        """Notes that another leg is committed.

        Args:
            figures: The figures of the sync at this moment.
            loaded: The names of the resources that the leg had rows of.
            unfinished: The names of the resources that have more to load.
        """
        self.legs += 1
        self.figures = {name: replace(counts) for name, counts in figures.resources.items()}
        self.reasons = dict(figures.reasons)
        self.finished.update(set(loaded).difference(unfinished))
