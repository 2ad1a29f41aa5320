"""The listings that are loaded, each with its config and a command that serves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

API_KEY = "simulator"


@dataclass(frozen=True)
class Shape:
    """A listing to load.

    Args:
        name: to call it by.
        path: of the endpoint.
        serve: the arguments of the Python that serves it, without the number of rows.
    """

    name: str
    path: str
    serve: tuple[str, ...]

    def config(self, base_url: str, write_disposition: str = "merge") -> Any:
        """The config, in words that dlt's own source understands too.

        Args:
            base_url: of the server.
            write_disposition: of its one resource.
        """
        return {
            "client": {
                "base_url": base_url,
                "auth": {
                    "type": "api_key",
                    "name": "X-API-KEY",
                    "api_key": API_KEY,
                    "location": "header",
                },
            },
            "resource_defaults": {
                "primary_key": "id",
                "write_disposition": write_disposition,
            },
            "resources": [
                {
                    "name": "items",
                    "endpoint": {
                        "path": self.path,
                        "params": {"limit": 250},
                        "data_selector": "data",
                        "paginator": {
                            "type": "cursor",
                            "cursor_param": "cursor",
                            "cursor_path": "nextCursor",
                        },
                    },
                }
            ],
        }


_SIMULATE = ("-m", "headrace", "simulate", "--port", "0")

SHAPES = {
    shape.name: shape
    for shape in (
        Shape("executions", "/executions", _SIMULATE),
        Shape("string-ids", "/executions", (*_SIMULATE, "--string-ids")),
        Shape("wide", "/items", ("-m", "benchmarks.serving", "wide")),
        Shape("lists", "/items", ("-m", "benchmarks.serving", "lists")),
    )
}
