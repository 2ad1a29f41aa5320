"""`headrace report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.closed_output import outliving_closed_output
from headrace.cli.exit_codes import exit_codes, print_to_stderr
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
from headrace.core.exceptions import ConfigError, SyncError
from headrace.core.quick_dataclasses import dataclass

if TYPE_CHECKING:
    from headrace.cli.shown_tables import ShownTables


def report(
    config: ConfigArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The HTML file to write.")
    ] = Path("report.html"),
    since: SinceOption = "30d",
    workflow: WorkflowOption = None,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="Write the file again and again, each 30s, 5m, 2h, ...; a browser that has it "
            "open follows by itself. SIGINT, SIGTERM and SIGHUP end it.",
        ),
    ] = None,
    overrides: SetOption = None,
    destination: TablesOption = None,
    dataset: TablesDatasetOption = None,
) -> None:
    """Show how executions fare: one HTML file that works offline, from the loaded tables.

    Reads what `headrace run` has loaded, and asks no API. A sync may run meanwhile. To look at the
    newest page at an address instead of in a file: `headrace serve`.

    Exit code 0: written; 1: the tables cannot be read; 2: the call or the config is wrong.
    """
    with exit_codes():
        from headrace.cli.shown_tables import pipeline_to_show

        with pipeline_to_show(config, overrides or (), destination, dataset) as tables:
            reports = _Reports(tables, output, since, workflow, every)
            if every is None:
                say(reports.write())
            else:
                _keep_writing(reports, every)


@dataclass(slots=True)
class _Reports:
    """Writes the report that a command line asks for, once or again and again."""

    tables: ShownTables
    output: Path
    since: str
    workflow: str | None
    every: str | None
    is_written: bool = False

    def write(self) -> str:
        """Writes the file; gives what to say of it."""
        from headrace.reports.html.report import report as make_report

        try:
            made = make_report(
                self.tables.pipeline,
                self.output,
                since=self.since,
                workflow=self.workflow,
                executions=self.tables.executions,
                workflows=self.tables.workflows,
                node_runs=self.tables.node_runs,
                every=None if self.every is None else seconds_in(self.every),
            )
        except ConfigError as error:
            # What has worked works again: the workflow had no execution in the last days, for one.
            if self.is_written:
                raise SyncError(str(error)) from None
            raise
        self.is_written = True
        if made.start is None or made.end is None:
            return f"There is no execution yet; {made.path} says so."
        return (
            f"{made.executions:,} executions from {made.start:%Y-%m-%d %H:%M} to "
            f"{made.end:%Y-%m-%d %H:%M} UTC are in {made.path}"
        )


def _keep_writing(reports: _Reports, every: str) -> None:
    from headrace.cli.repeating import repeat_aloud

    seconds_in(every)
    say(f"Writing {reports.output} every {every} until stopped (Ctrl-C).")
    repeat_aloud(lambda _: say(reports.write()), every, print_to_stderr)
    state = "stays as it is" if reports.is_written else "was not made"
    with outliving_closed_output():
        say(f"Stopped. {reports.output} {state}.")
