"""`headrace verify`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.auth_warnings import auth_warnings
from headrace.cli.exit_codes import FAILED, exit_codes
from headrace.cli.options import (
    ConfigArgument,
    SetOption,
    TablesDatasetOption,
    TablesOption,
)
from headrace.cli.printing import say


def verify(
    config: ConfigArgument,
    overrides: SetOption = None,
    destination: TablesOption = None,
    dataset: TablesDatasetOption = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Verify this resource only. Repeatable."),
    ] = None,
    examples: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many rows of each kind to show.")
    ] = 20,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Load the rows that are missing, differ, or are there twice, out of that one "
            "listing.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Prove that the tables hold what the API lists; with --repair, load what they lack.

    Lists everything once, types it as a run would, and compares it with the tables row by row, by
    the primary key: rows that are missing, rows that differ (field by field), and rows that only
    the table has, which the API has pruned since and which are no fault.

    Run it after `headrace run`, once a month say. Where a listing is kept up with, rows that came
    or could change since the last run are no fault; elsewhere they are.

    Exit code 0: the tables hold what the API lists, or do so after the repair; 1: they do not, as
    rows are missing, differ or cannot be loaded, or something failed; 2: the call or the config is
    wrong.
    """
    with exit_codes(), auth_warnings():
        # A row that cannot be loaded is to be counted, not to end the listing.
        settings = [*(overrides or ()), "pipeline.strict=false"]
        _verify(
            config,
            settings,
            resource or (),
            destination,
            dataset,
            examples,
            repair=repair,
            as_json=as_json,
        )


def _verify(
    config: str,
    settings: Sequence[str],
    resources: Collection[str],
    destination: str | None,
    dataset: str | None,
    examples: int,
    *,
    repair: bool,
    as_json: bool,
) -> None:
    from headrace.cli.progress import show_progress
    from headrace.cli.verification_json import verification_json
    from headrace.cli.verification_summary import print_verification
    from headrace.config import load_config
    from headrace.config.loading import read_config
    from headrace.config.selection import select_resources
    from headrace.core.figures import Figures
    from headrace.core.secrets.redaction import Redactor
    from headrace.destination.pipeline import open_pipeline, open_pipeline_to_read
    from headrace.destination.tenant_rows import with_stored_tenants
    from headrace.dlt_source.source import build_source
    from headrace.reading.build import leg_settings
    from headrace.reading.credentials import Authentications
    from headrace.verification.verify import verify as verify_tables

    document = read_config(config, settings)
    document = with_stored_tenants(document, config, destination, dataset)
    loaded = select_resources(load_config(document), resources)
    figures = Figures()
    authentications = Authentications.of_config(loaded)
    place = (loaded, Path(config).stem, destination, dataset)
    opened = nullcontext(open_pipeline(*place)) if repair else open_pipeline_to_read(*place)
    with opened as pipeline, show_progress(figures, after_listing="comparing"):
        report = verify_tables(
            pipeline,
            build_source(loaded, authentications=authentications),
            repair=repair,
            figures=figures,
            examples=examples,
            legs=leg_settings(loaded),
        )
    redactor = Redactor(authentications.secrets)
    if as_json:
        say(verification_json(report, redactor, examples))
    else:
        print_verification(report, redactor, examples)
    if not report.ok:
        raise typer.Exit(FAILED)
