"""`headrace run`."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.exit_codes import PARTLY_DONE, exit_codes
from headrace.cli.options import ConfigArgument, SetOption, TenantOption
from headrace.cli.short_run import imports_stay
from headrace.cli.stderr_output import StderrOutput


def run(
    config: ConfigArgument,
    overrides: SetOption = None,
    destination: Annotated[
        str | None,
        typer.Option(
            metavar="DESTINATION",
            help="Where to load: duckdb:///file.duckdb, or any dlt destination (postgres, "
            "bigquery, ...) with its settings in .dlt/secrets.toml. "
            "Without it: <pipeline>.duckdb in the current folder.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Dataset (schema) to load into: <pipeline>_dataset."),
    ] = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Load this resource only. Repeatable."),
    ] = None,
    tenant: TenantOption = None,
    limit_rows: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Load only the first N rows of each resource."),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Load nothing when a row cannot be loaded, instead of quarantining it."
        ),
    ] = False,
    full_refresh: Annotated[
        bool,
        typer.Option(
            "--full-refresh",
            help="Drop the tables and load everything again. Rows that the API no longer has are "
            "lost with them.",
        ),
    ] = False,
    list_anew: Annotated[
        bool,
        typer.Option(
            "--list-anew",
            help="List everything again and merge it into the tables. All their rows stay, also "
            "those that the API no longer has, where `missing_rows` does not say otherwise.",
        ),
    ] = False,
    backfill_until: Annotated[
        str | None,
        typer.Option(
            metavar="KEY|TIME",
            help="In the first sync, and with --list-anew, go back to this key, or to this ISO "
            "time, and no further.",
        ),
    ] = None,
    drop_pending: Annotated[
        bool,
        typer.Option(
            "--drop-pending",
            help="Give up a load that an earlier run left behind, and fetch its rows again.",
        ),
    ] = False,
    allow_missing: Annotated[
        bool,
        typer.Option(
            "--allow-missing",
            help="Mark or delete rows that the API has no more, as `missing_rows` asks, also where "
            "they are a larger share of their table than it allows.",
        ),
    ] = False,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="Sync again and again, each 30s, 5m, 2h, ... SIGINT, SIGTERM and SIGHUP end after "
            "the leg under way, committed.",
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")
    ] = False,
    json_logs: Annotated[
        bool,
        typer.Option(
            "--json-logs",
            help="Write what happens to stderr as JSON, one object a line: time, level, event, "
            "resource, message, figures.",
        ),
    ] = False,
) -> None:
    """Load what the API has into the destination.

    A resource whose `endpoint.incremental` says `row_order: desc` is kept up with: after the
    first sync only the new, the unfinished and the changed rows are asked for.

    Exit code 0: done; 1: the sync failed, or no row could be loaded; 2: the call or the config is
    wrong; 4: loaded, but requests for single rows, or for what belongs to one row of a parent,
    or for tenants, failed: they are in _headrace_failed_requests, and the next run asks them
    again; or more rows are missing than `missing_rows` may mark or delete without --allow-missing.
    """
    stderr = StderrOutput(quiet=quiet, as_json=json_logs)
    with stderr.logs(), exit_codes(stderr.error):
        from headrace.cli.syncing import Syncing, SyncWanted, is_partial, keep_syncing_aloud

        imports_stay()
        wanted = SyncWanted(
            config=config,
            overrides=[*(overrides or ()), *(["pipeline.strict=true"] if strict else [])],
            resources=resource or (),
            tenants=tenant or (),
            destination=destination,
            dataset=dataset,
            limit_rows=limit_rows,
            full_refresh=full_refresh,
            list_anew=list_anew,
            backfill_until=backfill_until,
            drop_pending=drop_pending,
            allow_missing=allow_missing,
        )
        syncing = Syncing(wanted, stderr)
        if every is not None:
            keep_syncing_aloud(syncing, every, stderr)
        elif is_partial(syncing.once()):
            raise typer.Exit(PARTLY_DONE)
