"""Prints what `headrace status` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import takewhile

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from headrace.cli.console import new_console, plain
from headrace.cli.plurals import counted
from headrace.core.durations import format_duration
from headrace.core.failed_requests import FailedRequest
from headrace.core.secrets.redaction import one_line
from headrace.destination.run_history import ResourceRun
from headrace.reports.status.results import NextSync, Quarantine, ResourceStatus, Status

_LONGEST_ERROR = 500
_MOST_NOTES = 3
_MOST_HOLES = 3
_MOST_FAILED = 3


def print_status(found: Status) -> None:
    """Prints how each resource is doing.

    Args:
        found: What `headrace.status` found.
    """
    console = new_console(soft_wrap=True)
    place = f"{found.dataset_name} in {found.destination}: {found.location}"
    if not found.has_run:
        _print(console, f"Never run yet: there is nothing of `{found.pipeline_name}` in {place}")
        console.print("Load it: headrace run CONFIG")
        return
    _print(console, f"Pipeline {found.pipeline_name}, {place}")
    for resource in found.resources:
        console.print()
        for line in _lines(resource, found.at):
            _print(console, line)
        if resource.runs:
            console.print("  last runs:")
            console.print(Padding(_runs(resource.runs, found.at), (0, 0, 0, 4)))
            for line in _errors(resource.runs, found.at):
                _print(console, line)


def too_old(found: Status, resources: Sequence[ResourceStatus], limit: str) -> str:
    """Says which resources are too old.

    Args:
        found: What `headrace.status` found.
        resources: The resources that are too old.
        limit: The limit as it was written on the command line.
    """
    if not found.keeps_history:
        return (
            f"--max-age cannot be told: `{found.destination}` keeps no history of runs, as it "
            "takes no row by SQL. Load into a database, or watch the exit code of headrace run."
        )
    ages = [f"`{each.name}` {_age(each)}" for each in resources]
    return f"Too old: {', '.join(ages)}; --max-age is {limit}."


def _age(resource: ResourceStatus) -> str:
    if resource.age is not None:
        return f"is {format_duration(resource.age)} old"
    if any(resource.rows.values()) and not resource.runs:
        return (
            "has rows, but no run in the history (headrace run writes one, unless `run_history` "
            "under `pipeline` is false)"
        )
    return "never was loaded to its end"


def _lines(resource: ResourceStatus, now: datetime) -> Iterator[str]:
    yield f"{resource.name}: {_freshness(resource, now)}"
    if resource.rows:
        counts = (f"{count:,} in {table}" for table, count in resource.rows.items())
        yield f"  rows: {', '.join(counts)}"
    if resource.open.count:
        ages = ", ".join(f"{count:,} {age}" for age, count in resource.open.by_age.items())
        yield f"  open rows, which can still change: {resource.open.count:,} ({ages})"
    for hole in resource.holes[:_MOST_HOLES]:
        end = "to the end" if hole.below is None else f"down to {hole.below}"
        yield f"  not listed yet: from below {hole.above} {end}"
    if len(resource.holes) > _MOST_HOLES:
        yield f"  and {len(resource.holes) - _MOST_HOLES:,} more stretches"
    if resource.ahead is not None:
        latest = f"{resource.ahead:%Y-%m-%d %H:%M} UTC"
        yield f"  dated in the future, and not counted: rows up to {latest}"
    yield from _quarantined(resource.quarantine)
    yield from _failed(resource.failed_requests)
    for note in _notes_of_last(resource.runs)[:_MOST_NOTES]:
        yield f"  the last run told: {one_line(note, _LONGEST_ERROR)}"
    yield from _gone(resource)
    yield f"  next: {_next(resource.next)}"


def _freshness(resource: ResourceStatus, now: datetime) -> str:
    parts = []
    if resource.newest is not None:
        parts.append(f"newest row {_ago(resource.newest, now)}")
    if resource.last_complete is not None:
        parts.append(f"last complete run {_ago(resource.last_complete.started_at, now)}")
    elif resource.runs:
        parts.append("no run has come to its end yet")
    else:
        parts.append("no runs in the history")
    return ", ".join(parts)


def _quarantined(quarantine: Quarantine) -> Iterator[str]:
    if not quarantine.count:
        return
    yield f"  in quarantine: {quarantine.count:,}"
    for reason, count in quarantine.reasons.items():
        yield f"    {count:,} since {reason}"
    for each in quarantine.examples:
        yield f"    for example {one_line(each.row, _LONGEST_ERROR)}"


def _failed(requests: Sequence[FailedRequest]) -> Iterator[str]:
    if not requests:
        return
    yield f"  requests that failed, and are asked again: {len(requests):,}"
    for each in requests[:_MOST_FAILED]:
        since = f"since {each.since:%Y-%m-%d %H:%M} UTC"
        yield f"    {each.key} {since}: {one_line(each.reason, _LONGEST_ERROR)}"


def _gone(resource: ResourceStatus) -> Iterator[str]:
    if resource.gone:
        yield f"  gone from the API, kept in the table: {resource.gone:,}"
    for run in resource.runs[:1]:
        if run.rows_marked:
            yield f"  gone from the API, marked by the last run: {run.rows_marked:,}"
        if run.rows_deleted:
            yield f"  gone from the API, deleted by the last run: {run.rows_deleted:,}"


def _notes_of_last(runs: Sequence[ResourceRun]) -> list[str]:
    return (runs[0].notes or "").splitlines() if runs else []


def _next(planned: NextSync) -> str:
    if planned.lists_all:
        return "the whole listing"
    if planned.from_token:
        return "what has changed since the token of the last complete run"
    if planned.whole_range:
        return "all of the range that `incremental.end_value` ends"
    if planned.from_cursor:
        return "what comes after the last value of its incremental"
    parts = [f"rows newer than {planned.newer_than}"]
    if planned.tenants:
        parts = [f"what is new of {counted(planned.tenants, 'tenant')}"]
    for count, what in (
        (planned.open_rows, "open"),
        (planned.named_rows, "named by newer ones"),
        (planned.late_keys, "missing so far"),
    ):
        if count:
            parts.append(f"{count:,} {what}")
    if planned.lists_hidden:
        parts.append("the hidden ones by their own listing")
    if planned.looks_back:
        parts.append(f"the last {format_duration(planned.looks_back)} again")
    if planned.holes:
        parts.append("what is not listed yet")
    return ", ".join(parts)


def _runs(runs: Sequence[ResourceRun], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("began", "outcome"):
        table.add_column(name, no_wrap=True)
    for name in ("took", "requests", "retries", "received", "loaded"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in runs:
        table.add_row(
            _ago(run.started_at, now),
            plain(f"{run.outcome}, resumed" if run.resumed else run.outcome),
            f"{(run.ended_at - run.started_at).total_seconds():,.1f} s",
            *(f"{n:,}" for n in (run.requests, run.retries, run.rows_received, run.rows_loaded)),
        )
    return table


def _errors(runs: Sequence[ResourceRun], now: datetime) -> Iterator[str]:
    """The errors of the runs since the last one that did not fail."""
    for run in takewhile(lambda each: each.error is not None, runs):
        yield f"  failed {_ago(run.started_at, now)}: {one_line(run.error or '', _LONGEST_ERROR)}"


def _ago(moment: datetime, now: datetime) -> str:
    return f"{format_duration(max(0.0, (now - moment).total_seconds()))} ago"


def _print(console: Console, line: str) -> None:
    console.print(plain(line))
