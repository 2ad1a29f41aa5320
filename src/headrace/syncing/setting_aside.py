"""Finds the rows for which a load failed, so that the others can be loaded without them.

The load is given up, its rows are fetched once more, and parts of them are loaded into a dataset
that is dropped afterwards, until the rows are found that the destination refuses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing

import dlt
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.exceptions import MissingDependencyException
from dlt.common.pipeline import LoadInfo
from dlt.destinations.exceptions import DestinationConnectionError
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace.core.causes import chain_of
from headrace.core.figures import Figures
from headrace.destination.dlt_clients import KeptFile
from headrace.destination.failures import cause_of, is_of_contract
from headrace.dlt_source.current_sync import RunningSync, running
from headrace.dlt_source.quarantine import TABLE, refused_by_destination
from headrace.reading.keep_up.legs import Legs
from headrace.syncing.loading import load_all
from headrace.syncing.resuming import finish_pending
from headrace.syncing.spooled_rows import SpooledRows
from headrace.syncing.trials import Trials, copied_pipeline, takes_a_row

_LOGGER = logging.getLogger(__name__)

# Beyond these it is hardly the rows that are at fault.
_MOST_ROWS = 100
_MOST_TRIALS = 500

_LOOKING = "the load failed: %s. Now looking for the rows that it failed for"
_SET_ASIDE = (
    "the destination refused a whole load for {found}, which went to the table `{table}` with what "
    "it said; all others were loaded"
)

# What is not a matter of rows.
_OF_OTHER_CAUSE = (DestinationConnectionError, ConfigurationException, MissingDependencyException)


def is_of_rows(pipeline: dlt.Pipeline, error: PipelineStepFailed) -> bool:
    """Whether rows may be what a load failed for.

    Args:
        pipeline: The pipeline.
        error: What it raised.
    """
    if error.step not in ("normalize", "load"):
        return False
    if any(isinstance(each, _OF_OTHER_CAUSE) for each in chain_of(error)):
        return False
    return takes_a_row(pipeline)


def load_what_is_taken(
    pipeline: dlt.Pipeline,
    source: DltSource,
    sync: RunningSync,
    kept: KeptFile,
    *,
    full_refresh: bool = False,
    after_leg: Callable[[], object] = lambda: None,
    note: str | None = _SET_ASIDE,
) -> LoadInfo:
    """Runs a pipeline as `load_all` does; where its load fails, without the rows it fails for.

    Args:
        pipeline: The pipeline; no load may be left behind in it.
        source: What to load.
        sync: The sync that the legs belong to.
        kept: The file of the destination.
        full_refresh: First drop the tables and the state of the resources.
        after_leg: Is called once a leg is committed.
        note: What to say of rows that are set aside, with a place for their number; None for
            nothing.

    Returns:
        What dlt says of the last load.

    Raises:
        PipelineStepFailed: No rows are to blame, or too many, or those that a `schema_contract`
            freezes out; what was fetched is kept.
    """
    # What a load learns of the tables stays in its source, also where the load fails.
    untouched = source.clone()
    try:
        return load_all(
            pipeline, source, sync, kept, full_refresh=full_refresh, after_leg=after_leg
        )
    except PipelineStepFailed as error:
        left = _without_refused(pipeline, untouched, sync, error, note)
    drop_first = full_refresh and not sync.commits.legs
    return load_all(pipeline, left, sync, kept, full_refresh=drop_first, after_leg=after_leg)


def _without_refused(
    pipeline: dlt.Pipeline,
    source: DltSource,
    sync: RunningSync,
    error: PipelineStepFailed,
    note: str | None,
) -> DltSource:
    """Gives up a load that failed, and has the sync set the rows aside that it failed for.

    Returns:
        What is left to load.
    """
    # A contract that freezes asks for an end of the load, and not to go on without the row.
    if is_of_contract(error) or not is_of_rows(pipeline, error):
        raise error
    _LOGGER.warning(_LOOKING, cause_of(error))
    names = [name for name in source.resources.selected if name not in sync.commits.finished]
    left = source.with_resources(*names)
    found = _find_refused(pipeline, left, sync)
    if not found:
        raise error
    finish_pending(pipeline, drop=True)
    sync.legs.begin_again()
    if sync.witness is not None:
        sync.witness.begin_again()
    sync.figures.take_back(sync.commits.figures, sync.commits.reasons)
    if note is not None:
        rows = "one row" if found == 1 else f"{found:,} rows"
        sync.figures.notes.append(note.format(found=rows, table=TABLE))
    return left


def _find_refused(pipeline: dlt.Pipeline, source: DltSource, sync: RunningSync) -> int:
    """Notes the rows that the destination refuses in the sync, which will set them aside.

    Returns:
        How many there are; 0 where they are not to blame.
    """
    with closing(SpooledRows()) as spool:
        legs = Legs(sync.legs.settings, sync.legs.clock, sync.legs.stop)
        kept_rows = sync.kept_rows and sync.kept_rows.for_legs(legs)
        again = RunningSync(
            Figures(),
            legs,
            witness=spool,
            kept_rows=kept_rows,
            earlier=sync.earlier,
            refusals=sync.refusals,
        )
        with copied_pipeline(pipeline) as copied, running(copied, again), closing(legs):
            finish_pending(copied, drop=True)
            copied.extract(source.clone())
        found = _Search(Trials(pipeline, source, spool)).refused(len(spool))
        for place, reason in found.items():
            why = refused_by_destination(reason)
            sync.refusals.add(spool.of_resource(place), spool.row(place), why)
    return len(found)


class _Search:
    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self._found: dict[int, str] = {}

    def refused(self, count: int) -> dict[int, str]:
        """The places of the refused rows, each with what the destination said.

        Args:
            count: How many rows there are.
        """
        if self._fails(range(count)):
            self._narrow(0, count)
        rest = [place for place in range(count) if place not in self._found]
        # What is left may be refused together only: two rows of which each alone is taken.
        while rest and self._fails(rest):
            self._find_last_of_a_refused_beginning(rest)
        return {} if self._is_hopeless else self._found

    def _find_last_of_a_refused_beginning(self, rest: list[int]) -> None:
        taken, refused = 0, len(rest)
        while refused - taken > 1:
            middle = (taken + refused) // 2
            if self._fails(rest[:middle]):
                refused = middle
            else:
                taken = middle
        failure = self._trials.failure(rest[:refused])
        if failure is not None:
            self._found[rest.pop(refused - 1)] = failure

    @property
    def _is_hopeless(self) -> bool:
        return len(self._found) > _MOST_ROWS or self._trials.count > _MOST_TRIALS

    def _narrow(self, start: int, end: int) -> None:
        """Finds the refused rows among some that are refused together."""
        if end - start == 1:
            # The destination may have been away for a moment.
            if (failure := self._trials.failure([start])) is not None:
                self._found[start] = failure
            return
        middle = (start + end) // 2
        left_fails = self._fails(range(start, middle))
        if left_fails:
            self._narrow(start, middle)
        if self._is_hopeless:
            return
        if not left_fails or self._fails(range(middle, end)):
            self._narrow(middle, end)

    def _fails(self, places: Sequence[int]) -> bool:
        return not self._is_hopeless and self._trials.failure(places) is not None
