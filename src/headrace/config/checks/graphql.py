"""What is wrong in an endpoint's GraphQL, or between it and the other keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.built.graphql import Connection, Query, QueryWrong, read_query
from headrace.config.format.places import Path
from headrace.config.format.wording import listed
from headrace.core.nearest import did_you_mean


def graphql_faults(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Find what is wrong in `endpoint.graphql`, and between it and the other keys.

    Args:
        endpoint: The merged keys as written; they may be wrong in any other way.

    Yields:
        The path below the endpoint, and a message.
    """
    graphql = endpoint.get("graphql")
    if not isinstance(graphql, dict):
        return
    for key in ("json", "data"):
        if endpoint.get(key) is not None:
            yield (key,), f"give either `graphql` or `{key}`, not both"
    decoder = endpoint.get("decoder")
    kind = decoder.get("type") if isinstance(decoder, dict) else decoder
    if kind not in (None, "json"):
        yield ("decoder",), "an answer to a query in `graphql` is JSON: leave `decoder` out"
    method = endpoint.get("method")
    if isinstance(method, str) and method.upper() != "POST":
        yield ("method",), "a query in `graphql` is sent by POST: leave `method` out"
    text, name = graphql.get("query"), graphql.get("operation_name")
    if not isinstance(text, str) or not text or not isinstance(name, (str, type(None))):
        return
    problem = ""
    try:
        query = read_query(text, name)
    except QueryWrong as wrong:
        problem = str(wrong)
    if problem:
        yield ("graphql", "query"), problem
        return
    is_own = endpoint.get("paginator") is not None
    selector = endpoint.get("data_selector")
    connection = query.connection_of(selector)
    if connection is None and query.connections and not (is_own and selector is not None):
        names = listed([each.name for each in query.connections])
        yield (
            ("graphql", "query"),
            f"asks for several lists, {names}: name the rows of one of them with "
            "`data_selector`, and give each its own resource",
        )
    if connection is not None and not is_own:
        yield from _cursor_faults(connection)
    yield from _variable_faults(query, connection, graphql.get("variables") or {})


def _cursor_faults(connection: Connection) -> Iterator[tuple[Path, str]]:
    if connection.variable is not None and None in (connection.cursor, connection.has_more):
        yield (
            ("graphql", "query"),
            f"takes a cursor (`${connection.variable}`) for `{connection.name}`, but does not ask "
            "for the next one: write `pageInfo { endCursor hasNextPage }` (going backwards: "
            "`startCursor hasPreviousPage`), or name a `paginator`",
        )


def _variable_faults(
    query: Query, connection: Connection | None, variables: Any
) -> Iterator[tuple[Path, str]]:
    if not isinstance(variables, dict):
        return
    known = list(query.variables)
    for name in variables:
        if isinstance(name, str) and name not in known:
            hint = did_you_mean(name, known).strip() or (
                f"it declares: {listed(known)}" if known else "it declares none"
            )
            yield ("graphql", "variables", name), f"the query declares no `${name}`; {hint}"
    cursor = connection.variable if connection else None
    for name, is_needed in query.variables.items():
        if is_needed and name not in variables and name != cursor:
            yield ("graphql", "variables"), f"the query needs a value for `${name}`"
        elif is_needed and name == cursor and name not in variables:
            yield (
                ("graphql", "query"),
                f"`${name}` takes the cursor, which the first request does not have yet: declare "
                "it without the `!`",
            )
