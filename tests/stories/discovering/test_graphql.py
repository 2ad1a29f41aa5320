"""A query in GraphQL becomes a config of all its rows, or says what is not known."""

from __future__ import annotations

import json
from typing import Any

import pytest

import headrace
from tests.support.servers import Answer, Asked, JsonServer

ROWS = [{"id": f"o{number}", "name": f"n{number}"} for number in range(1, 101)]
QUERY = """
query ($first: Int, $after: String) {
  orders(first: $first, after: $after) {
    edges { node { id name } }
    pageInfo { endCursor hasNextPage }
  }
}
"""


def orders(asked: Asked) -> Answer:
    """Answers as a GraphQL server does: it knows its variables, and no others."""
    body = json.loads(asked.body)
    variables = body.get("variables") or {}
    if set(variables) - {"first", "after", "page"}:
        return Answer({"errors": [{"message": "unknown variable"}]})
    at = int(variables.get("after") or 40 * body["query"].count("written"))
    size = min(variables.get("first") or 20, 40)
    page = ROWS[at : at + size]
    info = {"endCursor": str(at + size), "hasNextPage": at + size < len(ROWS)}
    edges = [{"node": each} for each in page]
    return Answer({"data": {"orders": {"edges": edges, "pageInfo": info}}})


def found_by(server: JsonServer, query: str, variables: dict[str, Any]) -> headrace.Discovery:
    server.handler = orders
    body = {"query": query, "variables": variables}
    return headrace.discover(f"{server.base_url}/graphql", method="POST", json=body)


@pytest.mark.parametrize(
    "variables",
    [{"first": 20}, {"first": 30, "after": None}, {"after": "40"}, {"first": 20, "after": "80"}],
    ids=str,
)
def test_all_rows_are_loaded(variables: dict[str, Any], server: JsonServer) -> None:
    found = found_by(server, QUERY, variables)
    assert found.is_proven
    assert len(found.requests) <= 6
    assert found.config["resources"][0]["primary_key"] == "id"
    rows = headrace.read(found.config, "orders")
    assert sum(batch.num_rows for batch in rows) == len(ROWS)


@pytest.mark.parametrize(
    ("query", "variables", "told"),
    [
        ("{ orders { edges { node { id name } } } }", {}, "asks for no `pageInfo"),
        (QUERY.replace("after: $after", 'after: "written"'), {}, "after of the query"),
        (QUERY.replace("after", "page").replace("String", "Int"), {"page": 3}, "page of the query"),
        (QUERY.replace(", after: $after", ""), {"first": 20}, "takes no cursor"),
    ],
)
def test_what_is_not_proven_is_not_run(
    query: str, variables: dict[str, Any], told: str, server: JsonServer
) -> None:
    found = found_by(server, query, variables)
    assert not found.is_proven
    assert told in found.text


def test_a_query_that_does_not_ask_for_its_cursor_is_told_how(server: JsonServer) -> None:
    query = QUERY.replace("pageInfo { endCursor hasNextPage }", "")
    with pytest.raises(headrace.ConfigError, match="does not ask for the next one"):
        found_by(server, query, {})
    assert not server.asked


def test_a_mutation_is_not_asked(server: JsonServer) -> None:
    with pytest.raises(headrace.ConfigError, match="mutation"):
        found_by(server, "mutation { drop(id: 1) { id } }", {})
    assert not server.asked
