"""Configs that the tests begin with."""

from __future__ import annotations

from typing import Any

CANARY = "s3cr3t-c4nary-value"

GUIDE_YAML = """\
client:
  base_url: https://api.example.com/api/v1
  auth:
    type: api_key
    name: X-API-KEY
    api_key: ${API_KEY}
    location: header
resource_defaults:
  primary_key: id
  write_disposition: merge
resources:
  - name: executions
    endpoint:
      path: /executions
      data_selector: data
      paginator:
        type: cursor
        limit: 250
        cursor_param: cursor
        cursor_path: nextCursor
        stop_condition: "not response.get('nextCursor', {})"
"""


def guide() -> dict[str, Any]:
    """The guide's config, as it is given in Python."""
    return {
        "client": {
            "base_url": "https://api.example.com/api/v1",
            "auth": {
                "type": "api_key",
                "name": "X-API-KEY",
                "api_key": CANARY,
                "location": "header",
            },
        },
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [
            {
                "name": "executions",
                "endpoint": {
                    "path": "/executions",
                    "data_selector": "data",
                    "paginator": {
                        "type": "cursor",
                        "limit": 250,
                        "cursor_param": "cursor",
                        "cursor_path": "nextCursor",
                        "stop_condition": "not response.get('nextCursor', {})",
                    },
                },
            }
        ],
    }


def small(endpoint: object = None, **resource: Any) -> dict[str, Any]:
    """A config of one resource; single page unless the endpoint says otherwise."""
    written: dict[str, Any] = {"name": "items", **resource}
    if endpoint is not None:
        written["endpoint"] = endpoint
    return {
        "client": {"base_url": "https://api.example.com", "paginator": "single_page"},
        "resources": [written],
    }


def with_client(**client: Any) -> dict[str, Any]:
    """The small config with keys of `client`."""
    document = small()
    document["client"] |= client
    return document


def with_paginator(**paginator: Any) -> dict[str, Any]:
    """The small config with a paginator in its endpoint."""
    return small({"paginator": paginator})
