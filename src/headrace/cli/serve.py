"""`headrace serve`."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.closed_output import outliving_closed_output
from headrace.cli.exit_codes import FAILED, exit_codes, print_to_stderr
from headrace.cli.options import (
    ConfigArgument,
    SetOption,
    SinceOption,
    TablesDatasetOption,
    TablesOption,
    WorkflowOption,
)
from headrace.cli.printing import say
from headrace.core.durations import seconds_in

if TYPE_CHECKING:
    from headrace.reports.served.serving import ServedPage


def serve(
    config: ConfigArgument,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65_535, help="0 takes a free one.")
    ] = 8642,
    since: SinceOption = "30d",
    workflow: WorkflowOption = None,
    every: Annotated[
        str,
        typer.Option(
            metavar="SPAN", help="How often to look whether there was a sync: 5s, 1m, ..."
        ),
    ] = "5s",
    overrides: SetOption = None,
    destination: TablesOption = None,
    dataset: TablesDatasetOption = None,
) -> None:
    """Show how executions fare at an address of this machine, anew after each sync.

    Beside `headrace run CONFIG --every 5m`, or whatever else syncs: no sync waits for it. A browser
    that has the page open follows by itself. The address has a random token in it; only this
    machine reaches it, or a tunnel to it (ssh -L). For a file instead: `headrace report`.

    SIGINT, SIGTERM and SIGHUP end it.

    Exit code 0: ended by a signal; 1: the port is in use; 2: the call or the config is wrong.
    """
    with exit_codes():
        from headrace.cli.repeating import told_in_words
        from headrace.cli.shown_tables import pipeline_to_show
        from headrace.reports.served.serving import serve_report
        from headrace.syncing.repeating import set_on_signals

        stop = threading.Event()
        seconds = seconds_in(every)

        def tell_failure(error: Exception) -> None:
            with outliving_closed_output():
                print_to_stderr(f"Error: {told_in_words(error)}\nLooking again every {every}.")

        with (
            set_on_signals(stop),
            pipeline_to_show(config, overrides or (), destination, dataset) as tables,
        ):
            try:
                serve_report(
                    tables.pipeline,
                    on_ready=_tell_address,
                    since=since,
                    workflow=workflow,
                    executions=tables.executions,
                    workflows=tables.workflows,
                    node_runs=tables.node_runs,
                    port=port,
                    every=seconds,
                    stop=stop,
                    on_page=_tell_page,
                    on_failure=tell_failure,
                )
            except OSError as error:
                reason = os.strerror(error.errno) if error.errno else error
                print_to_stderr(f"Error: cannot serve on port {port}: {reason}. Try --port 0.")
                raise typer.Exit(FAILED) from None
        with outliving_closed_output():
            say("Stopped.")


def _tell_address(address: str) -> None:
    with outliving_closed_output():
        say(f"Serving the report until stopped (Ctrl-C) at\n\n  {address}\n")
        say("Keep the address to yourself: whoever has it can read the page.")


def _tell_page(page: ServedPage) -> None:
    with outliving_closed_output():
        if page.start is None or page.end is None:
            say(f"{page.made:%H:%M:%S} UTC: there is no execution yet, and the page says so.")
            return
        say(
            f"{page.made:%H:%M:%S} UTC: a new page of {page.executions:,} executions from "
            f"{page.start:%Y-%m-%d %H:%M} to {page.end:%Y-%m-%d %H:%M}"
        )
