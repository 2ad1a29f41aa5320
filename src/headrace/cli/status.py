"""`headrace status`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.exit_codes import TOO_OLD, exit_codes
from headrace.cli.options import (
    ConfigArgument,
    SetOption,
    TablesDatasetOption,
    TablesOption,
)
from headrace.cli.printing import say

if TYPE_CHECKING:
    from headrace.reports.status.results import Status


def status(
    config: ConfigArgument,
    overrides: SetOption = None,
    destination: TablesOption = None,
    dataset: TablesDatasetOption = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Look at this resource only. Repeatable."),
    ] = None,
    max_age: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="End with 3 when a resource is older than 30s, 15m, 2h, ... or was never loaded "
            "to its end.",
        ),
    ] = None,
    runs: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many runs of each resource to show.")
    ] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Say how the syncs are doing: the last runs, how fresh the tables are, what is left to do.

    Reads the destination alone: the API is asked nothing, and neither its address nor a key is
    needed; nothing is changed, and it works on any machine that reaches the destination.

    Exit code 0: fine; 1: something failed; 2: the call or the config is wrong; 3: a resource is
    older than --max-age.
    """
    with exit_codes():
        from headrace.cli.status_summary import print_status, too_old
        from headrace.config import load_config
        from headrace.core.durations import seconds_in
        from headrace.destination.pipeline import open_pipeline_to_read
        from headrace.reports.status.status import status_of

        limit = None if max_age is None else seconds_in(max_age)
        loaded = load_config(config, overrides or (), needed="tables")
        name = Path(config).stem
        with open_pipeline_to_read(loaded, name, destination, dataset) as pipeline:
            found = status_of(pipeline, loaded, resources=resource or (), runs=runs)
        if as_json:
            say(_json(found))
        else:
            print_status(found)
        old = [] if limit is None else found.older_than(limit)
        if old:
            say(too_old(found, old, str(max_age)), to_stderr=True)
            raise typer.Exit(TOO_OLD)


def _json(found: Status) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
