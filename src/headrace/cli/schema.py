"""`headrace schema`."""

from __future__ import annotations

import json

from headrace.cli.printing import say


def schema() -> None:
    """Print the JSON Schema of config files, for completion and checks in an editor.

    Save it (headrace schema > headrace.schema.json) and name it in a YAML file's first line:
    # yaml-language-server: $schema=headrace.schema.json
    """
    from headrace.config import config_json_schema

    say(json.dumps(config_json_schema(), indent=2))
