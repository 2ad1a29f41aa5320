"""`headrace run`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.exit_codes import exit_codes
from headrace.cli.options import ConfigArgument, SetOption
from headrace.cli.printing import say
from headrace.cli.stderr_output import StderrOutput
from headrace.core.exceptions import SyncError


def run(
    config: ConfigArgument,
    overrides: SetOption = None,
    destination: Annotated[
        str | None,
        typer.Option(
            metavar="DESTINATION",
            help="Where to load: duckdb:///file.duckdb, or any dlt destination (postgres, "
            "bigquery, ...) with its settings in .dlt/secrets.toml. "
            "Without it: <pipeline>.duckdb in the current folder.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Dataset (schema) to load into: <pipeline>_dataset."),
    ] = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Load this resource only. Repeatable."),
    ] = None,
    limit_rows: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Load only the first N rows of each resource."),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Load nothing when a row cannot be loaded, instead of quarantining it."
        ),
    ] = False,
    full_refresh: Annotated[
        bool,
        typer.Option(
            "--full-refresh",
            help="Drop the tables and load everything again. Rows that the API no longer has are "
            "lost with them.",
        ),
    ] = False,
    backfill_until: Annotated[
        str | None,
        typer.Option(
            metavar="KEY|TIME",
            help="In the first sync go back to this key, or to this ISO time, and no further.",
        ),
    ] = None,
    drop_pending: Annotated[
        bool,
        typer.Option(
            "--drop-pending",
            help="Give up a load that an earlier run left behind, and fetch its rows again.",
        ),
    ] = False,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="Sync again and again, each 30s, 5m, 2h, ... SIGINT, SIGTERM and SIGHUP end after "
            "the leg under way, committed.",
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")
    ] = False,
    json_logs: Annotated[
        bool,
        typer.Option(
            "--json-logs",
            help="Write what happens to stderr as JSON, one object a line: time, level, event, "
            "resource, message, figures.",
        ),
    ] = False,
) -> None:
    """Load what the API has into the destination.

    A resource whose `endpoint.incremental` says `row_order: desc` is kept up with: after the
    first sync only the new, the unfinished and the changed rows are asked for.

    Exit code 0: done; 1: the sync failed, or no row could be loaded; 2: the call or the config is
    wrong.
    """
    stderr = StderrOutput(quiet=quiet, as_json=json_logs)
    with stderr.logs(), exit_codes(stderr.error):
        sync_once = _prepare(
            _RunArguments(
                config=config,
                overrides=[*(overrides or ()), *(["pipeline.strict=true"] if strict else [])],
                resources=resource or (),
                destination=destination,
                dataset=dataset,
                limit_rows=limit_rows,
                full_refresh=full_refresh,
                backfill_until=backfill_until,
                drop_pending=drop_pending,
            ),
            stderr,
        )
        if every is None:
            sync_once(None)
        else:
            _keep_syncing(sync_once, every, stderr)


@dataclass(frozen=True)
class _RunArguments:
    """What a command line asks for, but for how often and how loud."""

    config: str
    overrides: Sequence[str]
    resources: Collection[str]
    destination: str | None
    dataset: str | None
    limit_rows: int | None
    full_refresh: bool
    backfill_until: str | None
    drop_pending: bool


def _prepare(
    arguments: _RunArguments, stderr: StderrOutput
) -> Callable[[threading.Event | None], None]:
    """Reads the config, and makes the function that syncs once."""
    from headrace.cli.sync_summary import nothing_could_be_loaded, print_summary, print_views
    from headrace.config import load_config
    from headrace.config.selection import bound_backfill, select_resources
    from headrace.core.figures import Figures
    from headrace.destination.pipeline import open_pipeline
    from headrace.destination.views import create_views
    from headrace.dlt_source.source import build_source
    from headrace.reading.build import leg_settings
    from headrace.reading.credentials import Authentications
    from headrace.syncing.sync import sync

    loaded = select_resources(
        load_config(arguments.config, arguments.overrides), arguments.resources
    )
    if arguments.backfill_until is not None:
        loaded = bound_backfill(loaded, arguments.backfill_until)
    pipeline = open_pipeline(
        loaded, Path(arguments.config).stem, arguments.destination, arguments.dataset
    )
    # A token that one sync fetched serves the next ones too.
    authentications = Authentications.of_config(loaded)
    # These hold until a sync has worked.
    once = {"full_refresh": arguments.full_refresh, "drop_pending": arguments.drop_pending}

    def sync_once(stop: threading.Event | None) -> None:
        figures = Figures()
        source = build_source(
            loaded, limit_rows=arguments.limit_rows, authentications=authentications
        )
        with stderr.progress(figures):
            report = sync(
                pipeline,
                source,
                full_refresh=once.get("full_refresh", False),
                drop_pending=once.get("drop_pending", False),
                legs=leg_settings(loaded),
                figures=figures,
                stop=stop,
                run_history=loaded.pipeline_settings.run_history,
            )
        once.clear()
        if not stderr.quiet:
            print_summary(report)
        if views := loaded.pipeline_settings.views:
            created = create_views(pipeline, views.executions, views.workflows)
            if not stderr.quiet:
                print_views(created)
        if message := nothing_could_be_loaded(report):
            raise SyncError(message)

    return sync_once


def _keep_syncing(
    sync_once: Callable[[threading.Event | None], None], every: str, stderr: StderrOutput
) -> None:
    from headrace.cli.closed_output import go_on_without_output
    from headrace.core.durations import seconds_in
    from headrace.core.exceptions import HeadraceError
    from headrace.syncing.repeating import keep_syncing, set_on_signals

    def turn() -> None:
        # rich leads a closed output nowhere as well, and then ends the program.
        with suppress(SystemExit):
            sync_once(stop)

    def tell(error: Exception) -> None:
        if isinstance(error, OSError) and go_on_without_output():
            return
        text = (
            str(error) if isinstance(error, HeadraceError) else f"{type(error).__name__}: {error}"
        )
        try:
            stderr.error(f"Error: {text}\nTrying again in {every}.")
        except OSError:
            go_on_without_output()

    stop = threading.Event()
    with set_on_signals(stop):
        keep_syncing(turn, seconds_in(every), stop, tell)
    if not stderr.quiet:
        try:
            say("Stopped. What was committed stays; run again to go on.")
        except OSError:
            go_on_without_output()
