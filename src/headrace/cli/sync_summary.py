"""Prints what `headrace run` says at its end."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from headrace.cli.console import new_console, plain, print_table
from headrace.cli.plurals import counted
from headrace.core.secrets.redaction import one_line
from headrace.dlt_source import failed_requests, quarantine

if TYPE_CHECKING:
    from headrace.destination.views import CreatedViews
    from headrace.syncing.results import SyncReport

_DUCKDB_URL, _SQLITE_URL = "duckdb:///", "sqlite:///"
_NEW_LINE = "\n"
_REASONS = 5
_MOST_NOTES = 30
_FEW_BYTES = 100_000
_LONGEST_REASON = 300


def print_summary(report: SyncReport) -> None:
    """Prints what was loaded, where it is, and a query to try.

    Args:
        report: The report of the sync.
    """
    console = new_console(soft_wrap=True)
    if report.resumed:
        console.print("First finished the load that an earlier run had left behind.")
    total = report.figures.total
    _print(
        console,
        f"Loaded {counted(total.loaded_rows, 'row')} ({counted(total.pages, 'page')}, "
        f"{total.loaded_rows / max(report.seconds, 0.001):,.0f} rows/s) with "
        f"{counted(total.requests, 'request')} in {report.seconds:.1f} s.",
    )
    table = Table(box=None, pad_edge=False)
    for name in ("resource", "table"):
        table.add_column(name)
    for name in ("rows", "requests"):
        table.add_column(name, justify="right")
    for name, table_name in report.tables.items():
        counts = report.figures.of(name)
        full_name = f"{report.dataset_name}.{table_name}"
        table.add_row(
            plain(name), plain(full_name), f"{counts.loaded_rows:,}", f"{counts.requests:,}"
        )
    print_table(console, table)
    if total.retries or total.seconds_waited:
        retries = f"{total.retries:,} " + ("retry" if total.retries == 1 else "retries")
        _print(console, f"{retries}, waited {total.seconds_waited:,.0f} s for the server.")
    if total.left_out_bytes:
        _print(
            console,
            f"{_size(total.left_out_bytes)} of the listed rows were left out: `rows` keeps parts "
            "of them.",
        )
    for count, why in (
        (total.discarded, "discarded by the schema contract or a processing step"),
        (total.replaced, "older versions of rows that came again"),
    ):
        if count:
            _print(console, f"{counted(count, 'row')} received but not loaded: {why}.")
    for found in report.missing_rows:
        if not found.is_refused:
            done = "Marked" if found.action == "mark" else "Deleted"
            of = f"of {report.dataset_name}.{found.table}"
            _print(console, f"{done} {counted(found.rows, 'row')} {of}: gone from the API.")
    for note in total.notes[:_MOST_NOTES]:
        _print(console, f"Note: {note}")
    if len(total.notes) > _MOST_NOTES:
        _print(console, f"And {len(total.notes) - _MOST_NOTES:,} more notes.")
    if not report.is_complete:
        console.print("Stopped before the source had no more; the next run goes on from here.")
    if report.figures.reasons:
        quarantined = counted(total.quarantined, "row")
        _print(console, f"{quarantined} went to {report.dataset_name}.{quarantine.TABLE}:")
        for reason, count in report.figures.reasons.most_common(_REASONS):
            _print(console, f"  {count:,} since {reason}")
    if report.failed_requests:
        _print(console, told_failed_requests(report))
        for each in report.failed_requests[:_REASONS]:
            reason = one_line(each.reason, _LONGEST_REASON)
            _print(console, f"  {each.resource} {each.key}: {reason}")
    _print_where(console, report)


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < _FEW_BYTES else f"{count / 1e6:,.1f} MB"


def told_refused_removals(report: SyncReport) -> list[str]:
    """Says where more rows are missing than may be marked or deleted without a word.

    Args:
        report: The report of the sync.
    """
    return [
        f"{counted(each.rows, 'row')} of the {each.of_rows:,} in "
        f"{report.dataset_name}.{each.table} are not listed by the API any more: "
        f"{each.rows / each.of_rows:.0%}, and `missing_rows` of `{each.resource}` allows "
        f"{each.most:.0%}. None was {'marked' if each.action == 'mark' else 'deleted'}; what was "
        "listed is loaded. See whether the API lists all it has. If the rows are gone indeed: "
        "headrace run CONFIG --allow-missing"
        for each in report.missing_rows
        if each.is_refused
    ]


def told_failed_requests(report: SyncReport) -> str:
    """Says how many requests beside the listings failed, and what becomes of them.

    Args:
        report: The report of the sync; there are some.
    """
    table = f"{report.dataset_name}.{failed_requests.TABLE}"
    return (
        f"{counted(len(report.failed_requests), 'request')} beside the listings failed; what they "
        f"would have brought is not loaded. The next run asks again; until then: {table}"
    )


def print_views(created: CreatedViews) -> None:
    """Prints which views over the executions exist, and why others do not.

    Args:
        created: What became of the views.
    """
    console = new_console(soft_wrap=True)
    if created.names:
        *names, last = created.names
        told = f"{', '.join(names)} and {last}" if names else last
        _print(console, f"How they went: {told}")
    for note in created.notes:
        _print(console, f"Note: {note}.")


def nothing_could_be_loaded(report: SyncReport) -> str | None:
    """Says so when every row went to quarantine, which is mostly due to a wrong key.

    Args:
        report: The report of the sync.

    Returns:
        The message; None when rows were loaded, or came that the table has, or none came at all.
    """
    total = report.figures.total
    if total.loaded_rows or total.known or not total.quarantined:
        return None
    return (
        f"no row could be loaded; {counted(total.quarantined, 'row')} went to quarantine. Check "
        "`primary_key`, `columns` and `endpoint.data_selector` of the resources."
    )


def _print_where(console: Console, report: SyncReport) -> None:
    place = report.location
    kind = next((each for each in (_DUCKDB_URL, _SQLITE_URL) if place.startswith(each)), None)
    file = place.removeprefix(kind) if kind else place
    _print(console, f"It is in {report.destination}: {file}")
    if not report.tables or not report.takes_sql:
        return
    table = _telling_table(report)
    query = f"SELECT * FROM {report.dataset_name}.{table} LIMIT 10"
    console.print("A query to try:")
    if kind == _DUCKDB_URL:
        code = f"import duckdb; duckdb.connect({json.dumps(file)}).sql({json.dumps(query)}).show()"
    elif kind == _SQLITE_URL:
        # The file holds this dataset alone, which has no name in it.
        query = json.dumps(f"SELECT * FROM {table} LIMIT 10")
        rows = f"sqlite3.connect({json.dumps(file)}).execute({query})"
        code = f"import sqlite3; print(*{rows}, sep={json.dumps(_NEW_LINE)})"
    else:
        _print(console, f"  {query};")
        return
    _print(console, f"  {shlex.join([sys.executable, '-c', code])}")


def _telling_table(report: SyncReport) -> str:
    """The first table that got rows; where all went to quarantine, theirs may not be there."""
    filled = (table for name, table in report.tables.items() if report.figures.of(name).loaded_rows)
    otherwise = (
        quarantine.TABLE if report.figures.total.quarantined else next(iter(report.tables.values()))
    )
    return next(filled, otherwise)


def _print(console: Console, line: str) -> None:
    console.print(plain(line))
