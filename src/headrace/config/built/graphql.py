"""What a GraphQL query tells of its answer: where the rows are, and how the list goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from headrace.config.format.graphql import GraphQLConfig
from headrace.config.format.paginators import CursorPaginatorConfig
from headrace.config.format.placeholders import with_doubled_braces, with_json_texts
from headrace.core.quick_dataclasses import dataclass

if TYPE_CHECKING:
    from graphql.language import (
        DocumentNode,
        FieldNode,
        FragmentDefinitionNode,
        OperationDefinitionNode,
        SelectionSetNode,
    )

_PAGE_INFO = "pageInfo"
_FORWARDS = ("endCursor", "hasNextPage", ("after", "cursor"))
_BACKWARDS = ("startCursor", "hasPreviousPage", ("before",))
_LISTS = ("nodes", "edges", "items")
_OF_A_CONNECTION = frozenset([_PAGE_INFO, "nodes", "edges"])
_DEEPEST = 20


class QueryWrong(ValueError):  # noqa: N818 - says what is so, and carries it to a path
    """A query that cannot be asked; the message is for the user."""


@dataclass(frozen=True, slots=True)
class ConnectionWithoutCursor:
    """A list of pages whose query takes no cursor: it may be one page only.

    Args:
        has_more_path: Where a page says whether there are more.
        advice: What to add to the query.
    """

    has_more_path: str
    advice: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A list that may come in pages, as the query asks for it.

    Args:
        path: The keys that lead to it below `data`.
        rows: Where its rows are, below it; empty where none of the usual names is there.
        wrapped_at: The key of the object around each row that holds it; None where none is there.
        cursor: Where a page names the cursor of the next one, below it; None where the query does
            not ask for it.
        has_more: Where a page says whether there are more, below it; None as for `cursor`.
        variable: The variable that takes the cursor; None where there is none.
    """

    path: tuple[str, ...]
    rows: str
    wrapped_at: str | None
    cursor: str | None
    has_more: str | None
    variable: str | None

    @property
    def name(self) -> str:
        """Its place in the answer."""
        return ".".join(("data", *self.path))

    @property
    def paginator(self) -> CursorPaginatorConfig | ConnectionWithoutCursor | None:
        """How the list goes on; None where the query does not ask for that."""
        more = None if self.has_more is None else f"{self.name}.{self.has_more}"
        if self.variable is not None and self.cursor is not None:
            return CursorPaginatorConfig(
                type="cursor",
                cursor_path=f"{self.name}.{self.cursor}",
                cursor_body_path=f"variables.{self.variable}",
                has_more_path=more,
            )
        if more is None:
            return None
        field = self.path[-1] if self.path else "list"
        advice = (
            "but the query takes no cursor. Add a variable for it, and ask for the cursor: "
            f"`query ($after: String) {{ ... {field}(after: $after) {{ ... {_PAGE_INFO} "
            "{ endCursor hasNextPage } } }`"
        )
        return ConnectionWithoutCursor(more, advice)


@dataclass(frozen=True, slots=True)
class Query:
    """A query that has been read.

    Args:
        variables: Its variables, and whether each needs a value.
        connections: The lists that may come in pages, but for those within others.
        only_list: The keys that lead to the one list that it asks for, as far as that can be told
            without pages; empty where it cannot.
    """

    variables: Mapping[str, bool]
    connections: tuple[Connection, ...]
    only_list: tuple[str, ...]

    def connection_of(self, selector: object) -> Connection | None:
        """The connection whose rows are wanted.

        Args:
            selector: The `data_selector`, which chooses among several; None for none.
        """
        if len(self.connections) == 1 or selector is None:
            return self.connections[0] if len(self.connections) == 1 else None
        text = f"{str(selector).removeprefix('$.')}."
        chosen = [each for each in self.connections if text.startswith(f"{each.name}.")]
        return chosen[0] if len(chosen) == 1 else None

    def rows_of(self, connection: Connection | None) -> tuple[str | None, str | None]:
        """The `data_selector` of the rows, and the key that holds each; None for what there is not.

        Args:
            connection: The connection whose rows are wanted.
        """
        if connection is not None:
            rows = f"{connection.name}.{connection.rows}" if connection.rows else None
            return rows, connection.wrapped_at
        return ".".join(("data", *self.only_list)) if self.only_list else None, None


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """What a query makes of the other keys of an endpoint.

    Args:
        json: The body of its requests, with doubled braces in the query.
        data_selector: Where its rows are; None where they have to be looked for.
        wrapped_at: The key of the object around each row that holds it; None where none is there.
        paginator: How its list goes on; None where the query does not ask for that.
    """

    json: dict[str, Any]
    data_selector: str | None
    wrapped_at: str | None
    paginator: CursorPaginatorConfig | ConnectionWithoutCursor | None


def build_graphql(graphql: GraphQLConfig, selector: object) -> GraphQLEndpoint:
    """Read what an endpoint asks for in GraphQL.

    Args:
        graphql: The keys, without faults.
        selector: The `data_selector` of the endpoint; None for none.
    """
    query = read_query(graphql.query, graphql.operation_name)
    connection = query.connection_of(selector)
    return GraphQLEndpoint(
        body_of(graphql.query, graphql.variables, graphql.operation_name),
        *query.rows_of(connection),
        None if connection is None else connection.paginator,
    )


def body_of(query: str, variables: Any, operation_name: object) -> dict[str, Any]:
    """The body of a request for a query, in which placeholders are still to be filled.

    Args:
        query: The query.
        variables: Its variables; None for none.
        operation_name: Which of its operations is meant; None where there is one.
    """
    body = {"query": with_doubled_braces(query), "variables": with_json_texts(variables or {})}
    return body if operation_name is None else {**body, "operationName": operation_name}


@lru_cache(maxsize=64)
def read_query(text: str, operation_name: str | None = None) -> Query:
    """Read a query.

    Args:
        text: The query.
        operation_name: Which of its operations is meant; None where there is one.

    Raises:
        QueryWrong: It is no GraphQL, no query, or holds several.
    """
    # The library takes an eighth of a second to import, and few configs need it.
    from graphql.error import GraphQLSyntaxError
    from graphql.language import FragmentDefinitionNode, parse

    problem = ""
    try:
        document = parse(text, no_location=True)
    except GraphQLSyntaxError as error:
        place = error.locations[0] if error.locations else None
        where = f" at line {place.line}, column {place.column}" if place else ""
        problem = f"{error.message.removeprefix('Syntax Error: ')}{where}".rstrip(".")
    except RecursionError:
        problem = "it nests too deeply"
    if problem:
        raise QueryWrong(f"is no GraphQL: {problem}{_hint(text)}")
    operation = _operation(document, operation_name)
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    reader = _Reader(fragments)
    return Query(
        _variables(operation),
        tuple(reader.connections(operation.selection_set, ())),
        reader.only_list(operation.selection_set),
    )


def _hint(text: str) -> str:
    if "{{" in text:
        return "; braces stand here as in any query, and are not doubled"
    if "{resources." in text or "{incremental." in text:
        return "; put the placeholder into `variables`, and the variable here"
    return ""


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    from graphql.language import OperationDefinitionNode, OperationType

    found = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    names = [each.name.value for each in found if each.name is not None]
    if name is not None:
        found = [each for each in found if each.name is not None and each.name.value == name]
    if len(found) > 1:
        raise QueryWrong(f"holds {len(found)} operations: name one of them in `operation_name`")
    if not found:
        there = f"; there are: {', '.join(names)}" if names else ""
        raise QueryWrong(f"holds no operation `{name}`{there}" if name else "holds no operation")
    if found[0].operation is not OperationType.QUERY:
        raise QueryWrong(f"is a {found[0].operation.value}; only a query lists rows")
    return found[0]


def _variables(operation: OperationDefinitionNode) -> dict[str, bool]:
    from graphql.language import NonNullTypeNode

    return {
        each.variable.name.value: isinstance(each.type, NonNullTypeNode)
        and each.default_value is None
        for each in operation.variable_definitions or ()
    }


class _Reader:
    """Goes through the fields of a query.

    Args:
        fragments: The fragments by their names.
    """

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments

    def connections(
        self, selections: SelectionSetNode | None, above: tuple[str, ...]
    ) -> Iterator[Connection]:
        """The lists that may come in pages, but for those within others."""
        if len(above) > _DEEPEST:
            return
        for field in self._fields(selections):
            path = (*above, _key(field))
            inner = {each.name.value: each for each in self._fields(field.selection_set)}
            if not _OF_A_CONNECTION.isdisjoint(inner):
                yield self._connection(field, path, inner)
            else:
                yield from self.connections(field.selection_set, path)

    def only_list(self, selections: SelectionSetNode | None) -> tuple[str, ...]:
        """The way down for as long as there is one, to what has more than one field, or values."""
        path: tuple[str, ...] = ()
        fields = list(self._fields(selections))
        while len(fields) == 1 and fields[0].selection_set is not None and len(path) < _DEEPEST:
            only = fields[0]
            fields = list(self._fields(only.selection_set))
            path = (*path, _key(only))
        return path

    def _connection(
        self, field: FieldNode, path: tuple[str, ...], inner: Mapping[str, FieldNode]
    ) -> Connection:
        rows, wrapped_at = "", None
        name = next((each for each in _LISTS if each in inner), None)
        if name is not None:
            rows = _key(inner[name])
            below = {each.name.value: each for each in self._fields(inner[name].selection_set)}
            if name == "edges" and "node" in below:
                wrapped_at = _key(below["node"])
        info = inner.get(_PAGE_INFO)
        told = self._fields(None if info is None else info.selection_set)
        said = {each.name.value: _key(each) for each in told}
        ways = (
            (cursor, more, next(_variables_of(field, arguments), None))
            for cursor, more, arguments in (_FORWARDS, _BACKWARDS)
        )
        found = list(ways)
        # Backwards only where the query says so.
        cursor, more, variable = found[1] if found[1][2] and not found[0][2] else found[0]
        key = _PAGE_INFO if info is None else _key(info)
        return Connection(
            path,
            rows,
            wrapped_at,
            f"{key}.{said[cursor]}" if cursor in said else None,
            f"{key}.{said[more]}" if more in said else None,
            variable,
        )

    def _fields(self, selections: SelectionSetNode | None, depth: int = 0) -> Iterator[FieldNode]:
        """The fields of a selection, with those of its fragments."""
        from graphql.language import FieldNode, FragmentSpreadNode, InlineFragmentNode

        for each in selections.selections if selections and depth < _DEEPEST else ():
            if isinstance(each, FieldNode):
                if not each.name.value.startswith("__"):
                    yield each
            elif isinstance(each, InlineFragmentNode):
                yield from self._fields(each.selection_set, depth + 1)
            elif isinstance(each, FragmentSpreadNode):
                fragment = self._fragments.get(each.name.value)
                if fragment is not None:
                    yield from self._fields(fragment.selection_set, depth + 1)


def _key(field: FieldNode) -> str:
    """The name under which the answer has a field."""
    return field.name.value if field.alias is None else field.alias.value


def _variables_of(field: FieldNode, names: tuple[str, ...]) -> Iterator[str]:
    """The variables that are the values of arguments, or stand in such a value."""
    from graphql.language import ObjectValueNode, VariableNode

    todo = [(each.name.value, each.value) for each in field.arguments or ()]
    while todo:
        name, value = todo.pop(0)
        if isinstance(value, VariableNode) and name in names:
            yield value.name.value
        elif isinstance(value, ObjectValueNode):
            todo.extend((each.name.value, each.value) for each in value.fields)
