"""What the platform lists with a licence alone: projects and variables."""

from __future__ import annotations

from typing import Any

from headrace.simulator.surroundings.made_up import PROJECT_ID, key_of, moment_of

FEATURES = {"/projects": "feat:projectRole:admin", "/variables": "feat:variables"}
"""By the path of a listing: the feature that the licence has to have."""

_PROJECTS = (
    ("Some Owner <some.owner@example.com>", "personal"),
    ("Finance", "team"),
    ("Support", "team"),
)
_VARIABLES = (
    ("region", "eu-west", None),
    ("webhook_secret", "not-a-real-secret", None),
    ("ledger_url", "https://ledger.example.com", "Finance"),
)


def refusal(path: str) -> str:
    """Say what the API says of a listing that the licence does not cover.

    Args:
        path: Its path, as `/projects`.
    """
    feature = FEATURES[path]
    return (
        f"Your license does not allow for {feature}. To enable {feature}, please upgrade to a "
        "license that supports this feature."
    )


def projects() -> list[dict[str, Any]]:
    """Return the projects as the API lists them; the first is that of the owner."""
    return [
        {
            "id": PROJECT_ID if kind == "personal" else key_of(name),
            "name": name,
            "type": kind,
            "icon": None,
            "description": None,
            "createdAt": moment_of(name),
            "updatedAt": moment_of(name, after_days=2),
        }
        for name, kind in _PROJECTS
    ]


def variables() -> list[dict[str, Any]]:
    """Return the variables as the API lists them, with their values."""
    of_projects = {each["name"]: {"id": each["id"], "name": each["name"]} for each in projects()}
    return [
        {
            "id": key_of(key),
            "key": key,
            "type": "string",
            "value": value,
            "project": None if project is None else of_projects[project],
        }
        for key, value, project in _VARIABLES
    ]
