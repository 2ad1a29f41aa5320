"""Serves a report that is made anew after each sync, until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

import dlt

from headrace.core.exceptions import ConfigError, Fault, HeadraceError
from headrace.core.secrets.redaction import clean
from headrace.reports.html.counting import ReportTables
from headrace.reports.html.page import Refresh, moment_text, page_policy
from headrace.reports.html.report import make_page
from headrace.reports.served.newest_sync import SyncWatch
from headrace.reports.served.page_server import PageServer, Shown


@dataclass(frozen=True, slots=True)
class ServedPage:
    """A page that is served from now on.

    Args:
        made: When it was made, in UTC, without a zone.
        executions: How many executions it covers.
        start: The beginning of the period that it covers, in UTC, without a zone; None where there
            is no execution.
        end: The end of that period.
    """

    made: datetime
    executions: int
    start: datetime | None
    end: datetime | None


def serve_report(
    pipeline: dlt.Pipeline,
    *,
    on_ready: Callable[[str], None],
    since: str = "30d",
    workflow: str | None = None,
    executions: str = "executions",
    workflows: str | None = "workflows",
    node_runs: str | None = "node_runs",
    port: int = 0,
    every: float = 5.0,
    stop: threading.Event | None = None,
    on_page: Callable[[ServedPage], None] | None = None,
    on_failure: Callable[[Exception], None] | None = None,
) -> None:
    """Serves the report on this machine, made anew after each sync, until it is stopped.

    It is there on 127.0.0.1 alone, for who has its address with the random token in it, and can
    only be read. A browser that has it open shows the new page by itself. Syncs that run meanwhile,
    in this process or another, are not held up. When the tables cannot be read, the last page stays
    and says of when it is.

    Args:
        pipeline: The dlt pipeline that loads the executions, as `report` takes it.
        on_ready: Called once with the address, when the server answers. The address is a secret:
            whoever has it, and reaches this machine's own addresses, can read the page.
        since: The period to cover, as `report` takes it.
        workflow: The name or id of the only workflow to cover; all when None.
        executions: The name of the table of executions.
        workflows: The name of the table with the names of the workflows; it need not exist.
        node_runs: The name of the table with the runs of the nodes; it need not exist.
        port: The port to listen on; 0 takes any free one.
        every: How often to look whether there was a sync, in seconds; an open page asks as often.
        stop: An event that ends it once it is set; without one it goes on until the process ends.
        on_page: Called with each new page, in the thread of the call.
        on_failure: Called with what keeps it from making a page, once for each reason.

    Raises:
        ConfigError: There is no such workflow, or `since` or `every` cannot be read.
        OSError: The port cannot be listened on, as when it is in use.

    Example:
        After `headrace run executions`, beside `headrace run executions --every 5m`:

        >>> import threading, dlt, headrace
        >>> pipeline = dlt.pipeline(
        ...     "executions",
        ...     destination=dlt.destinations.duckdb("executions.duckdb"),
        ...     dataset_name="executions_dataset",
        ... )
        >>> stop = threading.Event()
        >>> headrace.serve_report(
        ...     pipeline,
        ...     on_ready=lambda address: print(address.rpartition(":")[0]),
        ...     on_page=lambda page: stop.set(),
        ...     stop=stop,
        ... )
        http://127.0.0.1
    """
    if not 0 < every < inf:
        raise ConfigError([Fault("every", f"`{every}` is no number of seconds above 0")])
    stop = stop or threading.Event()
    tables = ReportTables(executions, workflows, node_runs)
    kept = _KeptPage(pipeline, since, workflow, tables, Refresh(every, is_served=True))
    told = ""
    with PageServer(lambda: kept.shown, port) as server:
        on_ready(server.url)
        while not stop.is_set():
            made = error = None
            try:
                made = kept.look()
            except ConfigError as refused:
                # What has worked works again: the workflow has no execution just now, for one.
                if kept.shown.page is None:
                    raise
                error = kept.failed(refused)
            except Exception as failure:
                # Whatever it is, the page that is there stays.
                error = kept.failed(failure)
            if made is not None and on_page is not None:
                on_page(made)
            if error is not None and str(error) != told and on_failure is not None:
                on_failure(error)
            told = "" if error is None else str(error)
            stop.wait(every)


@dataclass(slots=True)
class _KeptPage:
    """The page that is shown, and what it is made by."""

    pipeline: dlt.Pipeline
    since: str
    workflow: str | None
    tables: ReportTables
    refresh: Refresh
    shown: Shown = field(default_factory=Shown)
    _watch: SyncWatch = field(init=False)
    _sync: Hashable = None

    def __post_init__(self) -> None:
        self._watch = SyncWatch(self.pipeline, self.tables.executions)

    def look(self) -> ServedPage | None:
        """Makes the page anew where there was a sync; gives what it covers, or None."""
        newest = self._watch.newest()
        if self.shown.page is not None and newest == self._sync:
            self.shown = replace(self.shown, problem="")
            return None
        page = make_page(self.pipeline, self.since, self.workflow, self.tables, self.refresh)
        policy = page_policy(self.refresh)
        self.shown = Shown(page.text, moment_text(page.made), policy)
        self._sync = newest
        period = page.figures.period
        return ServedPage(
            page.made,
            page.figures.overall.now.runs,
            period.start if period else None,
            period.end if period else None,
        )

    def failed(self, error: Exception) -> Exception:
        """Notes why there is no newer page."""
        # An error of another library may quote anything.
        known = isinstance(error, HeadraceError)
        self.shown = replace(
            self.shown, problem=clean(str(error)) if known else type(error).__name__
        )
        return error
