"""What a right config becomes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import dlt
import pydantic
import pytest
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator
from dlt.sources.rest_api import config_setup
from jsonpath_ng.ext.parser import parse as parse_jsonpath

from headrace.config import (
    ApiKeyAuthConfig,
    BearerAuthConfig,
    CursorPaginatorConfig,
    EndpointConfig,
    ExternalResource,
    HttpBasicAuthConfig,
    ResourceConfig,
    SinglePagePaginatorConfig,
    in_order_of_dependence,
    parse_config,
)
from headrace.config.format.paginators import AutoPaginatorConfig
from headrace.core.exceptions import ConfigError

from .documents import CANARY, guide, small, with_client, with_paginator


def resource(document: dict[str, Any], index: int = 0) -> ResourceConfig:
    found = parse_config(document).resources[index]
    assert isinstance(found, ResourceConfig)
    return found


def endpoint(document: dict[str, Any]) -> EndpointConfig:
    return resource(document).endpoint


def test_the_guides_config() -> None:
    config = parse_config(guide())
    assert config.client.base_url == "https://api.example.com/api/v1"
    assert (config.client.timeout, config.client.concurrency) == (60, 8)
    assert config.client.max_response_bytes == 256 * 1024 * 1024
    assert config.pipeline is None
    (executions,) = config.resources
    assert isinstance(executions, ResourceConfig)
    assert (executions.index, executions.name) == (0, "executions")
    assert executions.hints == {
        "name": "executions",
        "primary_key": "id",
        "write_disposition": "merge",
    }
    asked = executions.endpoint
    assert (asked.path, asked.method, asked.params) == ("/executions", "GET", {})
    assert (asked.data_selector, asked.json, asked.data, asked.headers) == ("data", None, None, {})
    match asked.paginator, asked.auth:
        case (
            CursorPaginatorConfig(
                limit=250, limit_param="limit", cursor_param="cursor", cursor_path="nextCursor"
            ),
            ApiKeyAuthConfig(name="X-API-KEY", location="header", api_key=key),
        ):
            assert key.get_secret_value() == CANARY
        case _:
            pytest.fail("not the classes that are matched on")
    assert asked.paginator.stop_condition is not None
    assert asked.paginator.stop_condition.evaluate({"response": {}}) is True


def test_the_document_is_left_as_it_was() -> None:
    document = guide()
    document["resource_defaults"]["columns"] = {"id": {"data_type": "bigint"}}
    document["resources"][0]["columns"] = {"id": {"nullable": False}}
    before = repr(document)
    parse_config(document)
    assert repr(document) == before


def test_reading_the_config_does_not_import_what_is_slow() -> None:
    code = (
        "import sys, headrace.config as c; "
        "c.parse_config({'client': {'base_url': 'https://a.b', 'paginator': 'single_page'},"
        " 'resources': ['x']}); "
        "print([m for m in ('dlt', 'aiohttp', 'pyarrow') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("paginator", "expected"),
    [
        ("single_page", SinglePagePaginatorConfig(type="single_page")),
        ({"type": "single_page", "max_pages": 1}, {"max_pages": 1}),
        (
            "cursor",
            {"cursor_path": "cursors.next", "cursor_param": "cursor", "cursor_body_path": None},
        ),
        (
            {"type": "cursor", "cursor_body_path": "page.after"},
            {"cursor_param": None, "cursor_body_path": "page.after"},
        ),
        (
            {"type": "cursor", "cursor_path": None, "limit": None, "stop_after_empty_page": None},
            {"cursor_path": "cursors.next", "limit": None, "stop_after_empty_page": False},
        ),
        ({"type": "cursor", "limit": "20", "max_pages": 3}, {"limit": 20, "max_pages": 3}),
        ("json_response", {"type": "json_response", "next_url_path": "next"}),
        ("header_link", {"links_next_key": "next"}),
        ("header_cursor", {"cursor_key": "next", "cursor_param": "cursor"}),
        (
            {"type": "offset", "limit": "10", "total_path": None, "offset_body_path": "a.b"},
            {"limit": 10, "total_path": None, "offset_param": None, "offset_body_path": "a.b"},
        ),
        ("page_number", {"base_page": 0, "page": None, "total_path": "total"}),
        ("auto", {"type": "auto"}),
    ],
)
def test_paginators(paginator: object, expected: object) -> None:
    found = endpoint(small({"paginator": paginator})).paginator
    if isinstance(expected, dict):
        assert {key: getattr(found, key) for key in expected} == expected
    else:
        assert found == expected


def test_a_paginator_that_nobody_names_is_guessed() -> None:
    for document in (small(), small({"paginator": None})):
        document["client"]["paginator"] = None
        assert endpoint(document).paginator == AutoPaginatorConfig(type="auto")
        del document["client"]["paginator"]
        assert endpoint(document).paginator == AutoPaginatorConfig(type="auto")


class MyPaginator(OffsetPaginator):
    """A paginator of the user's."""


def test_a_paginator_may_be_an_object() -> None:
    mine = MyPaginator(limit=3)
    assert endpoint(small({"paginator": mine})).paginator is mine
    assert endpoint({**small(), **with_client(paginator=mine)}).paginator is mine


def test_paginators_registered_with_dlt_go_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    # So that the name is gone after the test.
    monkeypatch.setattr(config_setup, "PAGINATOR_MAP", dict(config_setup.PAGINATOR_MAP))
    for name in ("mine", "offset"):
        config_setup.register_paginator(name, MyPaginator)
        found = endpoint(small({"paginator": {"type": name, "limit": 3}})).paginator
        assert isinstance(found, MyPaginator)
        assert found.limit == 3
        for wrong in (name, {"type": name, "limt": 3}):
            with pytest.raises(ConfigError, match="`MyPaginator` cannot be made of these keys"):
                parse_config(small({"paginator": wrong}))


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"token": CANARY}, BearerAuthConfig),
        ({"type": "bearer", "token": CANARY}, BearerAuthConfig),
        ({"type": None, "token": CANARY}, BearerAuthConfig),
        ({"type": "api_key", "api_key": CANARY, "location": "cookie"}, ApiKeyAuthConfig),
        ({"type": "api_key", "api_key": 1234567}, ApiKeyAuthConfig),
        ({"type": "http_basic", "username": "me", "password": CANARY}, HttpBasicAuthConfig),
        (None, type(None)),
    ],
)
def test_authentication(auth: object, expected: type) -> None:
    for document in (with_client(auth=auth), small({"auth": auth})):
        assert type(endpoint(document).auth) is expected


def test_secrets_are_plain_text_and_never_shown() -> None:
    class DltSecret(str):
        __slots__ = ()

    document = small({"auth": {"token": DltSecret(CANARY)}, "headers": {"X-Key": CANARY}})
    document["client"] |= {"headers": {"X-Key": CANARY}, "auth": {"token": CANARY}}
    document["client"]["base_url"] = f"https://me:{CANARY}@api.example.com"
    config = parse_config(document)
    auth = endpoint(document).auth
    assert isinstance(auth, BearerAuthConfig)
    assert type(auth.token.get_secret_value()) is str
    assert CANARY not in f"{config!r} {config} {config.client!r} {auth!r}"


def test_an_endpoint_goes_before_the_client() -> None:
    document = with_client(auth={"token": CANARY})
    document["resources"] += [
        {"name": "open", "endpoint": {"auth": None}},
        {"name": "many", "endpoint": {"paginator": "cursor"}},
        {"name": "same", "endpoint": {"paginator": None}},
    ]
    assert isinstance(resource(document, 0).endpoint.auth, BearerAuthConfig)
    assert resource(document, 1).endpoint.auth is None
    assert isinstance(resource(document, 2).endpoint.paginator, CursorPaginatorConfig)
    assert isinstance(resource(document, 3).endpoint.paginator, SinglePagePaginatorConfig)


def test_short_forms() -> None:
    document = small("some/path")
    document["resources"] += ["plain", {"name": "bare"}, {"name": "null", "endpoint": None}]
    paths = [resource(document, index).endpoint.path for index in range(4)]
    assert paths == ["some/path", "plain", "bare", "null"]


def test_a_single_entity() -> None:
    document = small({"path": "items/{id}", "params": {"id": 7, "full": True}})
    del document["client"]["paginator"]
    asked = endpoint(document)
    assert (asked.path, asked.params, asked.data_selector) == ("items/7", {"full": True}, "$")
    assert isinstance(asked.paginator, SinglePagePaginatorConfig)


def test_braces_stay_as_they_are_written_until_a_request_is_made() -> None:
    asked = endpoint(
        small(
            {
                "path": "a/{{b}}/{c}",
                "method": "post",
                "params": {"c": "{x}", "q": "{{1}}"},
                "json": {"{{k}}": ["{{v}}", 1]},
                "headers": {"X": "{{h}}"},
            }
        )
    )
    assert (asked.path, asked.method, asked.params) == ("a/{{b}}/{{x}}", "POST", {"q": "{{1}}"})
    assert (asked.json, asked.headers) == ({"{{k}}": ["{{v}}", 1]}, {"X": "{{h}}"})


def test_the_parent_of_a_dependent_resource() -> None:
    config = small(
        {
            "path": "a/{n}/b",
            "params": {
                "n": {"type": "resolve", "resource": "p", "field": "who.id"},
                "q": "x-{resources.p.name}",
            },
            "json": {"deep": [{"id": "{resources.p.id}"}]},
        },
        include_from_parent=["id"],
    )
    config["resources"].append("p")
    found = resource(config)
    assert found.parent is not None
    assert (found.parent.resource, found.parent.include) == ("p", ("id",))
    assert {each.placeholder: str(each.path) for each in found.parent.fields} == {
        "n": "who.id",
        "resources.p.name": "name",
        "resources.p.id": "id",
    }
    assert (found.endpoint.path, found.endpoint.params) == (
        "a/{n}/b",
        {"q": "x-{resources.p.name}"},
    )


def test_resources_come_behind_those_that_they_depend_on() -> None:
    order = in_order_of_dependence([("c", "b"), ("b", "a"), ("x", None), ("a", None)])
    assert sorted(order) == ["a", "b", "c", "x"]
    assert order.index("a") < order.index("b") < order.index("c")


def test_python_objects_are_passed_through() -> None:
    class Item(pydantic.BaseModel):
        id: int

    @dlt.resource(name="made_elsewhere")
    def made() -> Iterator[int]:
        yield 1

    def table(row: object) -> str:
        return "t"

    external, selector, body = made(), parse_jsonpath("data"), object()
    document = small({"data_selector": selector, "data": body}, columns=Item, table_name=table)
    document["resources"][0]["write_disposition"] = disposition = {"disposition": "append"}
    document["resources"].append(external)
    document["pipeline"] = {"destination": (destination := dlt.destinations.duckdb())}
    config = parse_config(document)
    first, second = config.resources
    assert isinstance(first, ResourceConfig)
    assert first.hints["columns"] is Item
    assert first.hints["table_name"] is table
    assert first.hints["write_disposition"] == disposition
    assert first.endpoint.data_selector is selector
    assert first.endpoint.data is body
    assert isinstance(second, ExternalResource)
    assert (second.index, second.name) == (1, "made_elsewhere")
    assert second.resource is external
    assert config.pipeline is not None
    assert config.pipeline.destination is destination


def test_dlt_takes_every_hint() -> None:
    hints: dict[str, Any] = {
        "table_name": "t",
        "max_table_nesting": "1",
        "write_disposition": {"disposition": "merge", "strategy": "upsert"},
        "columns": [{"name": "id", "data_type": "bigint", "x-hint": 1}],
        "primary_key": ["id"],
        "merge_key": "id",
        "schema_contract": {"columns": "freeze"},
        "table_format": "native",
        "file_format": "parquet",
        "references": [{"referenced_table": "o", "columns": ["id"], "referenced_columns": ["id"]}],
        "nested_hints": {"lines": {"columns": {"n": {"data_type": "bigint"}}}},
        "selected": True,
        "parallelized": None,
    }
    found = resource(small(None, **hints)).hints
    assert found["max_table_nesting"] == 1
    assert "parallelized" not in found
    made = dlt.resource(iter([]), **found)
    assert made.name == "items"
    assert made.compute_table_schema()["name"] == "t"


def test_hints_that_an_anchor_shares_are_each_their_own() -> None:
    shared = {"data_type": "text"}
    document = small(columns={"id": shared, "name": shared})

    # dlt writes the names of the columns into their hints.
    made = dlt.resource([], **resource(document).hints)

    assert made.columns == {
        "id": {"name": "id", "data_type": "text"},
        "name": {"name": "name", "data_type": "text"},
    }
    assert shared == {"data_type": "text"}


def test_null_is_absent() -> None:
    document = {**with_client(headers=None, timeout=None, session=None), "resource_defaults": None}
    document["resources"][0] |= {
        "columns": None,
        "processing_steps": None,
        "endpoint": {"params": None, "incremental": None, "json": None, "headers": None},
    }
    document["pipeline"] = None
    assert parse_config(document).client.timeout == 60


def test_limits_of_the_client_and_the_pipeline() -> None:
    document = with_client(timeout="2.5", concurrency=1, max_response_bytes=10)
    document["pipeline"] = {
        "name": "p",
        "destination": "duckdb",
        "dataset": "d",
        "row_ids": "false",
    }
    config = parse_config(document)
    assert (config.client.timeout, config.client.concurrency) == (2.5, 1)
    assert config.client.max_response_bytes == 10
    assert config.pipeline is not None
    assert (config.pipeline.name, config.pipeline.destination) == ("p", "duckdb")
    assert (config.pipeline.dataset, config.pipeline.row_ids) == ("d", False)


def test_models_are_frozen() -> None:
    paginator = endpoint(with_paginator(type="cursor")).paginator
    with pytest.raises(pydantic.ValidationError):
        paginator.max_pages = 3
