"""`headrace preview`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer

from headrace.cli.auth_warnings import auth_warnings
from headrace.cli.exit_codes import exit_codes
from headrace.cli.options import ConfigArgument, SetOption
from headrace.cli.printing import say
from headrace.cli.sample_shown import print_rows


def preview(
    config: ConfigArgument,
    resource: Annotated[
        str | None,
        typer.Argument(metavar="RESOURCE", help="Which resource; the first when left out."),
    ] = None,
    rows: Annotated[int, typer.Option(metavar="N", min=1, help="How many rows to show.")] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON list of rows instead of a table.")
    ] = False,
    overrides: SetOption = None,
) -> None:
    """Show the first rows as they would be loaded, without loading them."""
    with exit_codes(), auth_warnings():
        from headrace.config import load_config
        from headrace.config.selection import listed_resources, select_resources
        from headrace.dlt_source.sample import take_sample
        from headrace.reading.listing_notes import guessed

        loaded = load_config(config, overrides or ())
        if loaded.tenants is not None:
            # The rows of all tenants look the same.
            loaded = next(each.config for each in loaded.tenants.tenants if each.config)
        chosen = select_resources(loaded, [resource] if resource else [])
        sample = take_sample(loaded, listed_resources(chosen)[0], count=rows)
        if sample.skipped is not None:
            say(sample.skipped, to_stderr=True)
        if as_json:
            say(json.dumps(sample.rows, default=_as_json, ensure_ascii=False, indent=2))
        elif sample.skipped is None:
            print_rows(sample)
        if sample.guess is not None:
            say(f"{sample.resource}: {guessed(sample.guess)}", to_stderr=True)
        if sample.written is not None:
            say(f"{sample.resource}: {sample.written}", to_stderr=True)


def _as_json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
