"""`headrace connectors`."""

from __future__ import annotations

import typer


def connectors() -> None:
    """List the configs that ship with Headrace, to be used by their name."""
    from headrace.config.connectors import list_connectors

    for connector in list_connectors():
        typer.echo(f"{connector.name}: {connector.summary}")
        typer.echo(f"  {connector.path}")
