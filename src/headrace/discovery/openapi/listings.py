"""The listings of a document: the operations that answer with rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from headrace.config.format.fields import is_header_name
from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.columns import RowKey, columns_of, key_of
from headrace.discovery.openapi.names import names_of
from headrace.discovery.openapi.object_parameters import as_sent
from headrace.discovery.openapi.operations import (
    Operation,
    Parameter,
    UnusableOperation,
)
from headrace.discovery.openapi.paging import ToldPaging, paging_of
from headrace.discovery.openapi.paths import (
    PARAMETER,
    Parent,
    PathOfRows,
    field_named,
    parents_of,
    without_names,
)
from headrace.discovery.openapi.rows import RowsInAnswer, rows_in
from headrace.discovery.openapi.scalars import single_value, text_of
from headrace.discovery.openapi.schemas import Schemas, Shape

_OF_HTTP = ("accept", "content-type", "authorization")
_SEARCHES = ("search", "list", "query", "filter", "_search", "find")


@dataclass(frozen=True, slots=True)
class ToldParameter:
    """A parameter that a request for a listing has, or may have.

    Args:
        name: The name.
        place: `path`, `query`, `header` or `body`.
        is_required: Whether a request needs it.
        shape: What its values are.
        example: A value that the document shows; None where it shows none.
        description: What the document says of it.
    """

    name: str
    place: str
    is_required: bool
    shape: Shape
    example: Any = None
    description: str = ""

    @property
    def default(self) -> Any:
        """The value that counts where a request does not say; None where the document has none."""
        return self.shape.facts.get("default")

    @property
    def choices(self) -> list[Any]:
        """The values that it may have, as far as they are named."""
        return list(self.shape.facts.get("enum", ()))

    @property
    def only_value(self) -> Any:
        """The value that counts, or the only one that there is; None for neither."""
        if self.default is not None:
            return self.default
        return self.choices[0] if len(self.choices) == 1 else None


@dataclass(frozen=True, slots=True)
class ListingOutline:
    """A listing as a document has it; nobody has tried it.

    Args:
        name: A name for its table, which no other listing of the document has.
        path: The path, with its parameters in braces.
        method: The HTTP method.
        summary: What it lists, in the words of the document.
        is_deprecated: Whether it is on its way out.
        rows_at: The keys that lead to its rows, from the outermost on.
        data_selector: The `data_selector` that leads to its rows.
        parameters: Its parameters, without those that pages go on by.
        parent: The name of the listing whose rows fill in the parameters of the path; None where
            there are no parameters, or no such listing.
        from_parent: The field of the parent's rows for each of those parameters, by its name.
        from_grandparent: The fields that the parent's rows need to have of its own parent for that,
            by the parameter's name.
        paging: How its pages go on.
        key: What tells its rows apart.
        columns: The columns whose types the document tells.
        security: What proves who asks; None where that is said for the whole document.
        paths_above: The parameters of the path that no listing fills in.
        of_path_in_rows: The fields of its own rows that say the same as a parameter of the path,
            by its name.
    """

    name: str
    path: str
    method: str
    summary: str
    is_deprecated: bool
    rows_at: tuple[str, ...]
    data_selector: str
    parameters: tuple[ToldParameter, ...]
    parent: str | None
    from_parent: Mapping[str, str]
    from_grandparent: Mapping[str, str]
    paging: ToldPaging
    key: RowKey
    columns: Mapping[str, Mapping[str, Any]]
    security: Sequence[Any] | None
    paths_above: tuple[str, ...] = ()
    of_path_in_rows: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs(self) -> tuple[ToldParameter, ...]:
        """The parameters that somebody has to give a value for."""
        return tuple(
            each
            for each in self.parameters
            if (each.place == "path" and each.name in self.paths_above)
            or (each.place != "path" and each.is_required and each.only_value is None)
        )

    @property
    def whose(self) -> list[tuple[str, str | None]]:
        """The fields of a row that say which row of the parent it belongs to.

        Each stands with the field of the parent that it is taken from, or with None where it is
        the row's own.
        """
        found: list[tuple[str, str | None]] = []
        for name, field_of_parent in self.from_parent.items():
            own = self.of_path_in_rows.get(name)
            if own is not None:
                found.append((own, None))
            else:
                found.append((f"_{self.parent}_{field_of_parent}", field_of_parent))
        return found


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An operation that may list something, and is left out.

    Args:
        path: Its path.
        method: Its HTTP method.
        reason: Why, as half a line.
    """

    path: str
    method: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listings:
    """The listings of a document.

    Args:
        listings: The listings, in the order of the document.
        left_out: The operations that may be some, and cannot be used.
    """

    listings: tuple[ListingOutline, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """An operation that answers with rows."""

    operation: Operation
    rows: RowsInAnswer
    types: Mapping[str, Shape] = field(default_factory=dict)


def listings_of(operations: Sequence[Operation | UnusableOperation], schemas: Schemas) -> Listings:
    """The listings among the operations of a document.

    Args:
        operations: The operations.
        schemas: Puts schemas together.
    """
    found: list[_Found] = []
    left_out: list[LeftOut] = []
    got = {each.path for each in operations if each.method == "GET"}
    for each in operations:
        if isinstance(each, UnusableOperation):
            left_out.append(LeftOut(each.path, each.method, each.reason))
            continue
        if each.method == "POST" and not _is_search(each, got):
            continue
        rows = rows_in(each.answer, schemas, each.path) if each.answer is not None else None
        reason = rows if isinstance(rows, str) else _reason_against(each)
        if rows is None:
            continue
        if isinstance(rows, str) or reason is not None:
            left_out.append(LeftOut(each.path, each.method, str(reason)))
            continue
        types = {own.name: schemas.shape(own.schema) for own in each.of_place("path")}
        parameters = tuple(as_sent(each.parameters, schemas))
        found.append(_Found(replace(each, parameters=parameters), rows, types))
    return Listings(tuple(_outlines(found, operations, schemas)), tuple(left_out))


def _is_search(operation: Operation, got: set[str]) -> bool:
    """Whether a POST asks for a listing, and changes nothing."""
    above, _, last = operation.path.rstrip("/").rpartition("/")
    is_named = last.lower().replace("-", "_").strip(":").endswith(_SEARCHES)
    # What GET lists as well is one table.
    return is_named and not got & {operation.path, above, f"{above}/"}


def _reason_against(operation: Operation) -> str | None:
    if operation.has_own_server:
        return "it is on a server of its own: write a config for that one"
    if any(each.is_required for each in operation.of_place("cookie")):
        return "it wants a cookie"
    for each in operation.of_place("header"):
        if each.is_required and not is_header_name(each.name):
            return f"it wants a header of a name that none can have: {each.name!r:.60}"
    return None


def _outlines(
    found: Sequence[_Found],
    operations: Sequence[Operation | UnusableOperation],
    schemas: Schemas,
) -> list[ListingOutline]:
    names = names_of([(each.operation.path, each.operation.operation_id) for each in found])
    paths = [PathOfRows(each.operation.path, each.rows.row, each.types) for each in found]
    of_one = {
        without_names(each.path): each.path
        for each in operations
        if each.method == "GET" and each.path.rstrip("/").endswith("}")
    }
    outlines = []
    parents = parents_of(paths, schemas, of_one)
    for name, each, parent in zip(names, found, parents, strict=True):
        outline = _outline(name, each, parent, names, schemas)
        key = key_of(each.operation.path, each.rows.row, schemas, of_one)
        outlines.append(replace(outline, key=key))
    return outlines


def _outline(
    name: str, found: _Found, parent: Parent | None, names: Sequence[str], schemas: Schemas
) -> ListingOutline:
    operation, rows = found.operation, found.rows
    paging = paging_of(operation, rows, schemas)
    return ListingOutline(
        name=name,
        path=operation.path,
        method=operation.method,
        summary=operation.summary,
        is_deprecated=operation.is_deprecated,
        rows_at=rows.keys,
        data_selector=rows.selector,
        parameters=tuple(_parameters(operation, paging, schemas)),
        parent=names[parent.place] if parent is not None else None,
        from_parent={
            own: f"_{names[parent.grandparent]}_{field.removeprefix('..')}"
            if field.startswith("..") and parent.grandparent is not None
            else field
            for own, field in parent.fields.items()
        }
        if parent is not None
        else {},
        from_grandparent={
            own: field.removeprefix("..")
            for own, field in (parent.fields.items() if parent is not None else ())
            if field.startswith("..")
        },
        paging=paging,
        key=RowKey((), ""),
        columns=columns_of(rows.row, schemas),
        security=operation.security,
        paths_above=tuple(
            own
            for own in PARAMETER.findall(operation.path)
            if parent is None or own not in parent.fields
        ),
        of_path_in_rows={
            own: field
            for own in PARAMETER.findall(operation.path)
            if (field := field_named(own, rows.row, schemas)) is not None
        },
    )


def _parameters(operation: Operation, paging: ToldPaging, schemas: Schemas) -> list[ToldParameter]:
    told = [
        _told(each, schemas)
        for each in operation.parameters
        if each.place in ("path", "query", "header")
        and each.name not in paging.names
        and not (each.place == "header" and each.name.lower() in _OF_HTTP)
    ]
    known = {each.name for each in told if each.place == "path"}
    for name in PARAMETER.findall(operation.path):
        if name not in known:
            told.append(ToldParameter(name, "path", True, Shape()))
    body = schemas.shape(operation.body)
    for name in body.fields:
        if name not in body.required or name in paging.names:
            continue
        told.append(ToldParameter(name, "body", True, schemas.field_of(body, name)))
    return told


def _told(parameter: Parameter, schemas: Schemas) -> ToldParameter:
    shape = schemas.shape(parameter.schema)
    example = single_value(parameter.example)
    return ToldParameter(
        parameter.name,
        parameter.place,
        parameter.is_required,
        shape,
        example if example is not None else shape.facts.get("example"),
        parameter.description or text_of(shape.facts.get("description")),
    )
