"""Adds a row for each resource of a sync to the history of runs, however the sync ends."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.extract import DltSource

from headrace._version import __version__
from headrace.core.exceptions import HeadraceError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import clean
from headrace.destination.dataset import state_by_resource
from headrace.destination.pipeline import destination_name
from headrace.destination.run_history import COMPLETE, FAILED, STOPPED, ResourceRun, RunHistory
from headrace.destination.tables import table_names
from headrace.dlt_source.current_sync import RunningSync
from headrace.dlt_source.failed_requests import failed_requests_in

_LOGGER = logging.getLogger(__name__)
_LONGEST_ERROR = 2_000
_NOT_KEPT = (
    "no history of runs is kept: `{destination}` is no destination that takes a row by SQL. "
    "`run_history: false` under `pipeline` says that none is wanted"
)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Writes what a sync did.

    Args:
        pipeline: The pipeline that runs.
        source: The source that it loads.
        sync: The sync that is under way.
        run_id: The id of the sync.
    """

    pipeline: dlt.Pipeline
    source: DltSource
    sync: RunningSync
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @contextmanager
    def written_at_end(self) -> Iterator[None]:
        """Writes the rows at the end of the block. An error of the block is raised in any case."""
        try:
            yield
        except BaseException as error:
            self._write(error)
            raise
        self._write(None)

    def _write(self, error: BaseException | None) -> None:
        own = self.source.schema
        try:
            runs = self.runs(error)
            if not runs:
                return
            history = RunHistory(self.pipeline, self.pipeline.schemas.get(own.name, own))
            if history.is_kept:
                history.add(runs)
                return
            destination = destination_name(self.pipeline)
            self.sync.figures.notes.append(_NOT_KEPT.format(destination=destination))
        except Exception as failure:
            # Each driver has errors of its own, and none of them is worth failing a sync.
            kind = type(failure).__name__
            _LOGGER.warning("the history of runs could not be written: %s", kind)
            self.sync.figures.notes.append(
                f"the history of runs could not be written ({kind}): the user of the destination "
                "needs the right to make a table and to add rows to it"
            )

    def runs(self, error: BaseException | None) -> list[ResourceRun]:
        """Makes a row for each selected resource.

        Args:
            error: The error that ended the sync; None when there was none.
        """
        clock, commits = self.sync.legs.clock, self.sync.commits
        states = state_by_resource(self.pipeline.state, self.source.schema.name)
        tables = table_names(self.source)
        return [
            ResourceRun(
                run_id=self.run_id,
                pipeline=self.pipeline.pipeline_name,
                resource=name,
                table_name=tables.get(name),
                started_at=datetime.fromtimestamp(self.sync.legs.started, UTC),
                ended_at=datetime.fromtimestamp(clock(), UTC),
                outcome=(outcome := self._outcome(name, error)),
                **self._counts(name),
                legs=commits.legs,
                resumed=commits.resumed,
                error=_error_text(error) if error is not None and outcome == FAILED else None,
                headrace_version=__version__,
                failed_requests=len(failed_requests_in(states, [name])),
            )
            for name in self.source.resources.selected
        ]

    def _outcome(self, resource: str, error: BaseException | None) -> str:
        commits = self.sync.commits
        if resource in commits.finished:
            counts = commits.figures.get(resource)
            return STOPPED if counts is not None and counts.limited else COMPLETE
        return STOPPED if error is None or not isinstance(error, Exception) else FAILED

    def _counts(self, resource: str) -> dict[str, Any]:
        received = self.sync.figures.resources.get(resource, ResourceFigures())
        committed = self.sync.commits.figures.get(resource, ResourceFigures())
        return {
            "requests": received.requests,
            "pages": received.pages,
            "retries": received.retries,
            "seconds_waited": received.seconds_waited,
            "bytes": received.bytes,
            "rows_received": received.rows,
            "rows_loaded": committed.loaded_rows,
            "rows_quarantined": committed.quarantined,
            "rows_discarded": committed.discarded,
            "rows_marked": received.marked,
            "rows_deleted": received.deleted,
            "notes": clean("\n".join(received.notes))[:_LONGEST_ERROR] or None,
        }


def _error_text(error: BaseException) -> str:
    # An error of another library may quote anything, secrets and rows included: only its name is
    # written.
    text = str(error) if isinstance(error, HeadraceError) else type(error).__name__
    return text[:_LONGEST_ERROR]
