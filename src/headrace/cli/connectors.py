"""`headrace connectors`."""

from __future__ import annotations

from headrace.cli.printing import say


def connectors() -> None:
    """List the configs that ship with Headrace, to be used by their name."""
    from headrace.config.connectors import list_connectors
    from headrace.config.files.reading import read_document

    for connector in list_connectors():
        say(f"{connector.name}: {connector.summary}")
        say(f"  {connector.path}")
        written = read_document(connector.path)["resources"]
        resources = [{"name": each} if isinstance(each, str) else each for each in written]
        usual = [each["name"] for each in resources if each.get("selected") is not False]
        others = [each["name"] for each in resources if each["name"] not in usual]
        also = f"; with --resource also: {', '.join(others)}" if others else ""
        say(f"  loads {', '.join(usual)}{also}")
