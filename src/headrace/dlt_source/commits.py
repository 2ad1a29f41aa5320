"""What of a sync has been committed by now: all that is left of it if it fails."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from headrace.core.figures import Figures, ResourceFigures


@dataclass(slots=True)
class Commits:
    """The loads of a sync that came to their end.

    Args:
        legs: how many.
        resumed: whether the sync first finished what an earlier run had left unloaded.
        figures: of each resource, as they stood at the last of them.
        finished: names of the resources that have been loaded to their end.
    """

    legs: int = 0
    resumed: bool = False
    figures: dict[str, ResourceFigures] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)

    def add(self, figures: Figures, loaded: Collection[str], unfinished: Collection[str]) -> None:
        """Another leg is committed.

        Args:
            figures: by now.
            loaded: names of the resources that it had rows of.
            unfinished: names of the resources that have more.
        """
        self.legs += 1
        self.figures = {name: replace(counts) for name, counts in figures.resources.items()}
        self.finished.update(set(loaded).difference(unfinished))
