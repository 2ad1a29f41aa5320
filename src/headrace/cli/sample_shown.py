"""Shows what a first look at a listing brought."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from headrace.cli.printing import say

if TYPE_CHECKING:
    from rich.console import Console

    from headrace.dlt_source.sample import Sample


def say_sample(sample: Sample) -> None:
    """Says what a resource answers with, and what was guessed.

    Args:
        sample: The beginning of its listing.
    """
    from headrace.cli.plurals import counted
    from headrace.reading.listing_notes import guessed

    if sample.skipped is not None:
        say(sample.skipped)
        return
    if sample.asked is None:
        say(f"{sample.resource}: nothing to ask for, as `{sample.parent}` has no rows.")
        return
    count = counted(sample.first_page_rows, "row")
    is_part = sample.total is not None and sample.total > sample.first_page_rows
    if is_part:
        count += f" of {sample.total:,}"
    if sample.has_more and sample.total is not None and sample.total <= sample.first_page_rows:
        further = "that is all, as it tells; another page is asked for to be sure"
    elif sample.has_more or sample.pages > 1:
        further = "more pages follow"
    else:
        further = "that is all that the config asks for" if is_part else "that is all there is"
    if sample.parent is not None:
        further += f" for the first row of `{sample.parent}`"
    say(f"{sample.resource}: {sample.asked} answers with {count}; {further}.")
    if sample.guess is not None:
        say(f"  {guessed(sample.guess)}")
    if sample.written is not None:
        say(f"  {sample.written}")
    if sample.rows:
        say(f"  columns: {', '.join(sample.columns)}")


def print_rows(sample: Sample) -> None:
    """Prints the rows as a table; on a screen that is too narrow, one row below the other.

    Args:
        sample: The beginning of a listing.
    """
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
