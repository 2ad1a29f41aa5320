"""Configs that say what is asked for, and by whom."""

from __future__ import annotations

from typing import Any

import dlt
from dlt.sources.helpers.rest_client.auth import APIKeyAuth, BearerTokenAuth, HttpBasicAuth
from dlt.sources.helpers.rest_client.paginators import (
    HeaderLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
)
from jsonpath_ng.ext.parser import parse as parse_jsonpath

from tests.stories.against_dlt.parity.case import Case, listing, session
from tests.stories.against_dlt.parity.making import DATA, LISTED, MERGED, SINGLE


def paged(kind: str, path: str, **keys: Any) -> Case:
    """A listing with a paginator of some type."""
    options = ", ".join(f"{key}" for key in keys) or "defaults"
    paginator = {"type": kind, **keys}
    return Case(f"{kind}: {options}", [listing(path, endpoint={**DATA, "paginator": paginator})])


def authenticated(name: str, auth: Any, endpoint: dict[str, Any] | None = None) -> Case:
    """A listing that wants to know who asks."""
    return Case(name, [listing("secure", endpoint=endpoint or {})], {"auth": auth, **SINGLE})


def _mine() -> Any:
    return dlt.resource([{"id": 7}, {"id": 8}], name="mine")


FORMS = [
    Case("a name alone", ["plain"], SINGLE),
    Case("several names", ["plain", "users"], SINGLE),
    Case("no endpoint", [{"name": "plain"}], SINGLE),
    Case("the endpoint as a path", [{"name": "x", "endpoint": "deep"}], SINGLE),
    Case("no path", [{"name": "plain", "endpoint": {"params": {"a": 1}}}], SINGLE),
    Case("slashes around", [listing("/plain", "p")], SINGLE, base_path="/"),
    Case("a base URL with a path", [listing("posts", "p")], SINGLE, base_path="/users/3"),
    Case("a whole URL as path", lambda base: [listing(f"{base}/plain", "p")], SINGLE),
    Case("a param in the path", [listing("users/{n}", "u", endpoint={"params": {"n": 2}})]),
    Case("one entity by its path", [listing("users/{n}", "u", endpoint={"params": {"n": "3"}})]),
    Case(
        "a resource of dlt's",
        lambda base: ["plain", _mine()],
        SINGLE,
    ),
    Case("all guessed", ["plain", "empty", "links"]),
    Case("one that is not selected", ["plain", listing("users", selected=False)], SINGLE),
    Case(
        "defaults for all",
        ["items", listing("empty", primary_key="x")],
        defaults={**MERGED, **LISTED},
    ),
    Case(
        "params and JSON of the defaults",
        [listing("echo", endpoint={"method": "POST", "params": {"b": 2}, "json": {"d": {"e": 1}}})],
        SINGLE,
        {"endpoint": {"params": {"a": 1, "b": 1}, "json": {"c": 1, "d": {"f": 2}}}},
    ),
    Case(
        "columns of the defaults",
        [listing("plain", columns={"name": {"description": "d"}, "id": {"data_type": "text"}})],
        SINGLE,
        {"columns": {"id": {"data_type": "bigint"}, "extra": {"data_type": "double"}}},
    ),
]

SELECTORS = [
    Case(f"rows at {text}", [listing(path, endpoint={"data_selector": selector, **SINGLE})])
    for text, path, selector in (
        ("a key", "items", "data"),
        ("a path", "deep", "result.items"),
        ("the whole", "plain", "$"),
        ("each of a list", "items", "data[*]"),
        ("a compiled path", "deep", parse_jsonpath("$.result.items[*]")),
        ("a filter", "items", "data[?(@.id > 1)]"),
        ("one value", "deep", "meta"),
    )
]

REQUESTS = [
    Case(name, [listing("echo", endpoint=endpoint)], {**SINGLE, "headers": {"X-A": "client"}})
    for name, endpoint in {
        "JSON": {"method": "POST", "json": {"a": [1, {"b": None}], "ü": "é"}},
        "a form": {"method": "POST", "data": {"a": "1", "b": ["x", "y"], "c": "a b&c"}},
        "a body as it is": {"method": "POST", "data": "<a>ü</a>"},
        "headers over those of the client": {"headers": {"X-A": "endpoint", "X-B": "1"}},
        "params": {"params": {"a": 1, "b": ["x", "y"], "c": None, "d": "ü /?&=", "e": True}},
        "braces": {"params": {"q": "{{a}}"}, "headers": {"X-Q": "{{b}}"}},
        "braces in JSON": {"method": "POST", "json": {"q": ["{{a}}"], "{{k}}": 1}},
    }.items()
]

PAGINATORS = [
    paged("cursor", "items"),
    paged("cursor", "items", cursor_path="next", cursor_param="cursor"),
    paged("cursor", "items", cursor_path="next", has_more_path="meta.more"),
    paged("cursor", "items", cursor_path="next", stop_after_empty_page=True),
    paged("json_link", "links"),
    paged("json_link", "links", next_url_path="paging.link"),
    paged("json_response", "links", next_url_path="paging.link"),
    paged("header_link", "links"),
    paged("header_link", "links", links_next_key="next"),
    paged("header_cursor", "tokens"),
    paged("header_cursor", "tokens", cursor_key="X-After", cursor_param="after"),
    paged("offset", "offsets", limit=3),
    paged("offset", "offsets", limit=2, offset=1, offset_param="skip", limit_param="take"),
    paged("offset", "offsets", limit=2, total_path=None, maximum_offset=4),
    paged("offset", "offsets", limit=7, total_path=None, stop_after_empty_page=True),
    paged("offset", "offsets", limit=2, total_path=None, has_more_path="meta.more"),
    paged("offset", "offsets", limit=2, total_path="meta.all"),
    paged("page_number", "numbers"),
    paged("page_number", "numbers", base_page=0, total_path="meta.pages"),
    paged("page_number", "numbers", page=1, page_param="number"),
    paged("page_number", "numbers", total_path=None, maximum_page=2),
    paged("page_number", "numbers", total_path=None, stop_after_empty_page=True),
    paged("page_number", "numbers", total_path=None, has_more_path="meta.more"),
    paged("single_page", "items"),
    paged("auto", "links"),
    Case(
        "cursor: in the body",
        [
            listing(
                "items",
                endpoint={
                    **DATA,
                    "method": "POST",
                    "json": {"q": 1},
                    "paginator": {
                        "type": "cursor",
                        "cursor_path": "next",
                        "cursor_body_path": "paging.after",
                    },
                },
            )
        ],
    ),
    Case(
        "offset: in the body",
        [
            listing(
                "offsets",
                endpoint={
                    **DATA,
                    "method": "POST",
                    "json": {},
                    "paginator": {
                        "type": "offset",
                        "limit": 3,
                        "offset_body_path": "skip",
                        "limit_body_path": "take",
                    },
                },
            )
        ],
    ),
    Case(
        "page_number: in the body",
        [
            listing(
                "numbers",
                endpoint={
                    **DATA,
                    "method": "POST",
                    "json": {},
                    "paginator": {"type": "page_number", "page_body_path": "number"},
                },
            )
        ],
    ),
    Case("the client's paginator", ["links", "plain"], {"paginator": "header_link"}),
    Case(
        "an object for the client",
        [listing("items", endpoint=DATA)],
        lambda base: {"paginator": JSONResponseCursorPaginator("next")},
    ),
    Case(
        "an object for the endpoint",
        lambda base: [
            listing("links", endpoint={**DATA, "paginator": HeaderLinkPaginator()}),
            listing("offsets", endpoint={**DATA, "paginator": OffsetPaginator(limit=4)}),
        ],
    ),
]

AUTHS = [
    authenticated("a token without a type", {"token": "t0ken-of-mine"}),
    authenticated("bearer", {"type": "bearer", "token": "t0ken-of-mine"}),
    authenticated("a key", {"type": "api_key", "api_key": "k3y-of-mine"}),
    authenticated(
        "a key in a header",
        {"type": "api_key", "name": "X-Key", "api_key": "k3y-of-mine", "location": "header"},
    ),
    authenticated(
        "a key in the query",
        {"type": "api_key", "name": "key", "api_key": "k3y-of-mine", "location": "query"},
    ),
    authenticated(
        "a key in a param",
        {"type": "api_key", "name": "key", "api_key": "k3y-of-mine", "location": "param"},
    ),
    authenticated("basic", {"type": "http_basic", "username": "me", "password": "passw0rd"}),
    authenticated(
        "the endpoint's own",
        {"token": "t0ken-of-the-client"},
        {"auth": {"type": "http_basic", "username": "me", "password": "passw0rd"}},
    ),
    Case(
        "none for an endpoint",
        [listing("echo", endpoint={"auth": None})],
        {"auth": {"token": "t0ken-of-mine"}, **SINGLE},
    ),
    Case(
        "client credentials",
        ["secure"],
        lambda base: {
            **SINGLE,
            "auth": {
                "type": "oauth2_client_credentials",
                "access_token_url": f"{base}/token",
                "client_id": "me-as-client",
                "client_secret": "s3cret-of-mine",
                "access_token_request_data": {"scope": "read"},
                "default_token_expiration": 60,
            },
        },
    ),
    *(
        Case(f"an object: {auth.__class__.__name__}", ["secure"], {"auth": auth, **SINGLE})
        for auth in (
            BearerTokenAuth("t0ken-of-mine"),
            APIKeyAuth("X-Key", "k3y-of-mine"),
            HttpBasicAuth("me", "passw0rd"),
        )
    ),
    Case("a session", ["plain"], lambda base: {"session": session(), **SINGLE}),
]
