"""What a GraphQL query tells of its answer, and what is wrong with one when the config is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.config import load_config
from headrace.config.built.graphql import ConnectionWithoutCursor, build_graphql, read_query
from headrace.config.format.graphql import GraphQLConfig
from headrace.core.exceptions import ConfigError

INFO = "pageInfo { endCursor hasNextPage }"


def told(query: str, selector: str | None = None) -> tuple[str | None, str | None, str | None]:
    """Where the rows are, where the cursor is, and the variable that takes it."""
    found = build_graphql(GraphQLConfig(query=query), selector)
    rows, paginator = found.data_selector, found.paginator
    if found.wrapped_at is not None:
        rows = f"{rows}[*].{found.wrapped_at}"
    if paginator is None:
        return rows, None, None
    if isinstance(paginator, ConnectionWithoutCursor):
        return rows, paginator.has_more_path, None
    return (
        rows,
        str(paginator.cursor_path),
        str(paginator.cursor_body_path).removeprefix("variables."),
    )


@pytest.mark.parametrize(
    ("query", "rows", "cursor", "variable"),
    [
        (
            f"query($after: String) {{ users(after: $after) {{ nodes {{ id }} {INFO} }} }}",
            "data.users.nodes",
            "data.users.pageInfo.endCursor",
            "after",
        ),
        (
            f"query Q($c: ID) {{ viewer {{ id repos(first: 9, after: $c) {{ edges {{ cursor node "
            f"{{ id }} }} {INFO} }} }} }}",
            "data.viewer.repos.edges[*].node",
            "data.viewer.repos.pageInfo.endCursor",
            "c",
        ),
        # Lists within the rows have pages of their own, which are not followed.
        (
            f"query($a: ID, $b: ID) {{ users(after: $a) {{ {INFO} nodes {{ posts(after: $b) "
            f"{{ {INFO} nodes {{ id }} }} }} }} }}",
            "data.users.nodes",
            "data.users.pageInfo.endCursor",
            "a",
        ),
        # Fragments, aliases, directives, comments, and braces in texts.
        (
            """
            # { users }
            query ($n: Int = 2, $next: String) @cached {
              all: users(first: $n, name: "} after: $x {", after: $next) { ...Page }
            }
            fragment Page on Users { list: nodes { ...User } ...Info }
            fragment Info on Users { info: pageInfo { more: hasNextPage end: endCursor } }
            fragment User on User { id ... on Admin @include(if: true) { rights } }
            """,
            "data.all.list",
            "data.all.info.end",
            "next",
        ),
        (
            f"query($p: ID) {{ users(page: {{size: 2, after: $p}}) {{ items {{ id }} {INFO} }} }}",
            "data.users.items",
            "data.users.pageInfo.endCursor",
            "p",
        ),
        (
            "query($b: ID) { users(last: 2, before: $b) { nodes { id } pageInfo { startCursor "
            "hasPreviousPage } } }",
            "data.users.nodes",
            "data.users.pageInfo.startCursor",
            "b",
        ),
        (
            f"{{ users(first: 2) {{ nodes {{ id }} {INFO} }} }}",
            "data.users.nodes",
            "data.users.pageInfo.hasNextPage",
            None,
        ),
        ("{ users { id name posts { id } } }", "data.users", None, None),
        (
            "{ viewer { team { members { id __typename } } } }",
            "data.viewer.team.members",
            None,
            None,
        ),
        ("{ users { edges { node { id } } } }", "data.users.edges[*].node", None, None),
        ("{ users { edges { cursor node { id } } } }", "data.users.edges[*].node", None, None),
        ("{ users { totalCount nodes { id } } }", "data.users.nodes", None, None),
        ("{ users { id } teams { id } }", None, None, None),
        (
            "fragment A on B { ...A } { users { ...A id } }",
            "data.users",
            None,
            None,
        ),
    ],
)
def test_where_the_rows_are_and_how_it_goes_on(
    query: str, rows: str | None, cursor: str | None, variable: str | None
) -> None:
    assert told(query) == (rows, cursor, variable)


NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: name not in ("on", "nodes", "edges", "items", "pageInfo")
)
FIELDS = st.lists(
    st.tuples(NAMES, st.none() | NAMES, st.sampled_from(["plain", "inline", "named"])),
    min_size=1,
    max_size=4,
)


@given(FIELDS, st.sampled_from(["nodes", "edges", "items"]), st.booleans())
def test_a_list_is_found_at_any_depth_by_any_way_to_write_it(
    fields: list[tuple[str, str | None, str]], rows: str, takes_cursor: bool
) -> None:
    inner = "{ node { id } cursor }" if rows == "edges" else "{ id }"
    query, fragments = f"{rows} {inner} pageInfo {{ hasNextPage endCursor }}", ""
    for number, (name, alias, way) in enumerate(reversed(fields)):
        if way == "inline":
            query = f"... on X @skip(if: false) {{ {query} }}"
        elif way == "named":
            fragments += f" fragment F{number} on X {{ {query} }}"
            query = f"id ...F{number}"
        arguments = '(text: "} {", after: $c)' if takes_cursor and number == 0 else ""
        query = f"{f'{alias}: ' if alias else ''}{name}{arguments} {{ {query} }}"
    place = ".".join(["data", *(alias or name for name, alias, _ in fields)])
    assert told(f"query($c: ID) # {{\n {{ {query} }}{fragments}") == (
        f"{place}.{rows}" + ("[*].node" if rows == "edges" else ""),
        f"{place}.pageInfo.{'endCursor' if takes_cursor else 'hasNextPage'}",
        "c" if takes_cursor else None,
    )


def test_a_selector_chooses_among_several_lists() -> None:
    query = (
        f"query($u: ID, $t: ID) {{ users(after: $u) {{ nodes {{ id }} {INFO} }} "
        f"teams(after: $t) {{ nodes {{ id }} {INFO} }} }}"
    )
    assert told(query, "data.teams.nodes")[1:] == ("data.teams.pageInfo.endCursor", "t")
    assert told(query, "$.data.users.nodes")[1:] == ("data.users.pageInfo.endCursor", "u")


def test_one_of_several_operations() -> None:
    text = "query A { users { id } } query B($x: Int!) { teams { id } }"
    assert read_query(text, "A").only_list == ("users",)
    assert read_query(text, "B").variables == {"x": True}


PAGED = f"query($after: String) {{ users(after: $after) {{ nodes {{ id }} {INFO} }} }}"


@pytest.mark.parametrize(
    ("endpoint", "path", "phrase"),
    [
        ({"graphql": {}}, "graphql.query", "is missing: the query"),
        ({"graphql": "{ users }"}, "graphql", "expected a mapping"),
        ({"graphql": {"query": "{ users { id }"}}, "graphql.query", "Expected Name, found <EOF>"),
        ({"graphql": {"query": "{{ users {{ id }} }}"}}, "graphql.query", "are not doubled"),
        (
            {"graphql": {"query": "{ user(id: {resources.a.id}) { id } }"}},
            "graphql.query",
            "put the placeholder into `variables`",
        ),
        ({"graphql": {"query": "mutation { add { id } }"}}, "graphql.query", "is a mutation"),
        ({"graphql": {"query": "fragment A on B { c }"}}, "graphql.query", "holds no operation"),
        (
            {"graphql": {"query": "query A { a } query B { b }"}},
            "graphql.query",
            "name one of them in `operation_name`",
        ),
        (
            {"graphql": {"query": "query A { a }", "operation_name": "B"}},
            "graphql.query",
            "no operation `B`; there are: A",
        ),
        ({"graphql": {"query": PAGED}, "json": {}}, "json", "not both"),
        ({"graphql": {"query": PAGED}, "data": "x"}, "data", "not both"),
        ({"graphql": {"query": PAGED}, "decoder": "csv"}, "decoder", "leave `decoder` out"),
        ({"graphql": {"query": PAGED}, "method": "GET"}, "method", "leave `method` out"),
        (
            {"graphql": {"query": PAGED, "variables": {"afetr": 1}}},
            "graphql.variables.afetr",
            "declares no `$afetr`; did you mean `after`",
        ),
        (
            {"graphql": {"query": "query($n: Int!) { users(n: $n) { id } }"}},
            "graphql.variables",
            "needs a value for `$n`",
        ),
        (
            {"graphql": {"query": PAGED.replace("String", "String!")}},
            "graphql.query",
            "declare it without the `!`",
        ),
        (
            {"graphql": {"query": PAGED.replace("endCursor", "")}},
            "graphql.query",
            "takes a cursor (`$after`) for `data.users`, but does not ask for the next one",
        ),
        (
            {"graphql": {"query": f"{{ a {{ {INFO} nodes {{ id }} }} b {{ {INFO} }} }}"}},
            "graphql.query",
            "asks for several lists, `data.a`, `data.b`",
        ),
        (
            {"graphql": {"query": PAGED, "variables": {"after": "{x}"}}},
            "graphql.variables.after",
            "no placeholder",
        ),
        (
            {
                "graphql": {"query": PAGED, "variables": {"after": "{incremental.start_value}"}},
            },
            "graphql.variables.after",
            "needs `endpoint.incremental`",
        ),
        (
            {
                "graphql": {"query": PAGED, "variables": {"after": "x"}},
                "paginator": {"type": "cursor", "cursor_body_path": "variables.after.x"},
            },
            "paginator.cursor_body_path",
            "which cannot be written",
        ),
    ],
)
def test_what_is_wrong_shows_when_the_config_is_read(
    endpoint: dict[str, Any], path: str, phrase: str
) -> None:
    document = {
        "client": {"base_url": "https://api.example.com"},
        "resources": [{"name": "users", "endpoint": {"path": "graphql", **endpoint}}],
    }
    with pytest.raises(ConfigError) as caught:
        load_config(document)
    found = {fault.path: fault.message for fault in caught.value.faults}
    assert phrase in found[f"resources[0].endpoint.{path}"], found


def test_nothing_is_wrong_with_what_the_user_decides() -> None:
    for endpoint in (
        {"graphql": {"query": PAGED}, "paginator": "single_page"},
        {"graphql": {"query": PAGED.replace("endCursor", "")}, "paginator": "single_page"},
        {"graphql": {"query": PAGED, "variables": {"after": None}}, "data_selector": "data.users"},
    ):
        load_config(
            {
                "client": {"base_url": "https://api.example.com"},
                "resources": [{"name": "users", "endpoint": {"path": "graphql", **endpoint}}],
            }
        )


def test_secrets_among_the_variables_are_masked() -> None:
    query = "query($token: String) { users(token: $token) { id } }"
    graphql = {"query": query, "variables": {"token": "s3cr3t-c4nary"}}
    document = {
        "client": {"base_url": "https://api.example.com"},
        "resources": [{"name": "users", "endpoint": {"path": "graphql", "graphql": graphql}}],
    }
    assert load_config(document).secrets == {"s3cr3t-c4nary"}
