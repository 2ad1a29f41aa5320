"""The operations of a document, alike for OpenAPI 3 and Swagger 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.references import References, UnusablePart
from headrace.discovery.openapi.scalars import text_of

_MOST_PARAMETERS = 200
_METHODS = ("get", "post")
_KEPT_OUT = ("formData", "body")
_NO_SCHEMA = ("name", "in", "description", "required", "content", "schema", "example", "examples")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation.

    Args:
        name: The name.
        place: `path`, `query`, `header` or `cookie`.
        schema: What its values are.
        is_required: Whether a request needs it.
        example: A value that the document shows; None where it shows none.
        description: What the document says of it.
        is_deprecated: Whether it is on its way out.
        style: How an object or a list is written; empty where the document does not say.
        is_in_one_piece: Whether an object is one value, and not one for each of its fields.
    """

    name: str
    place: str
    schema: Any
    is_required: bool
    example: Any
    description: str
    is_deprecated: bool
    style: str = ""
    is_in_one_piece: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What can be asked at a path.

    Args:
        path: The path, with its parameters in braces.
        method: The HTTP method, in capitals.
        operation_id: The name that the document gives it; empty for none.
        summary: What it does, in a few words.
        is_deprecated: Whether it is on its way out.
        parameters: Its parameters.
        answer: The schema of what it answers with; None where that is no JSON, or not said.
        answer_headers: The names of the headers of that answer.
        body: The schema of the JSON that it takes; None where it takes none.
        security: What proves who asks; None where that is said for the whole document.
        has_own_server: Whether it is on another server than the document.
    """

    path: str
    method: str
    operation_id: str
    summary: str
    is_deprecated: bool
    parameters: tuple[Parameter, ...]
    answer: Any
    answer_headers: tuple[str, ...]
    body: Any
    security: Sequence[Any] | None
    has_own_server: bool

    def of_place(self, place: str) -> list[Parameter]:
        """The parameters of one place.

        Args:
            place: `path`, `query`, `header` or `cookie`.
        """
        return [each for each in self.parameters if each.place == place]


@dataclass(frozen=True, slots=True)
class UnusableOperation:
    """An operation that cannot be read, and why.

    Args:
        path: Its path.
        method: Its HTTP method, in capitals.
        reason: Why, as half a line.
    """

    path: str
    method: str
    reason: str


def operations_of(
    document: Mapping[str, Any], references: References
) -> Iterator[Operation | UnusableOperation]:
    """The operations with GET and POST, in the order of the document.

    Args:
        document: The document.
        references: Follows its references.
    """
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        try:
            found = references.followed(item)
        except UnusablePart as error:
            yield UnusableOperation(str(path), "GET", str(error))
            continue
        for method in _METHODS:
            operation = found.get(method) if isinstance(found, Mapping) else None
            if not isinstance(operation, Mapping):
                continue
            try:
                yield _Reading(references, found, operation).operation(str(path), method.upper())
            except UnusablePart as error:
                yield UnusableOperation(str(path), method.upper(), str(error))


class _Reading:
    """Reads one operation."""

    def __init__(
        self, references: References, item: Mapping[str, Any], operation: Mapping[str, Any]
    ) -> None:
        self._references = references
        self._item = item
        self._operation = operation

    def operation(self, path: str, method: str) -> Operation:
        operation = self._operation
        named = self._parameters()
        answer, headers = self._answer()
        security = operation.get("security")
        return Operation(
            path=path,
            method=method,
            operation_id=text_of(operation.get("operationId")),
            summary=text_of(operation.get("summary")) or text_of(operation.get("description")),
            is_deprecated=operation.get("deprecated") is True,
            parameters=tuple(each for each in named if each.place not in _KEPT_OUT),
            answer=answer,
            answer_headers=headers,
            body=self._body(named),
            security=security if isinstance(security, list) else None,
            has_own_server=bool(operation.get("servers") or self._item.get("servers")),
        )

    def _parameters(self) -> list[Parameter]:
        # Those of the operation count before those of its path.
        found: dict[tuple[str, str], Parameter] = {}
        for listed in (self._item.get("parameters"), self._operation.get("parameters")):
            for each in listed[:_MOST_PARAMETERS] if isinstance(listed, list) else ():
                parameter = self._parameter(self._references.followed(each))
                if parameter is not None:
                    found[parameter.place, parameter.name] = parameter
        return list(found.values())

    def _parameter(self, told: Any) -> Parameter | None:
        if not isinstance(told, Mapping) or not isinstance(told.get("name"), str):
            return None
        schema = told.get("schema")
        content = told.get("content")
        # What has a `content` is written as that, JSON say.
        is_in_one_piece = schema is None or told.get("explode") is False
        if schema is None and isinstance(content, Mapping):
            schema = next((_value(each, "schema") for each in content.values()), None)
        if schema is None:
            # Swagger 2 has the keywords of the schema beside the name.
            schema = {key: value for key, value in told.items() if key not in _NO_SCHEMA}
        return Parameter(
            name=told["name"],
            place=text_of(told.get("in")),
            schema=schema,
            is_required=told.get("required") is True,
            example=self._example(told),
            description=text_of(told.get("description")),
            is_deprecated=told.get("deprecated") is True,
            style=text_of(told.get("style")),
            is_in_one_piece=is_in_one_piece,
        )

    def _example(self, told: Mapping[str, Any]) -> Any:
        for key in ("example", "x-example"):
            if told.get(key) is not None:
                return told[key]
        examples = told.get("examples")
        if isinstance(examples, Mapping):
            return next((_value(each, "value") for each in examples.values()), None)
        return None

    def _answer(self) -> tuple[Any, tuple[str, ...]]:
        responses = self._operation.get("responses")
        if not isinstance(responses, Mapping):
            return None, ()
        by_status = {str(status).lower(): answer for status, answer in responses.items()}
        good = sorted(status for status in by_status if status.startswith("2"))
        for status in [*good, *(() if good else ("default",))]:
            told = self._references.followed(by_status.get(status))
            if not isinstance(told, Mapping):
                continue
            schema = _schema_of(told)
            if schema is not None:
                headers = told.get("headers")
                return schema, tuple(map(str, headers)) if isinstance(headers, Mapping) else ()
        return None, ()

    def _body(self, named: Sequence[Parameter]) -> Any:
        for each in named:
            if each.place == "body":
                return each.schema
        body = self._operation.get("requestBody")
        told = self._references.followed(body) if body is not None else None
        return _schema_of(told) if isinstance(told, Mapping) else None


def _schema_of(told: Mapping[str, Any]) -> Any:
    """The schema of an answer or a body, as far as it is JSON."""
    content = told.get("content")
    if not isinstance(content, Mapping):
        return told.get("schema")
    by_type = {str(name).partition(";")[0].strip().lower(): each for name, each in content.items()}
    names = [name for name in by_type if name == "application/json"]
    names += [name for name in by_type if name.endswith("json") and name not in names]
    for name in [*names, "*/*"]:
        schema = _value(by_type.get(name), "schema")
        if schema is not None:
            return schema
        example = _example_of(by_type.get(name))
        if example is not None:
            return schema_of_value(example)
    return None


def _example_of(told: Any) -> Any:
    example = _value(told, "example")
    examples = _value(told, "examples")
    if example is None and isinstance(examples, Mapping):
        example = next((_value(each, "value") for each in examples.values()), None)
    return example


def schema_of_value(value: Any, depth: int = 0) -> dict[str, Any]:
    """A schema of the values that are like one that a document shows.

    Args:
        value: The value.
        depth: How deep it lies in the one shown.
    """
    if isinstance(value, Mapping) and depth < 6:
        fields = {str(key): schema_of_value(each, depth + 1) for key, each in value.items()}
        return {"type": "object", "properties": fields}
    if isinstance(value, list):
        return {"type": "array", "items": schema_of_value(value[0], depth + 1) if value else {}}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "integer" if isinstance(value, int) else "number"}
    return {"type": "string"} if isinstance(value, str) else {}


def _value(told: Any, key: str) -> Any:
    return told.get(key) if isinstance(told, Mapping) else None
