"""What is said of a wrong config: each fault, at its key."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.paginators import SinglePagePaginator
from hypothesis import given
from hypothesis import strategies as st

from headrace.config import parse_config
from headrace.core.exceptions import ConfigError

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

BROKEN: list[tuple[dict[str, Any], str, list[str]]] = [
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
        ["is not a key here; known: `max_pages`, `type`"],
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
    (small({"params": {"a": {"b": 1}}}), f"{ENDPOINT}.params.a", ["`type: resolve`"]),
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
    # paginators
    (small({"paginator": Unknown()}), PAGINATOR, ["is no paginator", "`BasePaginator`"]),
    (small({"paginator": SinglePagePaginator}), PAGINATOR, ["`SinglePagePaginator()`"]),
    (small({"paginator": "offset"}), PAGINATOR, ["needs a `limit`", "{type: offset, limit: 100}"]),
    (with_paginator(type="offset"), f"{PAGINATOR}.limit", ["is missing"]),
    (
        with_paginator(type="offset", limit=1, offset_param="a", offset_body_path="b"),
        f"{PAGINATOR}.offset_body_path",
        ["either `offset_param` or `offset_body_path`"],
    ),
    (
        with_paginator(type="offset", limit=1, limit_param="a", limit_body_path="b"),
        f"{PAGINATOR}.limit_body_path",
        ["either `limit_param` or `limit_body_path`"],
    ),
    (
        with_paginator(type="page_number", page_param="a", page_body_path="b"),
        f"{PAGINATOR}.page_body_path",
        ["either `page_param` or `page_body_path`"],
    ),
    (
        with_paginator(type="page_number", total_path=None, stop_after_empty_page=False),
        f"{PAGINATOR}.stop_after_empty_page",
        ["the listing has no end", "`maximum_page`"],
    ),
    (
        with_client(
            paginator={
                **{"type": "offset", "limit": 1, "total_path": None},
                "stop_after_empty_page": "false",
            }
        ),
        "client.paginator.stop_after_empty_page",
        ["the listing has no end", "`maximum_offset`"],
    ),
    (with_paginator(type="page_number", page_param=""), f"{PAGINATOR}.page_param", ["not be"]),
    (with_paginator(type="header_cursor", cursor_key="a b"), f"{PAGINATOR}.cursor_key", ["header"]),
    # names
    (two("a", {"name": "a"}), "resources[1].name", ["resources[0] has this name already"]),
    (two({"name": "a"}, "a"), "resources[1]", ["resources[0] has this name already"]),
    (
        with_client(auth={**OAUTH2, "access_token_url": "login.example.com/token"}),
        "client.auth.access_token_url",
        ["must be a whole URL", "https://"],
    ),
    (
        with_client(auth={**OAUTH2, "client_secret": None}),
        "client.auth.client_secret",
        ["is missing: the client's secret"],
    ),
    (with_client(auth={**OAUTH2, "scope": "read"}), "client.auth.scope", ["is not a key here"]),
    (
        with_client(auth={**OAUTH2, "default_token_expiration": 0}),
        "client.auth.default_token_expiration",
        ["at least 1"],
    ),
    (
        with_client(auth={**OAUTH2, "session": Unknown()}),
        "client.auth.session",
        ["expected a requests.Session"],
    ),
    (with_client(auth=Unknown()), "client.auth", ["AuthConfigBase", "AuthBase", "(Unknown)"]),
    (small({"auth": Unknown()}), f"{ENDPOINT}.auth", ["AuthConfigBase", "(Unknown)"]),
    (with_client(session=Unknown()), "client.session", ["expected a requests.Session"]),
    # dependent resources
    (
        child({"params": {"p": {"type": "resolve", "resource": "parents", "field": "b"}}}),
        "resources[1].endpoint.params.p",
        ["is not named in the path", "`{p}`", "`{resources.parents.b}`"],
    ),
    (
        child({"path": "a/{p}", "params": {"p": {"type": "resolve", "field": "b"}}}),
        "resources[1].endpoint.params.p",
        ["needs `resource`"],
    ),
    (
        child(
            {
                "path": "a/{p}",
                "params": {
                    "p": {"type": "resolve", "resource": "parents", "field": "b", "fields": 1}
                },
            }
        ),
        "resources[1].endpoint.params.p.fields",
        ["keys: `type`, `resource`, `field`"],
    ),
    (
        two("parents", {"name": "a", "endpoint": "a/{resources.parent.id}"}),
        "resources[1]",
        ["depends on `parent`, which is no resource", "did you mean `parents`?"],
    ),
    (
        two("b", {"name": "a", "endpoint": "{resources.zzz.id}"}),
        "resources[1]",
        ["depends on `zzz`", "there are: `b`, `a`"],
    ),
    (
        two(
            {"name": "b", "endpoint": "{resources.a.x}"},
            {"name": "a", "endpoint": "{resources.b.x}"},
        ),
        "resources[0]",
        ["waits for itself", "`b`, `a`"],
    ),
    (small({"path": "a/{resources.items.id}"}), ITEM, ["waits for itself"]),
    (
        {
            **small(),
            "resources": ["a", "b", {"name": "c", "endpoint": "{resources.a.x}/{resources.b.x}"}],
        },
        "resources[2]",
        ["depends on `a`, `b`", "one parent only"],
    ),
    (small({"path": "a/{resources.b}"}), f"{ENDPOINT}.path", ["names no field of a parent"]),
    (small({"path": "a/{resources.b.$$}"}), f"{ENDPOINT}.path", ["`$$` is no JSONPath"]),
    (small({"path": "a/{incremental.start_value}"}), f"{ENDPOINT}.path", ["needs `endpoint.incr"]),
    (small({"params": {"p": "{x}"}}), f"{ENDPOINT}.params.p", ["no placeholder", "write `{{` or"]),
    (small({"json": {"p": ["{x}"]}}), f"{ENDPOINT}.json.p[0]", ["no placeholder"]),
    (small({"json": {"{x}": 1}}), f"{ENDPOINT}.json", ["no placeholder"]),
    (small({"data": "{x}"}), f"{ENDPOINT}.data", ["no placeholder"]),
    (small({"headers": {"p": "{x}"}}), f"{ENDPOINT}.headers.p", ["no placeholder"]),
    (small({"headers": {"p": "{"}}), f"{ENDPOINT}.headers.p", ["without its partner"]),
    (small(None, include_from_parent=["id"]), f"{ITEM}.include_from_parent", ["needs a parent"]),
    (
        two(
            {
                "name": "runs",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"incremental": {"cursor_path": "id", "row_order": "desc"}},
            },
            {
                "name": "steps",
                "write_disposition": "replace",
                "endpoint": "runs/{resources.runs.id}/steps",
            },
        ),
        "resources[1].write_disposition",
        ["the latest rows of `runs`", "use `merge` or `append`"],
    ),
    (
        two(
            "b",
            {
                "name": "a",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {
                    "path": "{resources.b.id}/a",
                    "incremental": {"cursor_path": "id", "row_order": "desc"},
                },
            },
        ),
        "resources[1].endpoint.incremental",
        ["listed anew for each row of its parent"],
    ),
    # response actions
    (
        actions({"status_code": 404, "action": "ingore"}),
        f"{ACTION}.action",
        ["`ingore` is not known", "did you mean `ignore`?"],
    ),
    (actions({"action": "ignore"}), ACTION, ["says not when", "`status_code` or `content`"]),
    (actions({"status_code": 404}), f"{ACTION}.action", ["is missing", "`fail` or `retry`"]),
    (
        actions({"status_code": "4xx", "action": "ignore"}),
        f"{ACTION}.status_code",
        ["number of an HTTP status, for example 404"],
    ),
    (actions({"status_code": 1, "action": "fail"}), f"{ACTION}.status_code", ["HTTP status"]),
    (actions({"content": 4, "action": "fail"}), f"{ACTION}.content", ["expected text"]),
    (actions({"action": []}), f"{ACTION}.action", ["list at least one function"]),
    (actions({"action": ["ignore"]}), f"{ACTION}.action[0]", ["expected a Python function"]),
    (actions({"action": 3}), f"{ACTION}.action", ["expected text or a list; got `3`"]),
    (actions(object()), ACTION, ["expected a Python function"]),
    (actions("ignore"), ACTION, ["expected a mapping; got `ignore`"]),
    # hints
    (
        small(None, processing_steps=[{"map": "len"}]),
        f"{ITEM}.processing_steps[0].map",
        ["expected a Python function"],
    ),
    (
        small(None, processing_steps=[{"fliter": len}]),
        f"{ITEM}.processing_steps[0].fliter",
        ["did you mean `filter`?"],
    ),
    (small(None, parent_table_name="t"), f"{ITEM}.parent_table_name", ["under `nested_hints`"]),
    (
        small(None, primary_key=lambda row: "id"),
        f"{ITEM}.primary_key",
        ["is a function", "`table_name`"],
    ),
    (small(None, name=lambda row: "a"), f"{ITEM}.name", ["expected text; got a Python object"]),
]


@pytest.mark.parametrize(
    ("document", "path", "phrases"), BROKEN, ids=[f"{path}: {said[0]}" for _, path, said in BROKEN]
)
def test_one_fault(document: dict[str, Any], path: str, phrases: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    (fault,) = caught.value.faults
    assert fault.path == path
    for phrase in phrases:
        assert phrase in fault.message
    assert "<" not in str(fault), "none of pydantic's insides"


def test_all_faults_at_once_in_the_order_of_the_config() -> None:
    document: dict[str, Any] = {
        "client": {"base_url": "x", "auth": {"type": "api_key"}, "timeout": -1},
        "resources": [
            {"name": "a", "endpoint": {"paginator": {"type": "cursor", "limt": 1, "limit": 0}}},
            {"name": "a", "endpoint": {"incremental": {"x": 1}, "data_selector": "["}},
            {"endpoint": {"path": "{b}"}, "write_disposition": "x"},
        ],
        "pipline": {},
    }
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert [fault.path for fault in caught.value.faults] == [
        "client.base_url",
        "client.auth.api_key",
        "client.timeout",
        "resources[0].endpoint.paginator.limt",
        "resources[0].endpoint.paginator.limit",
        "resources[1].name",
        "resources[1].endpoint.incremental.x",
        "resources[1].endpoint.incremental.cursor_path",
        "resources[1].endpoint.data_selector",
        "resources[2].endpoint.path",
        "resources[2].write_disposition",
        "resources[2].name",
        "pipline",
    ]
    assert "13 faults" in str(caught.value)


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        (with_client(retry={"max_atempts": 3}), ["client.retry.max_atempts"]),
        (
            with_client(auth={"type": "oauth2_client_credentials", "cliant_id": "x"}),
            [
                "client.auth.cliant_id",
                *(
                    f"client.auth.{key}"
                    for key in ("access_token_url", "client_id", "client_secret")
                ),
            ],
        ),
    ],
)
def test_all_faults_of_one_mapping_are_told(document: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert [fault.path for fault in caught.value.faults] == paths


@pytest.mark.parametrize("document", [None, 3, [], "x"])
def test_a_config_that_is_no_mapping(document: Any) -> None:
    with pytest.raises(ConfigError, match="expected a mapping"):
        parse_config(document)


def test_a_fault_in_the_defaults_is_told_once() -> None:
    document = {**two("a", "b"), "resource_defaults": {"endpoint": {"paginator": "offset"}}}
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert [fault.path for fault in caught.value.faults] == ["resource_defaults.endpoint.paginator"]


ANYTHING = st.recursive(
    st.none()
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.text(max_size=8)
    | st.builds(object)
    | st.sampled_from(["{x}", "{", "cursor", "auto", "bearer", "$[", "a[?("]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(
            st.text(max_size=3)
            | st.integers()
            | st.sampled_from(["type", "name", "endpoint", "path", "params", "columns"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(st.data())
def test_anything_anywhere_is_a_config_or_a_config_error(data: st.DataObject) -> None:
    document = guide()
    document["resources"].append({"name": "b", "columns": [{"name": "a"}], "nested_hints": {}})
    document["resource_defaults"] |= {"columns": {"a": {}}, "endpoint": {"params": {"x": 1}}}
    path = data.draw(st.sampled_from(_all_paths(document)))
    inner: Any = document
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = data.draw(ANYTHING)
    with contextlib.suppress(ConfigError):
        parse_config(document)


def _all_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [
            found
            for key, inner in pairs
            for found in [(*path, key), *_all_paths(inner, (*path, key))]
        ]
    return []
