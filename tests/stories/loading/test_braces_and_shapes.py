"""Braces that are no placeholders, and rows that are no objects: what the docs say works."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from headrace import ConfigError, rest_api_source, sync
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse


def asking(server: JsonServer, **endpoint: Any) -> dict[str, Any]:
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{"name": "items", "endpoint": endpoint}],
    }


def test_doubled_braces_are_sent_once(server: JsonServer) -> None:
    server.answers([])
    doubled, sent = '{{"open": {{"is": true}}}}', '{"open": {"is": true}}'
    document = asking(
        server,
        method="POST",
        params={"filter": doubled},
        headers={"X-Filter": doubled},
        json={"filter": doubled, "as_it_is": {"open": True}},
    )
    assert list(rest_api_source(document).items) == []
    (asked,) = server.asked
    assert asked.query["filter"] == asked.headers["X-Filter"] == sent
    assert json.loads(asked.body) == {"filter": sent, "as_it_is": {"open": True}}


@pytest.mark.parametrize("text", ['{"open": true', "{ users { id } }", "{users}", "}", "a {{ }"])
@pytest.mark.parametrize("key", ["params", "headers", "json", "data"])
def test_single_braces_are_refused_with_the_way_out(
    server: JsonServer, key: str, text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        rest_api_source(asking(server, method="POST", **{key: {"query": text}}))
    told = str(caught.value)
    assert f"resources[0].endpoint.{key}.query: " in told
    assert "for a literal brace write `{{` or `}}`; a GraphQL query goes under" in told


def test_rows_that_are_lists_become_objects_by_the_function_of_the_docs(
    server: JsonServer,
) -> None:
    def as_objects(response: requests.Response) -> None:
        answer = response.json()
        answer["rows"] = [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
        response._content = json.dumps(answer).encode()

    server.answers({"columns": ["id", "name"], "rows": [[1, "one"], [2, "two"]]})
    document = asking(server, data_selector="rows", response_actions=[as_objects])
    rows = list(rest_api_source(document).items)
    assert rows == [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]


def test_lists_of_rows_in_a_list_are_taken_by_two_stars(server: JsonServer) -> None:
    server.answers({"data": [[{"id": 1}, {"id": 2}], [{"id": 3}]]})
    document = asking(server, data_selector="data[*][*]")
    assert list(rest_api_source(document).items) == [{"id": 1}, {"id": 2}, {"id": 3}]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"data": [["x", 1], ["y", 2]]}, "a list"),
        ({"data": ["x", "y"]}, "a text"),
        ({"data": [None, None]}, "null"),
        ({"data": [1.5, 2]}, "a number"),
    ],
)
def test_what_is_no_object_says_what_it_is(
    server: JsonServer, warehouse: Warehouse, answer: Any, kind: str
) -> None:
    server.answers(answer)
    report = sync(warehouse.pipeline(), rest_api_source(asking(server, data_selector="data")))
    where = "see that `data_selector` leads to a list of objects"
    assert report.figures.reasons == {f"it is no object, but {kind}: {where}": 2}
