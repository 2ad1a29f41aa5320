"""`headrace simulate`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from headrace.cli.outcome import FAILED, exit_codes

KEY_VARIABLE = "HEADRACE_SIMULATOR_KEY"
_PUBLIC_KEY = "simulator"


def simulate(
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65_535, help="0 takes a free one.")
    ] = 8080,
    rows: Annotated[int, typer.Option(metavar="N", min=0, help="How many executions.")] = 20_000,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed, another history.")] = 1,
    string_ids: Annotated[
        bool, typer.Option("--string-ids", help='Send ids as text ("12"), as some servers do.')
    ] = False,
) -> None:
    """Serve a sample executions API on this machine, to try things on.

    Its key is `simulator`, or what HEADRACE_SIMULATOR_KEY is set to.
    """
    with exit_codes():
        from headrace.simulator import serve

        key = os.environ.get(KEY_VARIABLE, _PUBLIC_KEY)

        def announce(base_url: str) -> None:
            shown = key if key == _PUBLIC_KEY else f"${KEY_VARIABLE}"
            typer.echo(f"Serving {rows:,} executions at {base_url} until stopped (Ctrl-C). Try:")
            typer.echo(f"  EXECUTIONS_BASE_URL={base_url} API_KEY={shown} headrace run executions")

        try:
            serve(
                rows=rows,
                seed=seed,
                port=port,
                api_key=key,
                string_ids=string_ids,
                on_ready=announce,
            )
        except OSError as error:
            typer.echo(f"Error: cannot serve: {error.strerror or error}. Try --port 0.", err=True)
            raise typer.Exit(FAILED) from None
