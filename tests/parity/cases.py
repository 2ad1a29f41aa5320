"""The configs that both sources are run with."""

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
from requests import PreparedRequest, Response
from requests.auth import AuthBase

from tests.parity.case import Case, fits_a_bundle, listing, session

PAGES: dict[str, Any] = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
DATA: dict[str, Any] = {"data_selector": "data"}
LISTED: dict[str, Any] = {"endpoint": {**DATA, "paginator": PAGES}}
SINGLE: dict[str, Any] = {"paginator": "single_page"}
MERGED: dict[str, Any] = {"primary_key": "id", "write_disposition": "merge"}


def paged(kind: str, path: str, **keys: Any) -> Case:
    """A listing with a paginator of some type."""
    options = ", ".join(f"{key}" for key in keys) or "defaults"
    paginator = {"type": kind, **keys}
    return Case(f"{kind}: {options}", [listing(path, endpoint={**DATA, "paginator": paginator})])


def authenticated(name: str, auth: Any, endpoint: dict[str, Any] | None = None) -> Case:
    """A listing that wants to know who asks."""
    return Case(name, [listing("secure", endpoint=endpoint or {})], {"auth": auth, **SINGLE})


def since(name: str, incremental: Any, *, params: Any = None, runs: int = 2, **keys: Any) -> Case:
    """A listing of what changed, asked for twice."""
    endpoint = {**DATA, "incremental": {"cursor_path": "updated_at", **incremental}}
    if params:
        endpoint["params"] = params
    return Case(name, [listing("since", endpoint=endpoint, **keys)], SINGLE, runs=runs)


def child(name: str, *resources: Any, **keys: Any) -> Case:
    """Resources that depend on the users, or on each other."""
    return Case(name, ["users", *resources], SINGLE, is_concurrent=True, **keys)


def hinted(name: str, path: str = "plain", **hints: Any) -> Case:
    """A listing whose table is told more of, loaded twice."""
    return Case(name, [listing(path, **hints)], SINGLE, runs=2)


class Signature(AuthBase):
    """An authentication of a user's own."""

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["X-Key"] = f"signed {r.method}"
        return r


def without_names(response: Response) -> None:
    response._content = response.content.replace(b'"name"', b'"title"')


def nothing(response: Response) -> None:
    """Looks on."""


def doubled(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [row, {**row, "id": row["id"] + 100}]


def _mine() -> Any:
    return dlt.resource([{"id": 7}, {"id": 8}], name="mine")


def _users_of_mine() -> Any:
    return dlt.resource([[{"id": 1}, {"id": 3}]], name="people")


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
    paged("offset", "offsets", limit=3, total_path=None, stop_after_empty_page=True),
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

DEPENDENTS = [
    child("a field in the path", listing("users/{resources.users.id}/posts", "posts")),
    child(
        "a param that resolves",
        listing(
            "users/{n}/posts",
            "posts",
            endpoint={"params": {"n": {"type": "resolve", "resource": "users", "field": "id"}}},
        ),
    ),
    child(
        "a field within a field",
        listing(
            "users/{resources.users.id}/x",
            "x",
            endpoint={"params": {"team": "{resources.users.team.key}"}},
        ),
    ),
    child(
        "fields in JSON and headers",
        listing(
            "echo",
            endpoint={
                "method": "POST",
                "headers": {"X-User": "{resources.users.name}"},
                "json": {"id": "{resources.users.id}", "t": ["{resources.users.team.key}!"]},
            },
        ),
    ),
    child(
        "fields in a form",
        listing("echo", endpoint={"method": "POST", "data": {"u": "{resources.users.id}"}}),
    ),
    child(
        "fields of the parent in the rows",
        listing(
            "users/{resources.users.id}/posts", "posts", include_from_parent=["id", "team", "name"]
        ),
    ),
    child(
        "grandchildren",
        listing("users/{resources.users.id}/posts", "posts", include_from_parent=["id"]),
        listing("users/{resources.posts.words}1/y", "y", include_from_parent=["post"]),
    ),
    child(
        "side by side",
        listing("users/{resources.users.id}/posts", "posts", parallelized=True),
    ),
    child(
        "answers to be ignored",
        listing(
            "users/{resources.users.id}/photos",
            "photos",
            endpoint={"response_actions": [{"status_code": 404, "action": "ignore"}]},
        ),
    ),
    Case(
        "a parent of one's own",
        lambda base: [
            _users_of_mine(),
            listing("users/{resources.people.id}/posts", "posts"),
        ],
        SINGLE,
        is_concurrent=True,
    ),
    Case(
        "a parent that is not loaded",
        [
            listing("users", selected=False),
            listing("users/{resources.users.id}/posts", "posts"),
        ],
        SINGLE,
        is_concurrent=True,
    ),
]

LATE = "2026-01-04T00:00:00Z"
INCREMENTALS = [
    since("a start param", {"start_param": "since", "initial_value": LATE}, **MERGED),
    since(
        "a start and an end",
        {
            "start_param": "since",
            "end_param": "until",
            "initial_value": LATE,
            "end_value": "2026-01-06T00:00:00Z",
        },
        runs=1,
    ),
    since(
        "a placeholder",
        {"initial_value": LATE},
        params={"since": "{incremental.start_value}", "first": "{incremental.initial_value}"},
    ),
    since(
        "values converted",
        {"start_param": "since", "initial_value": LATE, "convert": lambda value: value[:10]},
    ),
    since("a lag", {"start_param": "since", "initial_value": LATE, "lag": 86400.0}, **MERGED),
    since("oldest first", {"start_param": "since", "initial_value": LATE, "row_order": "asc"}),
    since("the least value", {"cursor_path": "id", "last_value_func": "min", "initial_value": 5}),
    since("known by a key of its own", {"start_param": "since", "primary_key": "name"}),
    since("an open range", {"start_param": "since", "initial_value": LATE, "range_start": "open"}),
    since(
        "a closed range",
        {
            "start_param": "since",
            "initial_value": LATE,
            "end_value": "2026-01-06T00:00:00Z",
            "range_end": "closed",
        },
        runs=1,
    ),
    since("none outside", {"start_param": "since", "allow_external_schedulers": False}),
    *(
        Case(
            f"rows without the key: {choice}",
            [
                listing(
                    "holes",
                    endpoint={
                        **DATA,
                        "incremental": {"cursor_path": "at", "on_cursor_value_missing": choice},
                    },
                )
            ],
            SINGLE,
        )
        for choice in ("include", "exclude")
    ),
    Case(
        "a param that is incremental",
        [
            listing(
                "since",
                endpoint={
                    **DATA,
                    "params": {
                        "since": {
                            "type": "incremental",
                            "cursor_path": "updated_at",
                            "initial_value": LATE,
                            "last_value_func": "max",
                            "primary_key": "id",
                            "row_order": "asc",
                            "lag": 0,
                            "range_start": "closed",
                            "range_end": "open",
                            "on_cursor_value_missing": "raise",
                            "allow_external_schedulers": False,
                            "convert": lambda value: value[:10],
                        }
                    },
                },
            )
        ],
        SINGLE,
        runs=2,
    ),
    Case(
        "an incremental object as a param",
        lambda base: [
            listing(
                "since",
                endpoint={
                    **DATA,
                    "params": {"since": dlt.sources.incremental("updated_at", initial_value=LATE)},
                },
            )
        ],
        SINGLE,
        runs=2,
    ),
]

ACTIONS = [
    Case(name, [listing(path, endpoint={"response_actions": actions, **SINGLE})])
    for name, path, actions in (
        ("a status ignored", "nowhere", [{"status_code": 404, "action": "ignore"}]),
        ("a text ignored", "quota", [{"content": "quota exceeded", "action": "ignore"}]),
        (
            "a status with a text ignored",
            "nowhere",
            [{"status_code": 404, "content": "not found", "action": "ignore"}],
        ),
        ("an action that does not apply", "plain", [{"status_code": 404, "action": "ignore"}]),
        ("a function changes the answer", "plain", [{"status_code": 200, "action": without_names}]),
        ("several functions", "plain", [{"status_code": 200, "action": [nothing, without_names]}]),
        ("a function alone", "plain", [without_names]),
    )
]

STEPS = [
    Case(name, [listing("plain", processing_steps=steps)], SINGLE)
    for name, steps in {
        "rows filtered": [{"filter": lambda row: row["id"] > 2}],
        "rows mapped": [{"map": lambda row: {**row, "name": row["name"].upper()}}],
        "rows made of rows": [{"yield_map": doubled}],
        "one step after the other": [
            {"filter": lambda row: row["id"] % 2 == 1},
            {"map": lambda row: {"id": row["id"]}},
            {"yield_map": doubled},
        ],
    }.items()
]

HINTS = [
    hinted("merged by a key", **MERGED),
    hinted("merged by a key of the group", merge_key="name", write_disposition="merge"),
    hinted("replaced", write_disposition="replace"),
    hinted("appended", write_disposition="append"),
    hinted(
        "upserted",
        primary_key="id",
        write_disposition={"disposition": "merge", "strategy": "upsert"},
    ),
    hinted("another name", table_name="others"),
    hinted("a name by the row", table_name=lambda row: row["group"]["label"]),
    hinted("flat", max_table_nesting=0),
    hinted("as parquet", file_format="parquet"),
    hinted("as the destination has it", table_format="native"),
    hinted("no new columns", schema_contract={"columns": "discard_value"}),
    hinted(
        "a reference",
        references=[{"columns": ["id"], "referenced_table": "users", "referenced_columns": ["id"]}],
    ),
    hinted(
        "hints for nested tables",
        nested_hints={"tags": {"columns": {"value": {"name": "value", "data_type": "text"}}}},
    ),
    hinted("typed columns", columns=[{"name": "id", "data_type": "text"}]),
    hinted("extracted in parallel", parallelized=True),
]

WRONG = [
    Case("no such key", [listing("plain", endpoint={"pramas": {}})], SINGLE),
    Case("no such paginator", ["plain"], {"paginator": "pages"}),
    Case("no such authentication", ["plain"], {"auth": {"type": "magic", "token": "x"}}),
    Case("no such method", [listing("plain", endpoint={"method": "FETCH"})], SINGLE),
    Case("a param that is missing in the path", [listing("users/{n}", "u")], SINGLE),
    Case("a parent that is not there", [listing("x/{resources.nobody.id}", "x")], SINGLE),
    Case(
        "two parents",
        ["users", "plain", listing("{resources.users.id}/{resources.plain.id}", "x")],
        SINGLE,
    ),
    Case("fields of no parent", [listing("plain", include_from_parent=["id"])], SINGLE),
    Case(
        "a resolved param that is not in the path",
        [
            "users",
            listing(
                "plain",
                endpoint={"params": {"n": {"type": "resolve", "resource": "users", "field": "id"}}},
            ),
        ],
        SINGLE,
    ),
    Case("one name twice", ["plain", "plain"], SINGLE),
    Case("no placeholder", [listing("plain", endpoint={"params": {"a": "{b}"}})], SINGLE),
    Case("a parent for a nested table only", [listing("plain", parent_table_name="x")], SINGLE),
    Case("an answer of 404", ["nowhere"], SINGLE),
    Case(
        "a status that is not ignored",
        [
            listing(
                "broken", endpoint={"response_actions": [{"status_code": 404, "action": "ignore"}]}
            )
        ],
        SINGLE,
    ),
    Case(
        "an end for a param",
        [
            listing(
                "since",
                endpoint={
                    "params": {
                        "since": {
                            "type": "incremental",
                            "cursor_path": "updated_at",
                            "initial_value": LATE,
                            "end_value": "2026-01-06T00:00:00Z",
                        }
                    }
                },
            )
        ],
        SINGLE,
    ),
    since("a scheduler that is not there", {"allow_external_schedulers": True}),
    Case(
        "rows without the key of an incremental",
        [listing("holes", endpoint={**DATA, "incremental": {"cursor_path": "at"}})],
        SINGLE,
    ),
    Case("an answer of 500", ["broken"], SINGLE),
    Case("nobody who asks", ["secure"], SINGLE),
    Case(
        "a field that the parent lacks",
        ["users", listing("users/{resources.users.nick}/posts", "posts")],
        SINGLE,
    ),
]

_GROUPS = {
    "rows and requests": [*SELECTORS, *REQUESTS, *ACTIONS, *STEPS],
    "paginators": PAGINATORS,
    "incrementals": INCREMENTALS,
    "tables": HINTS,
}
TOGETHER = {
    f"{name}, {runs} runs": cases
    for name, group in _GROUPS.items()
    for runs in (1, 2)
    if (cases := [case for case in group if fits_a_bundle(case) and case.runs == runs])
}
APART = [
    *(*FORMS, *AUTHS, *DEPENDENTS, *WRONG),
    *(case for group in _GROUPS.values() for case in group if not fits_a_bundle(case)),
]
CASES = [*APART, *(case for cases in TOGETHER.values() for case in cases)]
