"""A GraphQL query as it is pasted: its rows, its pages, its errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace import HeadraceError, PageError, rest_api_source, sync, verify
from tests.support.command_line import headrace
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

QUERY = """
query ($after: String, $since: Int) {
  users(first: 2, after: $after, since: $since) {
    nodes { id }
    pageInfo { endCursor hasNextPage }
  }
}
"""
BY_EDGES = QUERY.replace("nodes { id }", "edges { cursor node { id } }")
NUMBERS = list(range(1, 6))


def page(numbers: list[int], variables: dict[str, Any], query: str) -> dict[str, Any]:
    """A connection of users, those beyond `since`, from `after` on."""
    wanted = [each for each in numbers if each > (variables.get("since") or 0)]
    start = int(variables.get("after") or 0)
    end = min(start + 2, len(wanted))
    rows = [{"id": each} for each in wanted[start:end]]
    info = {"endCursor": str(end), "hasNextPage": end < len(wanted)}
    if "edges" in query:
        return {"edges": [{"cursor": "x", "node": row} for row in rows], "pageInfo": info}
    return {"nodes": rows, "pageInfo": info}


def users(numbers: list[int]) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        sent = json.loads(asked.body)
        assert asked.method == "POST"
        assert "{{" not in sent["query"]
        return Answer({"data": {"users": page(numbers, sent["variables"], sent["query"])}})

    return answer


def config(server: JsonServer, query: str = QUERY, **endpoint: Any) -> dict[str, Any]:
    graphql = {"query": query, **endpoint.pop("graphql", {})}
    return {
        "client": {"base_url": server.base_url},
        "resources": [
            {
                "name": "users",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"path": "graphql", "graphql": graphql, **endpoint},
            }
        ],
    }


def loaded(warehouse: Warehouse) -> list[int]:
    return [number for (number,) in warehouse.query("SELECT id FROM test_data.users ORDER BY id")]


def variables_of(server: JsonServer) -> list[Any]:
    return [json.loads(asked.body)["variables"] for asked in server.asked]


@pytest.mark.parametrize("query", [QUERY, BY_EDGES])
def test_all_pages_are_loaded(server: JsonServer, warehouse: Warehouse, query: str) -> None:
    server.handler = users(NUMBERS)
    # A paginator for the rest of an API is not meant for its GraphQL.
    document = config(server, query)
    document["client"]["paginator"] = {"type": "offset", "limit": 10}
    sync(warehouse.pipeline(), rest_api_source(document))
    assert loaded(warehouse) == NUMBERS
    assert variables_of(server) == [{}, {"after": "2"}, {"after": "4"}]
    assert json.loads(server.asked[0].body)["query"] == query
    assert verify(warehouse.pipeline(), rest_api_source(document)).ok


def test_every_command_takes_a_file(server: JsonServer) -> None:
    server.handler = users(NUMBERS)
    document = config(server, graphql={"variables": {"since": 2}})
    document["pipeline"] = {"name": "shop", "destination": "duckdb", "dataset": "shop_data"}
    Path("shop.yml").write_text(yaml.safe_dump(document))
    for command in ("check", "preview", "run", "verify"):
        ran = headrace(command, "shop.yml")
        assert ran.returncode == 0, ran.stderr
    assert variables_of(server)[-1] == {"since": 2, "after": "2"}


def test_an_incremental_in_the_variables(server: JsonServer, warehouse: Warehouse) -> None:
    numbers = list(NUMBERS)
    server.handler = users(numbers)
    document = config(
        server,
        graphql={"variables": {"since": "{incremental.start_value}"}},
        incremental={"cursor_path": "id", "initial_value": 0},
    )
    sync(warehouse.pipeline(), rest_api_source(document))
    numbers.append(6)
    before = len(server.asked)
    sync(warehouse.pipeline(), rest_api_source(document))
    assert loaded(warehouse) == [*NUMBERS, 6]
    # What stands alone keeps its type.
    assert variables_of(server)[before] == {"since": 5}


def test_a_field_of_the_parent_in_the_variables(server: JsonServer, warehouse: Warehouse) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/teams":
            return Answer([{"id": 10}, {"id": 20}])
        sent = json.loads(asked.body)
        team = sent["variables"]["filter"]["team"]
        numbers = [team + each for each in (1, 2, 3)]
        return Answer({"data": {"users": page(numbers, sent["variables"], QUERY)}})

    server.handler = answer
    query = QUERY.replace("$since: Int", "$filter: Filter").replace(
        "since: $since", "filter: $filter"
    )
    document = config(
        server, query, graphql={"variables": {"filter": {"team": "{resources.teams.id}"}}}
    )
    document["resources"].append({"name": "teams", "endpoint": {"paginator": "single_page"}})
    sync(warehouse.pipeline(), rest_api_source(document))
    assert loaded(warehouse) == [11, 12, 13, 21, 22, 23]


@pytest.mark.parametrize("status", [200, 400])
def test_errors_are_errors_though_a_part_is_there(
    server: JsonServer, warehouse: Warehouse, status: int
) -> None:
    errors = [{"message": "no email for 2", "path": ["users", 0]}, {"message": "nor for 3"}]
    data = {"users": page(NUMBERS, {}, QUERY)}
    server.answers(Answer({"data": data, "errors": errors}, status))
    with pytest.raises(HeadraceError) as caught:
        sync(warehouse.pipeline(), rest_api_source(config(server)))
    assert 'says: "no email for 2; nor for 3"' in str(caught.value)
    assert isinstance(caught.value, PageError) == (status == 200)
    assert len(server.asked) == 1
    assert "users" not in warehouse.tables("test_data")


def test_errors_that_pass_are_asked_again(server: JsonServer, warehouse: Warehouse) -> None:
    throttled = {"message": "slow down", "extensions": {"code": "THROTTLED"}}
    give = users(NUMBERS)
    server.handler = lambda asked: (
        Answer({"errors": [throttled]}) if len(server.asked) == 2 else give(asked)
    )
    document = config(server)
    document["client"]["retry"] = {"backoff_factor": 0.01, "max_attempts": 3}
    sync(warehouse.pipeline(), rest_api_source(document))
    assert loaded(warehouse) == NUMBERS
    assert len(server.asked) == 4


def test_an_action_may_ignore_errors_before(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"data": None, "errors": [{"message": "NOT_FOUND"}]})
    actions = [{"content": "NOT_FOUND", "action": "ignore"}]
    sync(warehouse.pipeline(), rest_api_source(config(server, response_actions=actions)))
    assert len(server.asked) == 1


def test_more_pages_than_the_query_can_ask_for(server: JsonServer, warehouse: Warehouse) -> None:
    server.handler = users(NUMBERS)
    query = QUERY.replace("$after: String, ", "").replace("after: $after, ", "")
    with pytest.raises(PageError, match=r"Add a variable for it.*users\(after: \$after\)"):
        sync(warehouse.pipeline(), rest_api_source(config(server, query)))
    assert "users" not in warehouse.tables("test_data")

    server.handler = users(NUMBERS[:2])
    sync(warehouse.pipeline(), rest_api_source(config(server, query)))
    assert loaded(warehouse) == [1, 2]


def test_edges_without_a_row_are_set_aside(server: JsonServer, warehouse: Warehouse) -> None:
    edges = [{"node": {"id": 1}}, {"cursor": "x"}, {"node": None}, 7, {"node": {"id": 2}}]
    info = {"endCursor": None, "hasNextPage": False}
    server.answers({"data": {"users": {"edges": edges, "pageInfo": info}}})
    sync(warehouse.pipeline(), rest_api_source(config(server, BY_EDGES)))
    assert loaded(warehouse) == [1, 2]
    reasons = warehouse.query("SELECT reason FROM test_data._headrace_quarantine ORDER BY reason")
    assert ["no object with a `node`" in reason for (reason,) in reasons].count(True) == 2
    assert len(reasons) == 3


def test_a_total_beside_edges_is_met(server: JsonServer, warehouse: Warehouse) -> None:
    edges = [{"node": {"id": 1}}, {"node": {"id": 2}}]
    info = {"endCursor": "2", "hasNextPage": False}
    server.answers({"data": {"users": {"totalCount": 5, "edges": edges, "pageInfo": info}}})
    with pytest.raises(PageError, match="5"):
        sync(warehouse.pipeline(), rest_api_source(config(server, BY_EDGES)))


def test_values_within_edges_become_rows(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"data": {"users": {"edges": [{"node": 1}, {"node": 2}]}}})
    query = "{ users { edges { node } } }"
    sync(warehouse.pipeline(), rest_api_source(config(server, query, rows={"value_as": "id"})))
    assert loaded(warehouse) == [1, 2]


def test_rows_deep_down_without_pages(server: JsonServer, warehouse: Warehouse) -> None:
    rows = [{"id": 1}, {"id": 2}]
    server.answers({"extensions": {"costs": [1]}, "data": {"a": {"b": {"c": {"users": rows}}}}})
    query = "{ a { b { c { users { id name } } } } }"
    sync(warehouse.pipeline(), rest_api_source(config(server, query)))
    assert loaded(warehouse) == [1, 2]
