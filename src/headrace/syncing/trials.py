"""Loads rows into a dataset of their own, to see whether the destination takes them."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import dlt
from dlt.common.exceptions import DltException
from dlt.extract import DltSource

from headrace.core.dlt_door.settings import overridden
from headrace.core.figures import Figures
from headrace.destination.dlt_clients import drop_dataset
from headrace.destination.failures import cause_of
from headrace.dlt_source.current_sync import RunningSync, running
from headrace.syncing.spooled_rows import SomeRows, SpooledRows

_DLT_LOGGER = logging.getLogger("dlt")
# dlt takes what a driver of its own kind refuses for a fault that passes.
_TRIED_ONCE = {"load": {"raise_on_max_retries": 1}}
_DATASET_SUFFIX = "_headrace_trial"


class Trials:
    """Trial loads of spooled rows, each into a new dataset beside that of the pipeline.

    Args:
        pipeline: The pipeline whose load has failed.
        source: The source that it loads.
        spool: The rows.

    Attributes:
        count: How many trials there were.
    """

    def __init__(self, pipeline: dlt.Pipeline, source: DltSource, spool: SpooledRows) -> None:
        self._pipeline = pipeline
        self._source = source
        self._spool = spool
        self.count = 0

    def failure(self, places: Iterable[int]) -> str | None:
        """Why the destination does not take some rows together; None where it does.

        Args:
            places: The places of the rows among those that are spooled.
        """
        self.count += 1
        kept = SomeRows(self._spool, frozenset(places))
        source = self._source.with_resources(*self._spool.resources)
        with (
            _trial_pipeline(self._pipeline) as trial,
            running(trial, RunningSync(Figures(), kept_rows=kept)),
        ):
            try:
                trial.run(source)
            except DltException as error:
                return str(cause_of(error))
        return None


@contextmanager
def copied_pipeline(pipeline: dlt.Pipeline) -> Iterator[dlt.Pipeline]:
    """Makes a copy of a pipeline with all that is in its folder, for as long as the block lasts.

    Args:
        pipeline: The pipeline; the copy has the same destination and dataset.
    """
    with TemporaryDirectory(prefix="headrace-copy-") as folder:
        shutil.copytree(pipeline.working_dir, Path(folder) / pipeline.pipeline_name)
        with _beside(pipeline, folder, str(pipeline.dataset_name)) as copied:
            yield copied


def takes_a_row(pipeline: dlt.Pipeline) -> bool:
    """Whether the destination of a pipeline takes a row that nothing can be wrong with.

    Args:
        pipeline: The pipeline.
    """
    with _trial_pipeline(pipeline) as trial:
        try:
            trial.run([{"id": 1}], table_name="rows")
        except DltException:
            return False
    return True


@contextmanager
def _trial_pipeline(pipeline: dlt.Pipeline) -> Iterator[dlt.Pipeline]:
    with (
        TemporaryDirectory(prefix="headrace-trial-") as folder,
        _beside(pipeline, folder, f"{pipeline.dataset_name}{_DATASET_SUFFIX}") as trial,
    ):
        try:
            with _SILENCE.kept(), overridden(_TRIED_ONCE):
                yield trial
        finally:
            with suppress(DltException):
                drop_dataset(trial)


@contextmanager
def _beside(pipeline: dlt.Pipeline, folder: str, dataset_name: str) -> Iterator[dlt.Pipeline]:
    """A pipeline of the same name, by which a destination may choose its database."""
    try:
        yield dlt.pipeline(
            pipeline.pipeline_name,
            pipelines_dir=folder,
            destination=pipeline.destination,
            staging=pipeline.staging,
            dataset_name=dataset_name,
        )
    finally:
        pipeline.activate()


class _Silence:
    """Keeps dlt from logging that a trial failed, with a traceback for each job.

    Its jobs run in threads of its own, so that no sync of the process logs meanwhile.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._was = False

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Silent until the last of the blocks has ended that several threads are in."""
        with self._lock:
            if not self._blocks:
                self._was = _DLT_LOGGER.disabled
            self._blocks += 1
            _DLT_LOGGER.disabled = True
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
                if not self._blocks:
                    _DLT_LOGGER.disabled = self._was


_SILENCE = _Silence()
