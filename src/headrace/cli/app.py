"""The program `headrace`, with all of its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace._version import __version__
from headrace.cli.backfill import backfill
from headrace.cli.cat import cat
from headrace.cli.check import check
from headrace.cli.connectors import connectors
from headrace.cli.explain import explain
from headrace.cli.init import init
from headrace.cli.preview import preview
from headrace.cli.report import report
from headrace.cli.run import run
from headrace.cli.schema import schema
from headrace.cli.serve import serve
from headrace.cli.simulate import simulate
from headrace.cli.status import status
from headrace.cli.verify import verify

app = typer.Typer(
    name="headrace",
    no_args_is_help=True,
    add_completion=False,
    # Plain help: the one of rich takes as long to import as everything else.
    rich_markup_mode=None,
    # Their tracebacks show local variables, and with them secrets.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"headrace {__version__}")
        raise typer.Exit


@app.callback()
def _headrace(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Keep a table equal to what a REST API shows, from a config in dlt's REST API source format.

    First steps: `headrace init URL` asks an API how it lists its rows, and writes a config of what
    that proves; `headrace explain` says what it will do, `headrace check` tries it, `headrace run`
    loads it.
    """


for command in (
    *(run, status, report, serve, verify),
    *(check, explain, preview, cat, init, connectors, schema, simulate),
):
    app.command()(command)
app.add_typer(backfill)
