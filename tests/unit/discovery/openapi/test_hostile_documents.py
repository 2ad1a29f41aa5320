"""Documents that would read files, ask other hosts or never end are told of, or lose a listing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.core.exceptions import ConfigError, RedirectRefused
from headrace.discovery.openapi.document import OpenApiDocument, openapi_document
from headrace.discovery.openapi.drafts import draft_of_document
from headrace.discovery.openapi.sources import Source, source_of
from headrace.discovery.openapi.texts import MOST_BYTES, document_of
from tests.support.servers import Answer, JsonServer
from tests.unit.discovery.openapi.documents import SHOP_3_0, SHOP_3_1


def read(text: str | bytes) -> OpenApiDocument:
    body = text if isinstance(text, bytes) else text.encode()
    return openapi_document(Source("the document", body, "https://x.example/openapi.json"))


def with_answer(schema: Any, **components: Any) -> dict[str, Any]:
    """A document with one listing besides, whose answer has a schema."""
    content = {"application/json": {"schema": schema}}
    answer = {"200": {"description": "some", "content": content}}
    good = {"type": "array", "items": {"type": "object"}}
    other = {"200": {"description": "some", "content": {"application/json": {"schema": good}}}}
    return {
        "openapi": "3.0.0",
        "paths": {"/bad": {"get": {"responses": answer}}, "/good": {"get": {"responses": other}}},
        "components": {"schemas": components},
    }


@contextmanager
def within(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


@pytest.mark.parametrize(
    "reference",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "other.yaml#/schemas/Thing",
        "http://169.254.0.1/secret",
        "#/components/schemas/Nowhere",
        "#nowhere",
        "#/paths/0/~2",
        "",
    ],
)
def test_a_reference_out_of_the_document_is_not_followed(reference: str) -> None:
    document = with_answer({"$ref": reference})
    document["paths"]["/worse"] = {"$ref": reference}
    found = read(json.dumps(document))
    assert "good" in [each.name for each in found.listings]
    if not reference.startswith("#") and reference:
        told = [each.reason for each in found.left_out if each.path == "/worse"]
        assert told == [
            f"it refers to `{reference}`, and only the document itself is read: bundle its files "
            "into one"
        ]


@pytest.mark.parametrize(
    "components",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {"A": {"allOf": [{"$ref": "#/components/schemas/A"}] * 5}},
        {"A": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}},
        {"A": {"properties": {"data": {"$ref": "#/components/schemas/A"}}}},
        {"A": {"anyOf": [{"$ref": "#/components/schemas/A"}, {"oneOf": "?"}, 3, None]}},
        {"A": {"properties": {"data": {"items": {"allOf": [{"$ref": "#/components"}]}}}}},
        {"A": {"type": 3, "properties": [], "required": "id", "items": 7, "allOf": {}}},
    ],
)
def test_schemas_without_an_end(components: dict[str, Any]) -> None:
    document = with_answer({"$ref": "#/components/schemas/A"}, **components)
    with within(5):
        assert "good" in [each.name for each in read(json.dumps(document)).listings]


def test_aliases_that_grow_without_an_end() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [
        f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 40)
    ]
    bomb = "*a39"
    keys = ["default", "example", "enum", "format", "type", "required", "items", "description"]
    parameters = ", ".join(
        f"{{name: {key}, in: query, required: true, example: {bomb}, schema: {{{key}: {bomb}}}}}"
        for key in keys
    )
    one = f"{{parameters: [{parameters}], responses: {{200: {{schema: {{items: {bomb}}}}}}}}}"
    lines += [f"openapi: 3.0.0\ninfo: {{title: {bomb}}}\nsecurity: [{{it: {bomb}}}]"]
    lines += [f"components: {{securitySchemes: {{it: {{type: {bomb}, in: {bomb}}}}}}}"]
    lines += [f"paths: {{/things: {{get: {one}}}, /other: {{get: {{parameters: {bomb}}}}}}}"]
    with within(5):
        document = read("\n".join(lines))
        draft_of_document(document, ["things"])
    with within(5), pytest.raises(ConfigError):
        read("\n".join([*lines, f"openapi: {bomb}"]))


def test_merged_keys_that_grow_without_an_end() -> None:
    lines = ["openapi: 3.0.0", "a0: &a0 {x: 1}"]
    lines += [
        f"a{number}: &a{number} {{<<: [*a{number - 1}, *a{number - 1}]}}" for number in range(1, 40)
    ]
    with within(5):
        assert read("\n".join(lines)).listings == ()


def test_a_yaml_document_that_holds_itself() -> None:
    assert read("openapi: 3.0.0\npaths: &a {/a: *a, get: *a}\n").listings == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 100_000,
        "[" * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: {b: " * 50_000,
        "\n".join(" " * depth + "a:" for depth in range(2_000)),
    ],
    ids=["json", "lists", "items", "keys", "mappings", "indented"],
)
def test_what_is_nested_too_deeply(text: str) -> None:
    with within(10), pytest.raises(ConfigError, match="the document is nested too deeply"):
        read(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "is no OpenAPI document"),
        (b"\xff\xfe", "is not text in UTF-8"),
        (b"{", "is not JSON"),
        (b"a: [", "is not YAML in line"),
        (b"a: !!python/object/apply:os.system [id]", "is not YAML in line 1"),
        (b"[]", "is no OpenAPI document"),
        (b"<html>Please log in</html>", "is no OpenAPI document: it is a page of HTML"),
        (b"<!doctype html>\n<style>\na: b: c\n</style>", "it is a page of HTML"),
        (b"paths: {}", "neither `openapi` nor `swagger`"),
        (b"swagger: '1.2'", "is written in OpenAPI 1.2; versions 3.0, 3.1 and 2"),
        (b"openapi: {a: 1}", "is written in OpenAPI"),
    ],
)
def test_what_is_no_document(text: bytes, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(text)
    assert told in str(raised.value)


def test_a_document_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ConfigError, match="has more than 32 MiB"):
        document_of(source_of(str(path)).body, str(path))


@pytest.mark.parametrize("name", ["missing.yml", ".", "\0"])
def test_a_file_that_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        source_of(str(tmp_path / name))


def test_ten_megabytes_are_read() -> None:
    paths = {f"/things{number}": SHOP_3_0["paths"]["/users"] for number in range(200)}
    text = json.dumps({**SHOP_3_0, "paths": paths, "filler": "x" * 10_000_000})
    assert len(text) > 10_000_000
    with within(10):
        assert len(read(text).listings) == 200


def test_a_document_at_a_url() -> None:
    with JsonServer() as server:
        server.answers(SHOP_3_0)
        found = openapi_document(source_of(f"{server.base_url}/docs/openapi.json"))
    assert found.base_url == f"{server.base_url}/api"
    assert [each.name for each in found.listings] == ["users", "orders"]


def test_a_url_that_leads_to_another_host_is_not_followed() -> None:
    elsewhere = {"Location": "http://169.254.0.1/openapi.json"}
    with JsonServer() as server:
        server.answers(Answer({}, 302, elsewhere))
        with pytest.raises(RedirectRefused):
            source_of(f"{server.base_url}/openapi.json")


def test_keys_of_statuses_may_be_numbers() -> None:
    assert 200 in yaml.safe_load(SHOP_3_1)["paths"]["/orders/{order_id}"]["get"]["responses"]
    assert [each.name for each in read(SHOP_3_1).listings] == ["orders", "comments", "shelves"]


def test_thousands_of_listings_of_one_name() -> None:
    listing = with_answer({"type": "array", "items": {"type": "object"}})["paths"]["/bad"]
    # Their paths differ by parameters alone.
    paths = {f"/{{a{number}}}/items": listing for number in range(5_000)}
    with within(20):
        document = read(json.dumps({"openapi": "3.0.0", "paths": paths}))
    assert len({each.name for each in document.listings}) == 5_000
    assert document.listings[-1].name == "items_5000"


def test_more_listings_than_a_config_holds_are_to_be_named() -> None:
    listing = with_answer({"type": "array", "items": {"type": "object"}})["paths"]["/bad"]
    paths = {f"/items{number}": listing for number in range(2_001)}
    document = read(json.dumps({"openapi": "3.0.0", "paths": paths}))
    with pytest.raises(ConfigError, match="2,001 listings are more than one config holds"):
        draft_of_document(document, ["*"])
    assert len(draft_of_document(document, ["items7"]).outlines) == 1


def test_thousands_of_listings_of_one_schema_that_is_long_to_put_together() -> None:
    schemas: dict[str, Any] = {"S0": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    for number in range(1, 60):
        below = {"$ref": f"#/components/schemas/S{number - 1}"}
        schemas[f"S{number}"] = {"allOf": [below] * 10}
    items = {"type": "array", "items": {"$ref": "#/components/schemas/S59"}}
    text = json.dumps(with_answer(items, **schemas)["paths"]["/bad"])
    paths = {f"/items{number}": json.loads(text) for number in range(2_000)}
    document = {"openapi": "3.0.0", "paths": paths, "components": {"schemas": schemas}}
    with within(15):
        assert len(read(json.dumps(document)).listings) == 2_000
