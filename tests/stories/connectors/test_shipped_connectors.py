"""Each connector that ships does what it should, with each server that is known of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.config.connectors import list_connectors
from headrace.testing import check_connector
from tests.stories.connectors.servers import SERVERS, Tried

EACH = [
    pytest.param(name, tried, id=f"{name}: {what}")
    for name, servers in SERVERS.items()
    for what, tried in servers.items()
]


def test_each_connector_has_a_server_to_be_tried_against() -> None:
    shipped = {each.name for each in list_connectors()}
    assert set(SERVERS) == shipped, "add the server of a new connector to SERVERS"
    assert all(SERVERS.values())


@pytest.mark.parametrize(("name", "tried"), EACH)
def test_it_does_what_it_should(name: str, tried: Tried, tmp_path: Path) -> None:
    with tried.open() as server:
        checks = check_connector(name, server, resources=tried.resources, folder=tmp_path)
    assert {each.check for each in checks.results} == {
        *("first sync", "exactness", "second sync", "verify", "resume", "wrong key", "report"),
        "secrets",
    }
