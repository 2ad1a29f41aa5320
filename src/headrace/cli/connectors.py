"""`headrace connectors`."""

from __future__ import annotations

from headrace.cli.printing import say


def connectors() -> None:
    """List the configs that ship with Headrace, to be used by their name."""
    from headrace.config.connectors import list_connectors

    for connector in list_connectors():
        say(f"{connector.name}: {connector.summary}")
        say(f"  {connector.path}")
