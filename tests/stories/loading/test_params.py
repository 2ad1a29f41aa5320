"""Query parameters that are more than a text: as JSON, repeated, left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from headrace import rest_api_source
from headrace.config.format.placeholders import with_json_texts
from headrace.reading.request_template import RequestTemplate
from tests.support.command_line import headrace
from tests.support.servers import Answer, Asked, JsonServer

SEARCH = {"parent": [{"operator": "EMPTY"}], "ö": ['"', True, None, 1.5]}
COMPACT = '{"parent":[{"operator":"EMPTY"}],"ö":["\\"",true,null,1.5]}'


def config(server: JsonServer, **endpoint: Any) -> dict[str, Any]:
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{"name": "items", "endpoint": endpoint}],
    }


def sent(asked: Asked) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(asked.target).query, keep_blank_values=True)


def params_sent(server: JsonServer, params: dict[str, Any]) -> list[tuple[str, str]]:
    server.answers([{"id": 1}])
    assert len(list(rest_api_source(config(server, params=params)).items)) == 1
    return sent(server.asked[-1])


def test_a_mapping_is_sent_as_json_and_a_list_repeated(server: JsonServer) -> None:
    params = {"q": SEARCH, "ids": [1, 2], "f": [{"a": 1}, {"b": {}}], "none": None, "last": "x"}
    assert params_sent(server, params) == [
        ("q", COMPACT),
        *(("ids", "1"), ("ids", "2")),
        *(("f", '{"a":1}'), ("f", '{"b":{}}')),
        ("last", "x"),
    ]
    target = server.asked[0].target
    assert target.startswith("/items?q=%7B%22parent%22%3A%5B%7B%22operator")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{"open": true}', '{"open": true}'),
        ('[{"a": "}"}, {}]', '[{"a": "}"}, {}]'),
        ('{{"open": true}}', '{"open": true}'),
        ('{"a": {"b": 1.10}}', '{"a": {"b": 1.10}}'),
        ("[1, 2]", "[1, 2]"),
    ],
)
@pytest.mark.parametrize("key", ["params", "headers", "data"])
def test_a_text_that_is_json_is_sent_as_it_is(
    server: JsonServer, key: str, written: str, expected: str
) -> None:
    server.answers([])
    list(rest_api_source(config(server, method="POST", **{key: {"X-Q": written}})).items)
    (asked,) = server.asked
    found = {
        "params": asked.query.get("X-Q"),
        "headers": asked.headers.get("X-Q"),
        "data": dict(parse_qsl(asked.body.decode())).get("X-Q"),
    }
    assert found[key] == expected


def test_a_body_that_is_json_in_a_text(server: JsonServer) -> None:
    server.answers([])
    body = '{"query": "{ users { id } }"}'
    list(rest_api_source(config(server, method="POST", data=body)).items)
    assert server.asked[0].body.decode() == body


def test_placeholders_in_json_are_filled(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer([{"id": 7, "name": 'a "b"'}] if asked.path == "/parents" else [{"x": 1}])

    server.handler = answer
    name, number = "{resources.parents.name}", "{resources.parents.id}"
    document = config(
        server,
        params={
            "typed": {"n": number, "t": f"<{name}>"},
            "text": f'{{"n": "{number}", "t": "{name}"}}',
            "old": f'{{{{"n": {number}}}}}',
        },
    )
    document["resources"].append("parents")
    assert len(list(rest_api_source(document).items)) == 1
    assert sent(server.asked[-1]) == [
        ("typed", '{"n":7,"t":"<a \\"b\\">"}'),
        ("text", '{"n":"7","t":"a \\"b\\""}'),
        ("old", '{"n": 7}'),
    ]


def test_dlts_own_mappings_stay_what_they_are(server: JsonServer) -> None:
    server.answers([{"id": 3, "at": 5}])
    document = config(
        server,
        path="items/{id}",
        params={
            "id": {"type": "resolve", "resource": "parents", "field": "id"},
            "since": {"type": "incremental", "cursor_path": "at", "initial_value": 4},
            "q": {"type": "filter", "value": 1},
        },
    )
    document["resources"].append("parents")
    list(rest_api_source(document).items)
    assert sent(server.asked[-1]) == [("since", "4"), ("q", '{"type":"filter","value":1}')]
    assert server.asked[-1].path == "/items/3"


@pytest.mark.parametrize(
    "paginator",
    [
        {"type": "offset", "limit": 2, "total_path": None},
        {"type": "json_link", "next_url_path": "next"},
    ],
)
def test_each_page_is_asked_for_with_them(server: JsonServer, paginator: dict[str, Any]) -> None:
    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("offset", 0))
        # Servers link with what they were asked for, and the new offset.
        target = asked.target.partition("&offset=")[0]
        link = f"{server.base_url}{target}&offset={at + 2}" if at < 4 else None
        rows = [{"id": number} for number in range(5)][at : at + 2]
        return Answer({"data": rows, "next": link})

    server.handler = answer
    params = {"q": SEARCH, "ids": [1, 2]}
    document = config(server, params=params, paginator=paginator, data_selector="data")
    assert len(list(rest_api_source(document).items)) == 5
    assert len(server.asked) >= 3
    for asked in server.asked:
        assert [pair for pair in sent(asked) if pair[0] in ("q", "ids")] == [
            ("q", COMPACT),
            ("ids", "1"),
            ("ids", "2"),
        ]


def test_switches_in_a_file_are_those_of_json(server: JsonServer) -> None:
    server.answers([{"id": 1}])
    document = config(server, params={"open": True, "q": {"open": True, "closed": None}})
    Path("shop.yml").write_text(yaml.safe_dump(document, sort_keys=False))
    assert headrace("check", "shop.yml").returncode == 0
    assert sent(server.asked[0]) == [("open", "true"), ("q", '{"open":true,"closed":null}')]


def test_params_of_the_defaults_are_merged_by_name(server: JsonServer) -> None:
    server.answers([{"id": 1}])
    document = config(server, params={"own": {"b": 1}})
    document["resource_defaults"] = {"endpoint": {"params": {"own": {"a": 1}, "other": {"c": 1}}}}
    list(rest_api_source(document).items)
    assert dict(sent(server.asked[0])) == {"own": '{"b":1}', "other": '{"c":1}'}


# In a mapping a brace is one of a placeholder, as in a JSON body.
TEXTS = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, JSON, max_size=4))
def test_any_json_arrives(document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False)
    template = RequestTemplate(
        "GET",
        "x",
        params={
            "mapping": with_json_texts(document, mappings_too=True),
            "text": with_json_texts(text, mappings_too=True),
        },
    )
    params = template.filled({}).params
    assert json.loads(params["mapping"]) == document
    assert params["text"] == text
