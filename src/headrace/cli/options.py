"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

ConfigArgument = Annotated[
    str,
    typer.Argument(
        metavar="CONFIG", help="A config file (YAML or JSON), or the name of a connector."
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key of the config, as client.base_url=http://127.0.0.1:8080/api/v1. "
        "List items go by their index or name: "
        "resources.executions.endpoint.paginator.limit=20. Repeatable.",
    ),
]
TenantOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tenant",
        metavar="NAME",
        help="Of the config's `tenants`, ask this one only. Repeatable.",
    ),
]
TablesOption = Annotated[
    str | None,
    typer.Option(
        "--destination",
        metavar="DESTINATION",
        help="Where the tables are: what was given to `headrace run`. "
        "Without it: <pipeline>.duckdb in the current folder.",
    ),
]
TablesDatasetOption = Annotated[
    str | None,
    typer.Option(
        "--dataset", metavar="NAME", help="Dataset (schema) of the tables: <pipeline>_dataset."
    ),
]
SinceOption = Annotated[
    str,
    typer.Option(
        metavar="SPAN|DATE",
        help="What it is about: a span that ends with the newest execution (30d, 12h, 8w), or "
        "all since a date.",
    ),
]
WorkflowOption = Annotated[
    str | None, typer.Option(metavar="NAME|ID", help="Of this workflow only.")
]
