"""The config that is drafted of a document: its keys, and what they rest on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from headrace.config import load_config
from headrace.core.exceptions import ConfigError
from headrace.discovery.openapi.document import OpenApiDocument, openapi_document
from headrace.discovery.openapi.drafts import Draft, draft_of_document
from headrace.discovery.openapi.security import token_url_elsewhere
from headrace.discovery.openapi.sources import Source
from tests.unit.discovery.openapi.documents import SHOP_2, SHOP_3_0, SHOP_3_1

_AT = "https://x.example/docs/openapi.json"


def read(document: Any, url: str | None = _AT) -> OpenApiDocument:
    """A document that is given as text or as a mapping."""
    text = document if isinstance(document, str) else json.dumps(document)
    return openapi_document(Source("the document", text.encode(), url))


def refused(config: Mapping[str, Any]) -> list[str]:
    """What the checks have against a draft, but for what it says itself it does not know."""
    known: dict[str, Any] = json.loads(json.dumps(config))
    for resource in known["resources"]:
        if resource["endpoint"]["paginator"] == "unknown":
            resource["endpoint"]["paginator"] = "single_page"
    try:
        load_config(known, lookup=lambda name: f"the {name}")
    except ConfigError as error:
        return list(map(str, error.faults))
    return []


def drafted(document: Any, names: Sequence[str] = ("*",), url: str | None = _AT) -> Draft:
    """A draft, which the checks accept."""
    draft = draft_of_document(read(document, url), names)
    assert refused(draft.config) == []
    return draft


def texts(draft: Draft, path: str) -> list[str]:
    """What is known of a key of a draft."""
    return [f"{each.verdict}: {each.text}" for each in draft.evidence if each.path == path]


def one_listing(
    path: str = "/things",
    parameters: Sequence[Mapping[str, Any]] = (),
    answer: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A document with one listing."""
    row = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    schema = answer or {"type": "array", "items": row}
    content = {"application/json": {"schema": schema}}
    operation = {
        "parameters": [
            {"in": "query", "schema": {"type": "integer"}, **each} for each in parameters
        ],
        "responses": {"200": {"description": "some", "content": content}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "One"},
        "servers": [{"url": "/"}],
        "paths": {path: {"get": operation}},
        **more,
    }


def enveloped(**around: Any) -> dict[str, Any]:
    """An answer with rows at `data`, and other fields around."""
    row = {"type": "object", "properties": {"id": {"type": "integer"}}}
    return {
        "type": "object",
        "properties": {"data": {"type": "array", "items": row}, **around},
    }


def test_openapi_3_1_in_yaml() -> None:
    draft = drafted(SHOP_3_1, url=None)

    assert draft.config["pipeline"] == {"name": "the_shop_api"}
    assert draft.config["client"] == {
        "base_url": "https://eu.shop.example/api/v2",
        "auth": {
            "type": "api_key",
            "name": "X-Shop-Key",
            "api_key": "${API_KEY}",
            "location": "header",
        },
    }
    orders, comments = draft.config["resources"]
    assert orders == {
        "name": "orders",
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": {
            "path": "/orders",
            "params": {"limit": 250, "state": "all"},
            "data_selector": "data",
            "paginator": {
                "type": "cursor",
                "cursor_path": "meta.next_cursor",
                "cursor_param": "cursor",
            },
        },
        "columns": {
            "placed_at": {"data_type": "timestamp"},
            "due": {"data_type": "date"},
            "total": {"data_type": "double"},
        },
        "schema_contract": {"data_type": "evolve"},
    }
    assert comments == {
        "name": "comments",
        "primary_key": ["_orders_id", "id"],
        "write_disposition": "merge",
        "include_from_parent": ["id"],
        "endpoint": {
            "path": "/orders/{resources.orders.id}/comments",
            "params": {"per_page": 100},
            "data_selector": "$",
            "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
        },
    }
    assert texts(draft, "resources[0].name") == ["stated: All orders."]
    assert texts(draft, "resources[0].endpoint.params.state") == [
        "stated: the API takes open by itself, and `all` is all"
    ]


def test_values_that_the_user_has_to_give() -> None:
    document = read(SHOP_3_1)
    (shelves,) = [each for each in document.listings if each.name == "shelves"]
    assert [each.name for each in shelves.needs] == ["warehouse", "kind"]
    draft = drafted(SHOP_3_1, ["shelves"])

    endpoint = draft.config["resources"][0]["endpoint"]
    assert endpoint["path"] == "/warehouses/${API_WAREHOUSE}/shelves"
    assert endpoint["params"] == {"kind": "${API_KIND}"}
    assert endpoint["paginator"] == {"type": "json_link", "next_url_path": "next"}
    assert texts(draft, "resources[0].endpoint.params.kind") == [
        "unknown: required: give its value; one of cold, warm"
    ]
    assert texts(draft, "resources[0].name") == ["stated: deprecated"]


def test_openapi_3_0_in_json() -> None:
    draft = drafted(SHOP_3_0, ["users", "orders"])

    assert draft.config["client"] == {
        "base_url": "https://x.example/api",
        "auth": {
            "type": "oauth2_client_credentials",
            "access_token_url": "https://x.example/oauth/token",
            "client_id": "${CLIENT_ID}",
            "client_secret": "${CLIENT_SECRET}",
        },
    }
    users, orders = draft.config["resources"]
    assert users["endpoint"] == {
        "path": "/users",
        "data_selector": "users",
        "paginator": {"type": "offset", "limit": 100, "total_path": None},
    }
    assert users["columns"] == {"id": {"data_type": "bigint"}}
    assert orders["endpoint"] == {
        "path": "/orders/search",
        "method": "POST",
        "json": {"shop": "${API_SHOP}", "page_size": 500},
        "data_selector": "orders",
        "paginator": {
            "type": "cursor",
            "cursor_path": "next_page_token",
            "cursor_body_path": "page_token",
        },
    }
    assert orders["primary_key"] == "order_id"


def test_swagger_2() -> None:
    draft = drafted(SHOP_2, ["parts"], url=None)

    assert draft.config["client"]["base_url"] == "https://old.shop.example/v1"
    assert draft.config["client"]["auth"]["type"] == "http_basic"
    items, parts = draft.config["resources"]
    assert items["selected"] is False
    # Whether its pages count from 0 or 1 the document does not say.
    assert items["endpoint"]["paginator"] == "unknown"
    assert "see what 0 and 1 bring" in texts(draft, "resources[0].endpoint.paginator")[0]
    assert parts["endpoint"]["path"] == "/items/{resources.items.id}/parts"
    assert parts["endpoint"]["paginator"] == {
        "type": "offset",
        "limit": 100,
        "total_path": None,
        "offset_param": "start",
        "limit_param": "page_size",
    }


_PAGES = [{"name": "page"}]
_NUMBERED = {"type": "page_number", "base_page": 0, "total_path": None}


@pytest.mark.parametrize(
    ("parameters", "answer", "paginator"),
    [
        ([], None, "unknown"),
        ([{"name": "limit"}], None, "unknown"),
        (_PAGES, None, "unknown"),
        ([{"name": "page", "schema": {"type": "integer", "minimum": 0}}], None, _NUMBERED),
        ([{"name": "page", "description": "Page number, zero-based."}], None, _NUMBERED),
        ([{"name": "page", "schema": {"type": "string"}}], None, "unknown"),
        # A time, no number of rows.
        ([{"name": "from", "schema": {"type": "string", "format": "date"}}], None, "unknown"),
        (
            [
                {"name": "startIndex", "schema": {"type": "integer", "default": 1}},
                {"name": "count"},
            ],
            None,
            {
                "type": "offset",
                "limit": 100,
                "total_path": None,
                "offset_param": "startIndex",
                "limit_param": "count",
                "offset": 1,
            },
        ),
        (
            [{"name": "offset"}],
            enveloped(offset={"type": "integer"}, limit={"type": "integer"}),
            {"type": "offset", "limit": 100, "total_path": None},
        ),
        (
            [{"name": "pageToken", "schema": {"type": "string"}}],
            enveloped(nextPageToken={"type": "string"}),
            {"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "pageToken"},
        ),
        (
            [{"name": "page"}],
            enveloped(next_page={"type": ["integer", "null"]}),
            {"type": "cursor", "cursor_path": "next_page", "cursor_param": "page"},
        ),
        (
            [{"name": "starting_after", "schema": {"type": "string"}}],
            enveloped(has_more={"type": "boolean"}),
            {
                "type": "cursor",
                "cursor_path": "data[-1].id",
                "cursor_param": "starting_after",
                "has_more_path": "has_more",
            },
        ),
        (
            [],
            enveloped(links={"type": "object", "properties": {"next": {"type": "string"}}}),
            {"type": "json_link", "next_url_path": "links.next"},
        ),
        (
            [{"name": "offset"}],
            enveloped(count={"type": "integer"}, next={"type": "string", "format": "uri"}),
            {"type": "json_link", "next_url_path": "next"},
        ),
        (
            [],
            enveloped(**{"@odata.nextLink": {"type": "string"}}),
            {"type": "json_link", "next_url_path": "'@odata.nextLink'"},
        ),
        # A token that no parameter takes.
        ([], enveloped(nextPageToken={"type": "string"}), "unknown"),
    ],
)
def test_how_pages_go_on(
    parameters: list[dict[str, Any]], answer: dict[str, Any] | None, paginator: Any
) -> None:
    draft = drafted(one_listing(parameters=parameters, answer=answer))
    assert draft.config["resources"][0]["endpoint"]["paginator"] == paginator


def test_an_offset_in_a_body() -> None:
    document = one_listing("/flows/filter", answer=None)
    operation = document["paths"]["/flows/filter"].pop("get")
    fields = {"limit": {"type": "integer", "default": 200}, "offset": {"type": "integer"}}
    body = {"content": {"application/json": {"schema": {"properties": fields}}}}
    document["paths"]["/flows/filter"]["post"] = {**operation, "requestBody": body}

    endpoint = drafted(document).config["resources"][0]["endpoint"]
    assert endpoint["paginator"] == {
        "type": "offset",
        "limit": 200,
        "total_path": None,
        "offset_body_path": "offset",
        "limit_body_path": "limit",
    }
    assert endpoint["json"] == {}


def test_a_link_in_a_header() -> None:
    document = one_listing()
    answer = document["paths"]["/things"]["get"]["responses"]["200"]
    answer["headers"] = {"Link": {"schema": {"type": "string"}}}
    draft = drafted(document)
    assert draft.config["resources"][0]["endpoint"]["paginator"] == {"type": "header_link"}


@pytest.mark.parametrize(
    ("scheme", "auth"),
    [
        (
            {"type": "apiKey", "in": "query", "name": "key"},
            {"type": "api_key", "name": "key", "api_key": "${API_KEY}", "location": "query"},
        ),
        (
            {"type": "apiKey", "in": "cookie", "name": "sid"},
            {"type": "api_key", "name": "sid", "api_key": "${API_KEY}", "location": "cookie"},
        ),
        ({"type": "http", "scheme": "Bearer"}, {"type": "bearer", "token": "${API_TOKEN}"}),
        (
            {"type": "http", "scheme": "digest"},
            {"type": "http_digest", "username": "${API_USER}", "password": "${API_PASSWORD}"},
        ),
        (
            {"type": "oauth2", "flows": {"password": {"tokenUrl": "/t", "scopes": {}}}},
            {"type": "bearer", "token": "${API_TOKEN}"},
        ),
        (
            {"type": "oauth2", "flow": "application", "tokenUrl": "https://login.example/t"},
            {
                "type": "oauth2_client_credentials",
                "access_token_url": "https://login.example/t",
                "client_id": "${CLIENT_ID}",
                "client_secret": "${CLIENT_SECRET}",
                "access_token_request_data": {"scope": "read:all"},
            },
        ),
        # The name is the document's: no setting of the user's is looked up for it.
        (
            {"type": "apiKey", "in": "query", "name": "${HOME}"},
            {
                "type": "api_key",
                "name": "$${HOME}",
                "api_key": "${API_KEY}",
                "location": "query",
            },
        ),
        ({"type": "mutualTLS"}, None),
    ],
)
def test_who_asks(scheme: dict[str, Any], auth: dict[str, Any] | None) -> None:
    document = one_listing(
        components={"securitySchemes": {"it": scheme}}, security=[{"it": ["read:all"]}]
    )
    draft = draft_of_document(read(document), ["things"])
    assert draft.config["client"].get("auth") == auth
    (told,) = [each.verdict for each in draft.evidence if each.path == "client.auth"]
    assert told == ("stated" if auth else "unknown")


def test_a_parent_whose_own_parent_fills_in_a_path() -> None:
    row = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    answer = {"content": {"application/json": {"schema": {"type": "array", "items": row}}}}
    paths = ["/teams", "/teams/{team}/boards", "/teams/{team}/boards/{board_id}/cards"]
    operation = {"get": {"responses": {"200": answer}}}
    document = one_listing() | {"paths": dict.fromkeys(paths, operation)}

    _, boards, cards = drafted(document).config["resources"]
    assert boards["endpoint"]["path"] == "/teams/{resources.teams.id}/boards"
    assert boards["include_from_parent"] == ["id"]
    path = "/teams/{resources.boards._teams_id}/boards/{resources.boards.id}/cards"
    assert cards["endpoint"]["path"] == path
    # A card's id may be there in other boards, and in those of other teams.
    assert cards["include_from_parent"] == ["_teams_id", "id"]
    assert cards["primary_key"] == ["_boards__teams_id", "_boards_id", "id"]


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "HOME", "key", "token", "--"])
def test_no_variable_of_the_environment_is_named_by_a_document(name: str) -> None:
    parameter = {"name": name, "required": True, "schema": {"type": "string"}}
    document = one_listing(f"/a/{{{name}}}/things", [parameter])
    endpoint = drafted(document, ["things"]).config["resources"][0]["endpoint"]
    for each in (endpoint["path"], endpoint["params"][name]):
        (setting,) = re.findall(r"\$\{(\w+)\}", each)
        assert setting.startswith("API_")
        assert setting not in ("API_KEY", "API_TOKEN")


def test_tokens_from_another_host_than_the_api() -> None:
    flow = {"type": "oauth2", "flow": "application", "tokenUrl": "https://evil.example/token"}
    document = one_listing(components={"securitySchemes": {"it": flow}}, security=[{"it": []}])
    assert token_url_elsewhere(drafted(document).config) == "https://evil.example/token"
    for url in ("http://[evil", "http://:port", "file:///etc/passwd"):
        flow["tokenUrl"] = url
        assert drafted(document).config["client"]["auth"]["type"] == "bearer"
        assert drafted(document | {"servers": [{"url": "/api"}]}).config
        assert read(document | {"servers": [{"url": url}]}).base_url is None
    flow["tokenUrl"] = "/token"
    at = draft_of_document(read(document, None), ["*"], "https://api.example/v1").config
    assert at["client"]["auth"]["access_token_url"] == "https://api.example/token"
    assert token_url_elsewhere(drafted(document).config) is None


@pytest.mark.parametrize(
    ("fields", "paths", "key"),
    [
        (["id", "slug"], ["/things/{slug}"], "id"),
        (["slug"], ["/things/{slug}"], "slug"),
        # A task may have several rows.
        (["task", "index"], ["/things/{task}", "/things/{task}/{index}"], ["task", "index"]),
        (["task"], ["/things/{task}", "/things/{task}/{index}"], None),
        (["thing_id"], [], "thing_id"),
        (["other_id"], [], None),
    ],
)
def test_what_tells_rows_apart(fields: list[str], paths: list[str], key: Any) -> None:
    row = {
        "type": "object",
        "required": fields,
        "properties": {name: {"type": "string"} for name in fields},
    }
    document = one_listing(answer={"type": "array", "items": row})
    document["paths"] |= {path: {"get": {"responses": {}}} for path in paths}
    resource = drafted(document, ["things"]).config["resources"][0]
    assert resource.get("primary_key") == key
    assert resource["write_disposition"] == ("replace" if key is None else "merge")


def test_a_parent_whose_own_path_the_user_fills_in() -> None:
    row = {
        "type": "object",
        "properties": {"number": {"type": "integer"}, "owner": {"type": "object"}},
    }
    answer = {"content": {"application/json": {"schema": {"type": "array", "items": row}}}}
    above = "/repos/{owner}/{repo}/issues"
    operation = {"get": {"responses": {"200": answer}}}
    paths = dict.fromkeys([above, f"{above}/{{issue_number}}/comments"], operation)

    issues, comments = drafted(one_listing() | {"paths": paths}, ["comments"]).config["resources"]
    assert issues["selected"] is False
    assert issues["endpoint"]["path"] == "/repos/${API_OWNER}/${API_REPO}/issues"
    path = "/repos/${API_OWNER}/${API_REPO}/issues/{resources.issues.number}/comments"
    assert comments["endpoint"]["path"] == path
    assert comments["include_from_parent"] == ["number"]


def test_an_object_with_lists_in_it_is_no_listing() -> None:
    user = {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string"},
            "emails": {"type": "array", "items": {"type": "object"}},
        },
    }
    document = read(one_listing("/me", answer=user))
    assert document.listings == ()
    with pytest.raises(ConfigError, match="describes no listing"):
        draft_of_document(document, ["*"])


def test_two_lists_of_which_none_is_named_as_the_listing() -> None:
    things = {"type": "array", "items": {"type": "object"}}
    answer = {"properties": {"items": things, "results": things}}
    (left_out,) = read(one_listing(answer=answer)).left_out
    assert "several lists, `items`, `results`" in left_out.reason


def test_names_differ() -> None:
    paths = ["/users", "/admin/users", "/v2/users", "/orders/{id}/Order-Items", "/user_s/search"]
    operation = one_listing()["paths"]["/things"]
    document = read(one_listing() | {"paths": dict.fromkeys(paths, operation)})
    names = [each.name for each in document.listings]
    assert names == ["users", "admin_users", "v2_users", "order_items", "user_s"]


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"no listing `order`.*orders"):
        draft_of_document(read(SHOP_3_1), ["order"])


def test_a_document_that_does_not_say_where_the_api_is() -> None:
    document = read(one_listing(), url=None)
    with pytest.raises(ConfigError, match="--base-url"):
        draft_of_document(document, ["*"])
    draft = draft_of_document(document, ["*"], "https://api.example.com")
    assert draft.config["client"]["base_url"] == "https://api.example.com"


_COUNT = {"type": "integer"}


@pytest.mark.parametrize(
    ("parameter", "named"),
    [
        # Spring's `Pageable`: sent field by field, and none of them is required.
        ({"name": "pageable", "required": True}, "size"),
        ({"name": "page", "style": "deepObject", "explode": True}, "page[size]"),
        ({"name": "pagination", "style": "deepObject"}, "pagination[size]"),
    ],
)
def test_an_object_is_asked_for_field_by_field(parameter: dict[str, Any], named: str) -> None:
    fields = {"number": {"type": "integer", "default": 1}, "size": _COUNT, "page": _COUNT}
    parameter |= {"schema": {"type": "object", "properties": fields}}
    (listing,) = read(one_listing(parameters=[parameter])).listings
    assert listing.paging.size == (named, 100) or listing.paging.params == {named: 100}
    assert listing.needs == ()


def test_an_object_in_one_piece_is_one_value() -> None:
    content = {"application/json": {"schema": {"properties": {"limit": _COUNT}}}}
    parameter = {"name": "filter", "content": content, "schema": None, "required": True}
    (listing,) = read(one_listing(parameters=[parameter])).listings
    assert [each.name for each in listing.needs] == ["filter"]


def test_parameters_of_pages_within_an_object() -> None:
    names = [f"pagination[{name}]" for name in ("page", "pageSize", "start", "limit")]
    (listing,) = read(one_listing(parameters=[{"name": name} for name in names])).listings
    assert listing.paging.paginator == {
        **{"type": "offset", "limit": 100, "total_path": None},
        **{"offset_param": "pagination[start]", "limit_param": "pagination[limit]"},
    }


def test_a_name_with_its_vocabulary() -> None:
    row = {"properties": {"@id": {"type": "string"}, "id": {"type": "integer"}}}
    view = {"properties": {"hydra:next": {"type": "string", "format": "iri-reference"}}}
    answer = {
        "properties": {
            "hydra:member": {"type": "array", "items": row},
            "hydra:totalItems": {"type": "integer"},
            "hydra:view": view,
            "hydra:search": {"properties": {"hydra:mapping": {"type": "array", "items": {}}}},
        }
    }
    document = one_listing(answer=answer)
    document["paths"]["/things/{id}"] = {"get": {"responses": {}}}
    (listing,) = read(document).listings
    assert (listing.rows_at, listing.key.fields) == (("hydra:member",), ("id",))
    assert listing.paging.paginator == {
        "type": "json_link",
        "next_url_path": "'hydra:view'.'hydra:next'",
    }


def test_what_cannot_be_used_is_told_where_all_is_wanted() -> None:
    document = one_listing(parameters=[{"name": "offset"}])
    document["paths"]["/elsewhere"] = {"$ref": "other.yml#/paths/elsewhere"}
    told = [each.text for each in drafted(document).evidence if each.verdict == "ruled out"]
    (left_out,) = told
    assert left_out.startswith(
        "left out: GET /elsewhere: it refers to `other.yml#/paths/elsewhere`"
    )
    assert not [each for each in drafted(document, ["things"]).evidence if each.text in told]


@pytest.mark.parametrize(
    ("schema", "offered"),
    [
        ({"type": "boolean", "default": False}, [False]),
        ({"enum": ["open", "closed"], "default": "open"}, ["open"]),
        # Nothing is left out.
        ({"enum": ["all", "open"], "default": "all"}, []),
        ({"enum": ["asc", "desc"]}, []),
    ],
)
def test_what_may_leave_rows_out_is_offered(schema: dict[str, Any], offered: list[Any]) -> None:
    told = drafted(
        one_listing(parameters=[{"name": "offset"}, {"name": "state", "schema": schema}])
    )
    values = [each.value for each in told.evidence if each.verdict == "offered"]
    assert values == [{"state": each} for each in offered]
    assert "params" not in told.config["resources"][0]["endpoint"]
