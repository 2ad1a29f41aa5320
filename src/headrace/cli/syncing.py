"""Syncs what a command line of `headrace run` asks for: once, or again and again."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.cli.closed_output import outliving_closed_output
from headrace.cli.printing import say
from headrace.cli.repeating import repeat_aloud
from headrace.cli.stderr_output import StderrOutput
from headrace.cli.sync_summary import (
    nothing_could_be_loaded,
    print_summary,
    print_views,
    told_failed_requests,
    told_refused_removals,
)
from headrace.config import load_config
from headrace.config.loading import read_config
from headrace.config.selection import bound_backfill, select_resources, select_tenants
from headrace.core.exceptions import SyncError
from headrace.core.figures import Figures
from headrace.destination.pipeline import open_pipeline
from headrace.destination.remembered_settings import settings_looked_up_once
from headrace.destination.tenant_rows import with_stored_tenants
from headrace.destination.views import create_views
from headrace.dlt_source.source import build_source
from headrace.reading.build import leg_settings
from headrace.reading.credentials import Authentications
from headrace.syncing.results import SyncReport
from headrace.syncing.retention import retention_settings
from headrace.syncing.sync import sync

if TYPE_CHECKING:
    import dlt


@dataclass(frozen=True)
class SyncWanted:
    """What a command line asks for, but for how often and how loud.

    Args:
        config: The config file, or the name of a connector.
        overrides: What to set in the config, each as `key=value`.
        resources: The names of the resources to load; all when empty.
        destination: Where to load to; what the config says when None.
        dataset: The dataset to load into; what the config says when None.
        limit_rows: The number of rows of each resource after which to stop; None for all rows.
        full_refresh: Whether to drop the tables first.
        list_anew: Whether to list everything again and keep the rows of the tables.
        backfill_until: How far the first sync goes back, a key or a time; to the end when None.
        drop_pending: Whether to give up a load that an earlier run left behind.
        allow_missing: Whether any number of missing rows may be marked or deleted.
        tenants: The names of the tenants to ask; all when empty.
    """

    config: str
    overrides: Sequence[str]
    resources: Collection[str]
    destination: str | None
    dataset: str | None
    limit_rows: int | None
    full_refresh: bool
    list_anew: bool
    backfill_until: str | None
    drop_pending: bool
    allow_missing: bool = False
    tenants: Collection[str] = ()


class Syncing:
    """Reads the config at once, and syncs by it whenever it is called.

    Args:
        wanted: What the command line asks for.
        stderr: Where progress is shown.

    Raises:
        ConfigError: The config is wrong.
    """

    def __init__(self, wanted: SyncWanted, stderr: StderrOutput) -> None:
        self._wanted = wanted
        self._stderr = stderr
        document = with_stored_tenants(
            read_config(wanted.config, wanted.overrides),
            wanted.config,
            wanted.destination,
            wanted.dataset,
        )
        config = select_resources(load_config(document), wanted.resources)
        config = select_tenants(config, wanted.tenants)
        if wanted.backfill_until is not None:
            config = bound_backfill(config, wanted.backfill_until)
        self._config = config
        # A token that one sync fetched serves the next ones too.
        self._authentications = Authentications.of_config(config)
        # These hold until a sync has worked.
        self._once = {
            "full_refresh": wanted.full_refresh,
            "list_anew": wanted.list_anew,
            "drop_pending": wanted.drop_pending,
            "allow_missing": wanted.allow_missing,
        }
        self._opened: dlt.Pipeline | None = None

    def once(self, stop: threading.Event | None = None) -> SyncReport:
        """Syncs, and prints what came of it.

        Args:
            stop: An event that ends the sync after the leg under way.

        Returns:
            What came of it.

        Raises:
            ConfigError: There is no such destination.
            SyncError: The sync failed, or no row could be loaded.
            HeadraceError: The API, or a row of it, stopped the sync.
        """
        # With each sync until it works: its folder may be on a disk that is full today.
        pipeline = self._opened = self._opened or open_pipeline(
            self._config,
            Path(self._wanted.config).stem,
            self._wanted.destination,
            self._wanted.dataset,
        )
        with settings_looked_up_once(pipeline.destination, pipeline.staging):
            report = self._sync(pipeline, stop)
            self._once.clear()
            loud = not self._stderr.quiet
            if loud:
                print_summary(report)
            if views := self._config.pipeline_settings.views:
                created = create_views(pipeline, views.executions, views.workflows, views.node_runs)
                if loud:
                    print_views(created)
        if message := nothing_could_be_loaded(report):
            raise SyncError(message)
        if report.failed_requests:
            self._stderr.error(told_failed_requests(report))
        for told in told_refused_removals(report):
            self._stderr.error(told)
        return report

    def _sync(self, pipeline: dlt.Pipeline, stop: threading.Event | None) -> SyncReport:
        figures = Figures()
        source = build_source(
            self._config,
            limit_rows=self._wanted.limit_rows,
            authentications=self._authentications,
        )
        with self._stderr.progress(figures):
            return sync(
                pipeline,
                source,
                full_refresh=self._once.get("full_refresh", False),
                list_anew=self._once.get("list_anew", False),
                drop_pending=self._once.get("drop_pending", False),
                allow_missing=self._once.get("allow_missing", False),
                legs=leg_settings(self._config),
                figures=figures,
                stop=stop,
                run_history=self._config.pipeline_settings.run_history,
                retention=retention_settings(self._config),
            )


def is_partial(report: SyncReport) -> bool:
    """Whether a sync has loaded rows, and left something undone that it should have done.

    Args:
        report: Its report.
    """
    return bool(report.failed_requests) or any(each.is_refused for each in report.missing_rows)


def keep_syncing_aloud(syncing: Syncing, every: str, stderr: StderrOutput) -> None:
    """Syncs again and again until a signal ends it; says what fails, and goes on.

    Args:
        syncing: Does one sync.
        every: The time from the beginning of a sync to that of the next, such as `5m`.
        stderr: Where it is said what failed.

    Raises:
        ConfigError: The config is wrong, or `every` is.
    """

    def turn(stop: threading.Event) -> None:
        syncing.once(stop)

    repeat_aloud(turn, every, stderr.error)
    if not stderr.quiet:
        with outliving_closed_output():
            say("Stopped. What was committed stays; run again to go on.")
