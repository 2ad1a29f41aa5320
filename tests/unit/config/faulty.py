"""Configs with one fault each, where it is, and what is to be said of it: the config as a whole."""

from __future__ import annotations

import math
from typing import Any

from .documents import guide, small, with_client, with_paginator


def without(document: dict[str, Any], *path: str | int) -> dict[str, Any]:
    inner: Any = document
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return document


def two(first: object, second: object) -> dict[str, Any]:
    return {**small(), "resources": [first, second]}


def child(endpoint: dict[str, Any]) -> dict[str, Any]:
    return two("parents", {"name": "a", "endpoint": endpoint})


OAUTH2 = {
    "type": "oauth2_client_credentials",
    "access_token_url": "https://login.example.com/token",
    "client_id": "me",
    "client_secret": "hush",
}


def actions(*written: object) -> dict[str, Any]:
    return small({"response_actions": list(written)})


class Unknown:
    """Nothing that dlt would take."""


ITEM = "resources[0]"
ENDPOINT = "resources[0].endpoint"
ACTION = f"{ENDPOINT}.response_actions[0]"
PAGINATOR = "resources[0].endpoint.paginator"

CONFIGS: list[tuple[dict[str, Any], str, list[str]]] = [
    # typos, at each level
    ({**small(), "resorces": []}, "resorces", ["did you mean `resources`"]),
    ({**small(), "zzz": 1}, "zzz", ["known: `client`, `resource_defaults`, `resources`"]),
    (with_client(base_ulr="x"), "client.base_ulr", ["did you mean `base_url`"]),
    (with_client(auth={"tokne": "x", "token": "y"}), "client.auth.tokne", ["`token`"]),
    (small(None, primry_key="id"), f"{ITEM}.primry_key", ["did you mean `primary_key`"]),
    (small({"methud": "GET"}), f"{ENDPOINT}.methud", ["did you mean `method`"]),
    *(
        (with_client(allowed_hosts=[host]), "client.allowed_hosts[0]", ["a host alone", "8443"])
        for host in (
            *("https://files.example.com", "files.example.com/x", "me@files.example.com"),
            *("*.example.com", "files.example.com:0", "files.example.com:x", "a b", "[::1", ""),
        )
    ),
    (
        with_paginator(type="cursor", stop_conditon="rows == 0"),
        f"{PAGINATOR}.stop_conditon",
        ["did you mean `stop_condition`"],
    ),
    (
        with_paginator(type="single_page", qqq=1),
        f"{PAGINATOR}.qqq",
        ["is not a key here; known: `max_pages`, `stop_condition`, `type`"],
    ),
    (
        {**small(), "resource_defaults": {"endpoint": {"parms": {}}}},
        "resource_defaults.endpoint.parms",
        ["did you mean `params`"],
    ),
    ({**small(), "pipeline": {"dataset_name": "x"}}, "pipeline.dataset_name", ["`dataset`"]),
    (
        small(None, columns={"a": {"nulable": True}}),
        f"{ITEM}.columns.a.nulable",
        ["did you mean `nullable`"],
    ),
    (
        small(None, nested_hints={"t": {"merge_kye": "x"}}),
        f"{ITEM}.nested_hints.t.merge_kye",
        ["did you mean `merge_key`"],
    ),
    # what is missing
    ({"resources": ["x"]}, "client", ["is missing", "base_url"]),
    (without(guide(), "client", "base_url"), "client.base_url", ["is missing", "https://"]),
    (with_client(base_url=None), "client.base_url", ["is missing"]),
    (without(small(), "resources"), "resources", ["is missing"]),
    ({**small(), "resources": []}, "resources", ["is empty"]),
    ({**small(), "resources": "executions"}, "resources", ["expected a list; got `executions`"]),
    ({**small(), "resources": {"name": "x"}}, "resources", ["expected a list; got a mapping"]),
    ({**small(), "resources": [{"endpoint": "x"}]}, f"{ITEM}.name", ["is missing"]),
    ({**small(), "resources": [None]}, ITEM, ["expected text or a mapping; got nothing"]),
    ({**small(), "resources": [3]}, ITEM, ["expected text or a mapping; got `3`"]),
    ({**small(), "resources": [Unknown()]}, ITEM, ["dlt resource", "(Unknown)"]),
    (small(None, name=None), f"{ITEM}.name", ["is missing"]),
    (small(None, name=""), f"{ITEM}.name", ["must not be empty"]),
    (small(None, name=7), f"{ITEM}.name", ["expected text; got `7`"]),
    (small(None, name=len), f"{ITEM}.name", ["expected text; got a Python object"]),
    (
        without(guide(), "client", "auth", "api_key"),
        "client.auth.api_key",
        ["is missing", "${NAME} in a file", "dlt.secrets[...]"],
    ),
    (with_client(auth={"type": "bearer"}), "client.auth.token", ["is missing", "${NAME}"]),
    (with_client(auth={"token": ""}), "client.auth.token", ["is empty", "${NAME}"]),
    (with_client(auth={"token": "a\n"}), "client.auth.token", ["line break"]),
    (
        with_client(auth={"name": "X", "api_key": "k"}),
        "client.auth",
        ["has no `type`", "did you mean `type: api_key`?"],
    ),
    (
        small({"auth": {"username": "a", "password": "b"}}),
        f"{ENDPOINT}.auth",
        ["did you mean `type: http_basic`?"],
    ),
    (
        with_client(auth={"type": "api_key", "name": "X KEY:", "api_key": "k"}),
        "client.auth.name",
        ["is no name of a header"],
    ),
    (with_client(headers={"X Y": "a"}), "client.headers['X Y']", ["is no name of a header"]),
    (small({"headers": {"": "a"}}), f"{ENDPOINT}.headers['']", ["is no name of a header"]),
    (
        with_client(auth="bearer"),
        "client.auth.token",
        ["is missing", "${NAME}", "[sources.rest_api.credentials] in .dlt/secrets.toml"],
    ),
    (with_client(auth="digest"), "client.auth", ["not known", "`http_basic`"]),
    # wrong values and types
    (with_client(base_url="api.example.com"), "client.base_url", ["https:// or http://"]),
    (with_client(base_url="ftp://example.com"), "client.base_url", ["https:// or http://"]),
    (with_client(base_url="https://"), "client.base_url", ["no valid host"]),
    (with_client(base_url="https://a b"), "client.base_url", ["no valid host"]),
    (with_client(base_url="http://[::1"), "client.base_url", ["no valid host"]),
    (with_client(base_url="https://a.b/c?key=x"), "client.base_url", ["goes under `params`"]),
    (with_client(base_url="https://a.b/#c"), "client.base_url", ["must end with its path"]),
    (with_client(base_url="http://a:b"), "client.base_url", ["no valid host"]),
    (with_client(timeout="soon"), "client.timeout", ["expected a number; got `soon`"]),
    (with_client(timeout=0), "client.timeout", ["must be more than 0; got `0`"]),
    (with_client(timeout=True), "client.timeout", ["expected a number, not true or false"]),
    (with_client(concurrency=0), "client.concurrency", ["must be at least 1; got `0`"]),
    (with_client(headers=["x"]), "client.headers", ["expected a mapping; got a list"]),
    (with_client(headers={"X": "a\nb"}), "client.headers.X", ["line break"]),
    (with_client(headers={3: "x"}), "client.headers[3]", ["a key must be text"]),
    (small([]), ENDPOINT, ["expected text or a mapping; got a list"]),
    (small({"method": "FETCH"}), f"{ENDPOINT}.method", ["`FETCH` is not known", "`PATCH`"]),
    (small({"params": [1]}), f"{ENDPOINT}.params", ["expected a mapping; got a list"]),
    (
        small({"params": {"a": {"type": "resolv", "resource": "b", "field": "c"}}}),
        f"{ENDPOINT}.params.a",
        ["did you mean `type: resolve`", "sent as JSON"],
    ),
    (
        small({"params": {"a": {"cursor_path": "b", "initial_value": 1}}}),
        f"{ENDPOINT}.params.a",
        ["did you mean `type: incremental`"],
    ),
    (small({"params": {"a": {"b": [math.nan]}}}), f"{ENDPOINT}.params.a", ["holds NaN"]),
    (small({"params": {"a": {"b": "{c}"}}}), f"{ENDPOINT}.params.a.b", ["no placeholder"]),
    (small({"params": {"a": '{"b": "{c}"}'}}), f"{ENDPOINT}.params.a", ["no placeholder"]),
    (small({"params": {"a": '{"b": 1'}}), f"{ENDPOINT}.params.a", ["without its partner"]),
    (small({"data_selector": "a["}), f"{ENDPOINT}.data_selector", ["not a JSONPath"]),
    (small({"data_selector": 3}), f"{ENDPOINT}.data_selector", ["expected a JSONPath"]),
    (with_paginator(type="cursor", cursor_path="a..["), f"{PAGINATOR}.cursor_path", ["JSONPath"]),
    (
        with_paginator(type="cursor", has_more_path="$["),
        f"{PAGINATOR}.has_more_path",
        ["JSONPath"],
    ),
    (
        with_paginator(type="cursr"),
        f"{PAGINATOR}.type",
        ["`cursr` is not known", "did you mean `cursor`", "`single_page`"],
    ),
    (small({"paginator": "singel_page"}), PAGINATOR, ["did you mean `single_page`"]),
    (small({"paginator": 3}), PAGINATOR, ["expected text or a mapping; got `3`"]),
    (with_paginator(cursor_path="x"), PAGINATOR, ["has no `type`", "`type: cursor`"]),
    (with_paginator(type="cursor", limit=0), f"{PAGINATOR}.limit", ["at least 1; got `0`"]),
    (with_paginator(type="cursor", limit=1.5), f"{PAGINATOR}.limit", ["a whole number"]),
    (with_paginator(type="cursor", limit="many"), f"{PAGINATOR}.limit", ["a whole number"]),
    (with_paginator(type="cursor", max_pages=0), f"{PAGINATOR}.max_pages", ["at least 1"]),
    (
        with_paginator(type="cursor", cursor_param="a", cursor_body_path="b"),
        f"{PAGINATOR}.cursor_body_path",
        ["either `cursor_param` or `cursor_body_path`"],
    ),
    (
        with_paginator(type="cursor", stop_condition="resp == 1"),
        f"{PAGINATOR}.stop_condition",
        ["`resp` is not a known name", "did you mean `response`"],
    ),
    (
        with_paginator(type="cursor", stop_condition="not response.get("),
        f"{PAGINATOR}.stop_condition",
        ["cannot be read", "at character"],
    ),
    (with_paginator(type="cursor", stop_condition=1), f"{PAGINATOR}.stop_condition", ["as text"]),
    (with_client(auth={"type": "digest"}), "client.auth.type", ["not known", "`http_basic`"]),
    (with_client(auth=5), "client.auth", ["expected text or a mapping; got a number"]),
    (
        with_client(auth={"type": "api_key", "api_key": "k", "location": "body"}),
        "client.auth.location",
        ["this text is not known", "`header`"],
    ),
    (small({"json": {}, "data": "x"}), f"{ENDPOINT}.data", ["either `json` or `data`"]),
    (
        {**small({"data": "x"}), "resource_defaults": {"endpoint": {"json": {"a": 1}}}},
        f"{ENDPOINT}.data",
        ["either `json` or `data`"],
    ),
    (small({"path": "a/{id}"}), f"{ENDPOINT}.path", ["`{id}` needs a param", "is empty"]),
    (
        small({"path": "a/{idd}", "params": {"id": 1}}),
        f"{ENDPOINT}.path",
        ["`{idd}` needs a param", "`params` has: `id`"],
    ),
    (small({"path": "a/{id"}), f"{ENDPOINT}.path", ["without its partner"]),
    (
        small(None, write_disposition="upsert"),
        f"{ITEM}.write_disposition",
        ["`upsert` is not known", "`merge`"],
    ),
    (
        small(None, write_disposition={"disposition": "mrge"}),
        f"{ITEM}.write_disposition.disposition",
        ["did you mean `merge`"],
    ),
    (
        small(None, columns={"a": {"data_type": "integer"}}),
        f"{ITEM}.columns.a.data_type",
        ["`integer` is not known", "`bigint`"],
    ),
    (small(None, columns=[{"data_type": "text"}]), f"{ITEM}.columns[0].name", ["is missing"]),
    (small(None, primary_key=3), f"{ITEM}.primary_key", ["expected text or a list"]),
    (small(None, selected="perhaps"), f"{ITEM}.selected", ["expected true or false"]),
    (small(None, max_table_nesting="x"), f"{ITEM}.max_table_nesting", ["a whole number"]),
    ({**small(), "pipeline": {"row_ids": 7}}, "pipeline.row_ids", ["expected true or false"]),
]
