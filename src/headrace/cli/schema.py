"""`headrace schema`."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of config files, for completion and checks in an editor.

    Save it (headrace schema > headrace.schema.json) and name it in a YAML file's first line:
    # yaml-language-server: $schema=headrace.schema.json
    """
    from headrace.config import config_json_schema

    typer.echo(json.dumps(config_json_schema(), indent=2))
