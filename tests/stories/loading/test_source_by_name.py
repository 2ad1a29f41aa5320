"""`rest_api()` is the source that dlt's config files describe, as in dlt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.sources.rest_api import rest_api as dlt_rest_api

from headrace import ConfigError, rest_api
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

TOKEN = "t0k3n-c4nary"
Write = Callable[..., None]
SOURCES: dict[str, Any] = {"theirs": dlt_rest_api, "ours": rest_api}

BASE = """
[sources.rest_api]
resources = ["items"]
[sources.rest_api.client]
base_url = "BASE"
"""

FULL = """
[sources.rest_api.client]
base_url = "BASE"
headers = {X-Of = "headers"}
[sources.rest_api.resource_defaults]
write_disposition = "merge"
primary_key = "id"
[[sources.rest_api.resources]]
name = "items"
[sources.rest_api.resources.endpoint]
path = "things"
params = {of = "params"}
[[sources.rest_api.resources]]
name = "others"
"""


@pytest.fixture
def write(tmp_path: Path, server: JsonServer) -> Iterator[Write]:
    """Writes dlt's config files and has dlt read them afresh."""
    context = Container()[PluggableRunContext]
    (tmp_path / ".dlt").mkdir()

    def write_files(settings: str, secrets: str = "") -> None:
        for name, text in (("config", settings), ("secrets", secrets)):
            text = text.replace("BASE", server.base_url)
            (tmp_path / ".dlt" / f"{name}.toml").write_text(text)
        context.reload(str(tmp_path))

    server.handler = lambda asked: Answer([{"id": 1, "path": asked.path}])
    yield write_files
    write_files("")
    context.reload(".")


def asked(server: JsonServer) -> list[tuple[str, str | None, str | None]]:
    """What was asked for since the last time."""
    found = [
        (each.target, each.headers.get("X-Of"), each.headers.get("Authorization"))
        for each in server.asked
    ]
    server.asked.clear()
    return found


@pytest.mark.parametrize(
    ("settings", "secrets"),
    [
        (BASE, ""),
        (FULL, ""),
        (
            BASE + '[sources.rest_api.client.auth]\ntype = "bearer"',
            f'[sources.rest_api.credentials]\ntoken = "{TOKEN}"',
        ),
        ("", f'{BASE}[sources.rest_api.client.auth]\ntoken = "{TOKEN}"'),
        (BASE.replace("sources.rest_api", "sources.rest_api.rest_api"), ""),
        (BASE.replace("sources.rest_api", "sources"), ""),
        ('resources = ["items"]\nclient = {base_url = "BASE"}', ""),
    ],
)
def test_it_is_configured_as_dlts_source(
    settings: str, secrets: str, write: Write, server: JsonServer
) -> None:
    write(settings, secrets)
    found = []
    for source_function in SOURCES.values():
        source = source_function()
        names = (source.name, source.section, source.schema.name, list(source.resources))
        found.append((names, list(source), asked(server)))
    assert found[0] == found[1]
    assert found[1][1]


def test_it_loads(write: Write, warehouse: Warehouse) -> None:
    write(FULL)
    for name, source_function in SOURCES.items():
        warehouse.pipeline(name).run(source_function())
    for table in ("items", "others"):
        assert warehouse.rows(f"ours_data.{table}") == warehouse.rows(f"theirs_data.{table}")
        assert len(warehouse.rows(f"ours_data.{table}")) == 1


def test_arguments_stand_before_files(write: Write, server: JsonServer) -> None:
    write(BASE, f'[sources.rest_api.client.auth]\ntoken = "{TOKEN}"')
    mine = dlt.resource([{"id": 7}], name="mine")
    source = rest_api(client={"base_url": server.base_url}, resources=["others", mine])
    assert [row["id"] for row in source] == [1, 7]
    assert asked(server) == [("/others", None, None)]


def test_variables_stand_before_files(
    write: Write, server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(BASE)
    monkeypatch.setenv("SOURCES__REST_API__RESOURCES", '["others"]')
    for source_function in SOURCES.values():
        list(source_function())
        assert asked(server) == [("/others", None, None)]


def test_secrets_are_added_to_settings(write: Write, server: JsonServer) -> None:
    write(
        FULL + '[sources.rest_api.client.auth]\ntype = "bearer"\n',
        f'[sources.rest_api.client.auth]\ntoken = "{TOKEN}"\n'
        "[sources.rest_api.resource_defaults.endpoint.headers]\nX-Of = 'secrets'",
    )
    list(rest_api())
    assert asked(server) == [
        ("/things?of=params", "secrets", f"Bearer {TOKEN}"),
        ("/others", "secrets", f"Bearer {TOKEN}"),
    ]


def test_a_pipelines_own_section_is_added_too(
    write: Write, server: JsonServer, warehouse: Warehouse
) -> None:
    write(BASE, f'[mine.sources.rest_api.client.auth]\ntoken = "{TOKEN}"')
    warehouse.pipeline("mine").activate()
    list(rest_api())
    assert asked(server) == [("/items", None, f"Bearer {TOKEN}")]


def test_a_copy_goes_by_another_name(write: Write, server: JsonServer) -> None:
    for section in ("sources.rest_api.shop", "sources.shop", "sources.rest_api"):
        write(BASE.replace("sources.rest_api", section))
        for source_function in SOURCES.values():
            source = source_function.clone(name="shop")()
            assert (source.name, source.schema.name, len(list(source))) == ("shop", "shop", 1)


def test_faults_are_named(write: Write) -> None:
    write(BASE.replace("base_url", "base_ulr"), f'[sources.rest_api.client.auth]\ntokn = "{TOKEN}"')
    with pytest.raises(ConfigError) as caught:
        rest_api()
    assert "client.base_ulr: is not a key here; did you mean `base_url`?" in str(caught.value)
    assert "client.auth.tokn" in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_what_is_nowhere_is_said_as_dlt_says_it(write: Write) -> None:
    write("")
    with pytest.raises(ConfigFieldMissingException, match="`client`, `resources`"):
        rest_api()
