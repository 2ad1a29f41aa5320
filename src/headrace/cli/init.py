"""`headrace init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.exit_codes import exit_codes
from headrace.cli.printing import say


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the config.")] = Path(
        "headrace.yml"
    ),
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
) -> None:
    """Write a commented config to start from."""
    with exit_codes():
        from headrace.config.starter import write_starter

        write_starter(path, overwrite=force)
        say(
            f"Wrote {path}. Set base_url and the resources in it, then try it: "
            f"API_KEY=... headrace check {path}"
        )
