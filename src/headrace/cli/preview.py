"""`headrace preview`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headrace.cli.auth_warnings import auth_warnings
from headrace.cli.exit_codes import exit_codes
from headrace.cli.options import ConfigArgument, SetOption
from headrace.cli.printing import say

if TYPE_CHECKING:
    from rich.console import Console

    from headrace.dlt_source.sample import Sample


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
            _print_table(sample)
        if sample.guess is not None:
            say(f"{sample.resource}: {guessed(sample.guess)}", to_stderr=True)
        if sample.written is not None:
            say(f"{sample.resource}: {sample.written}", to_stderr=True)


def _print_table(sample: Sample) -> None:
    from rich.table import Table

    from headrace.cli.console import new_console, plain, whole_width
    from headrace.cli.plurals import counted

    console = new_console()
    names = list(dict.fromkeys(name for row in sample.rows for name in row))
    if not names:
        console.print(plain(f"{sample.resource}: the listing is empty."))
        return
    table = Table(title=plain(f"{sample.resource}: the first {counted(len(sample.rows), 'row')}"))
    for name in names:
        table.add_column(plain(name), no_wrap=True)
    for row in sample.rows:
        table.add_row(*(plain(_shown(row.get(name))) for name in names))
    width = max(whole_width(console, table), len(str(table.title)))
    if not console.is_terminal:
        console.width = width
    if width <= console.width:
        console.print(table)
    else:
        _print_records(console, names, sample)


def _print_records(console: Console, names: list[str], sample: Sample) -> None:
    """Prints one row below the other, field by field: a narrow screen then cuts no value off."""
    from rich.table import Table

    from headrace.cli.console import plain

    for number, row in enumerate(sample.rows, start=1):
        record = Table(title=f"row {number}", box=None, show_header=False, title_justify="left")
        record.add_column(overflow="fold")
        record.add_column(overflow="fold")
        for name in names:
            record.add_row(plain(name, style="bold"), plain(_shown(row.get(name))))
        console.print(record)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, dict | list | bool):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


def _as_json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
