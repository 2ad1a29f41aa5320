"""Accounts of one API on loopback: each with a key and rows of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from headrace import SyncReport, sync
from headrace.config import SourceConfig, load_config
from headrace.config.selection import select_tenants
from headrace.dlt_source.source import build_source
from headrace.reading.build import leg_settings
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Row, Warehouse


@dataclass
class Accounts:
    """Serves the accounts below `/NAME/`, each with the key `NAME-key` in the header `X-Key`.

    Args:
        server: The server.
        names: The names of the accounts.
        fails: By the name of an account, the status that it answers all requests with.
    """

    server: JsonServer
    names: list[str]
    fails: dict[str, int] = field(default_factory=dict)
    users: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.names:
            self.users.setdefault(
                name, [{"id": n, "name": f"{name}-{n}", "at": f"2026-01-0{n}"} for n in (1, 2, 3)]
            )
        self.server.handler = self.answer

    def answer(self, asked: Asked) -> Answer:
        """What an account answers: `users`, all or since a time, or `users/ID/posts`."""
        _, name, *path = asked.path.split("/")
        if asked.headers.get("X-Key") != f"{name}-key":
            return Answer({"message": "not yours"}, 401)
        if name in self.fails:
            return Answer({"message": "this account is closed"}, self.fails[name])
        if path == ["users"]:
            since = asked.query.get("since", "")
            return Answer([row for row in self.users[name] if row["at"] >= since])
        if path[0] == "users" and path[2:] == ["posts"]:
            return Answer([{"n": n, "text": f"{name} {path[1]} {n}"} for n in (1, 2)])
        return Answer({"message": "not found"}, 404)

    def document(self, *resources: Any, **keys: Any) -> dict[str, Any]:
        """A config for all accounts."""
        return {
            "client": {
                "base_url": "https://never.example.com",
                "auth": {"type": "api_key", "name": "X-Key", "api_key": "${ACCOUNT_KEY}"},
            },
            "resource_defaults": {
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"paginator": "single_page", "data_selector": "$"},
            },
            "resources": list(resources or ["users"]),
            "tenants": [self.tenant(name) for name in self.names],
            **keys,
        }

    def tenant(self, name: str) -> dict[str, Any]:
        """An account as a config names it."""
        return {
            "name": name,
            "set": {"client.base_url": f"{self.server.base_url}/{name}"},
            "secrets": {"ACCOUNT_KEY": f"{name.upper()}_KEY"},
        }

    def config(self, document: dict[str, Any], without: Iterable[str] = ()) -> SourceConfig:
        """The config with the secrets of all accounts but some."""
        known = {f"{name.upper()}_KEY": f"{name}-key" for name in self.names}
        return load_config(document, lookup={**known, **dict.fromkeys(without)}.get)

    def asked(self) -> list[str]:
        """What was asked since the last call."""
        targets = [each.target for each in self.server.asked]
        self.server.asked.clear()
        return targets


def synced(
    config: SourceConfig, warehouse: Warehouse, *, tenants: Iterable[str] = (), **how: Any
) -> SyncReport:
    """Syncs a config."""
    chosen = select_tenants(config, list(tenants))
    source = build_source(chosen)
    return sync(warehouse.pipeline(), source, **{"legs": leg_settings(chosen), **how})


POSTS: dict[str, Any] = {
    "name": "posts",
    "primary_key": ["n", "_users_id"],
    "include_from_parent": ["id"],
    "endpoint": {"path": "users/{resources.users.id}/posts"},
}
SINCE: dict[str, Any] = {
    "name": "users",
    "endpoint": {
        "path": "users",
        "incremental": {"cursor_path": "at", "start_param": "since", "initial_value": "2000-01-01"},
    },
}
