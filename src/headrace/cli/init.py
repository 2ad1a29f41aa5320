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
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe", metavar="NAME", help="Begin with the config of a style of API, as `odata`."
        ),
    ] = None,
    show_recipes: Annotated[
        bool, typer.Option("--recipes", help="Show the names of the recipes, and write nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
) -> None:
    """Write a commented config to start from."""
    with exit_codes():
        from headrace.config.recipes import recipes
        from headrace.config.starter import write_starter

        if show_recipes:
            known = recipes()
            width = max(map(len, known))
            say("\n".join(f"{name:{width}}  {what}" for name, what in known.items()))
            return
        names = write_starter(path, recipe=recipe, overwrite=force)
        settings = "".join(f"{name}=... " for name in names)
        say(
            f"Wrote {path}. Set base_url and the resources in it, then try it: "
            f"{settings}headrace check {path}"
        )
