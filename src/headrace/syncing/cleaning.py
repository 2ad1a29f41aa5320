"""Cleans up behind the loads of a sync."""

from __future__ import annotations

from dataclasses import dataclass

import dlt

from headrace.core.figures import Figures
from headrace.syncing.load_packages import keep_last_packages
from headrace.syncing.retention import Retention

_NOT_DELETED = (
    "load packages that were loaded stay in {folder}, as they cannot be deleted there: {why}. The "
    "sync is not harmed; `retention: {{packages: null}}` under `pipeline` says that all are to stay"
)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is deleted behind the loads of a sync. It never fails, and says what it cannot do.

    Args:
        pipeline: The pipeline.
        retention: How much is kept.
        figures: Where to note what could not be done.
    """

    pipeline: dlt.Pipeline
    retention: Retention
    figures: Figures

    def clean_folder(self) -> None:
        """Deletes load packages that are done with, behind each load."""
        if self.retention.packages is None:
            return
        try:
            keep_last_packages(self.pipeline, self.retention.packages)
        except OSError as error:
            why = error.strerror or type(error).__name__
            self._tell(_NOT_DELETED.format(folder=self.pipeline.working_dir, why=why))

    def _tell(self, note: str) -> None:
        if note not in self.figures.notes:
            self.figures.notes.append(note)
