"""`headrace report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.exit_codes import exit_codes
from headrace.cli.options import (
    ConfigArgument,
    SetOption,
    TablesDatasetOption,
    TablesOption,
)
from headrace.cli.printing import say


def report(
    config: ConfigArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The HTML file to write.")
    ] = Path("report.html"),
    since: Annotated[
        str,
        typer.Option(
            metavar="SPAN|DATE",
            help="What it is about: a span that ends with the newest execution (30d, 12h, 8w), or "
            "all since a date.",
        ),
    ] = "30d",
    workflow: Annotated[
        str | None,
        typer.Option(metavar="NAME|ID", help="Of this workflow only."),
    ] = None,
    overrides: SetOption = None,
    destination: TablesOption = None,
    dataset: TablesDatasetOption = None,
) -> None:
    """Show how executions fare: one HTML file that works offline, from the loaded tables.

    Reads what `headrace run` has loaded into DuckDB or PostgreSQL, and asks no API.

    Exit code 0: written; 1: the tables cannot be read; 2: the call or the config is wrong.
    """
    with exit_codes():
        _report(config, output, since, workflow, overrides or (), destination, dataset)


def _report(
    config: str,
    output: Path,
    since: str,
    workflow: str | None,
    settings: Sequence[str],
    destination: str | None,
    dataset: str | None,
) -> None:
    from headrace.config import ViewsConfig, load_config
    from headrace.destination.pipeline import open_pipeline_to_read
    from headrace.reports.html.report import report as make_report

    loaded = load_config(config, settings, needed="destination")
    tables = loaded.pipeline_settings.views or ViewsConfig()
    with open_pipeline_to_read(loaded, Path(config).stem, destination, dataset) as pipeline:
        made = make_report(
            pipeline,
            output,
            since=since,
            workflow=workflow,
            executions=tables.executions,
            workflows=tables.workflows,
        )
    if made.start is None or made.end is None:
        say(f"There is no execution yet; {made.path} says so.")
        return
    say(
        f"{made.executions:,} executions from {made.start:%Y-%m-%d %H:%M} to "
        f"{made.end:%Y-%m-%d %H:%M} UTC are in {made.path}"
    )
