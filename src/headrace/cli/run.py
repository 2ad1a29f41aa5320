"""`headrace run`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.options import ConfigArgument, SetOption
from headrace.cli.outcome import FAILED, exit_codes


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
) -> None:
    """Load what the API has into the destination.

    Exit code 0: done; 1: the sync failed, or no row could be loaded; 2: the call or the config is
    wrong.
    """
    with exit_codes():
        settings = [*(overrides or ()), *(["pipeline.strict=true"] if strict else [])]
        _run(config, settings, resource or (), destination, dataset, limit_rows)


def _run(
    config: str,
    settings: Sequence[str],
    resources: Collection[str],
    destination: str | None,
    dataset: str | None,
    limit_rows: int | None,
) -> None:
    from headrace.cli.progress import show_progress
    from headrace.cli.summary import nothing_could_be_loaded, print_summary
    from headrace.config import load_config
    from headrace.destination import open_pipeline
    from headrace.figures import Figures
    from headrace.selection import select_resources
    from headrace.source import build_source
    from headrace.syncing import sync

    loaded = select_resources(load_config(config, settings), resources)
    pipeline = open_pipeline(loaded, Path(config).stem, destination, dataset)
    figures = Figures()
    with show_progress(figures):
        report = sync(pipeline, build_source(loaded, limit_rows=limit_rows), figures=figures)
    print_summary(report)
    if message := nothing_could_be_loaded(report):
        typer.echo(f"Error: {message}", err=True)
        raise typer.Exit(FAILED)
