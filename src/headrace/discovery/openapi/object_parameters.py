"""Query parameters that are objects, as the single ones that a request has in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from headrace.discovery.openapi.operations import Parameter
from headrace.discovery.openapi.schemas import Schemas, Shape

_MOST = 300
_OBJECT = frozenset(["object"])


def as_sent(parameters: Iterable[Parameter], schemas: Schemas) -> Iterator[Parameter]:
    """The parameters that a request has for those of an operation.

    An object is sent field by field: as `page[size]` in the style `deepObject`, and as `size` in
    the style `form`, which is the usual one.

    Args:
        parameters: The parameters of an operation.
        schemas: Puts schemas together.
    """
    yield from islice(_single_ones(parameters, schemas), _MOST)


def _single_ones(parameters: Iterable[Parameter], schemas: Schemas) -> Iterator[Parameter]:
    for each in parameters:
        shape = schemas.shape(each.schema)
        form = _form_of(each, shape)
        if form is None:
            yield each
            continue
        for name in shape.fields:
            yield replace(
                each,
                name=form.format(name=name),
                schema=shape.fields[name],
                is_required=each.is_required and name in shape.required,
                example=None,
                description="",
            )


def _form_of(parameter: Parameter, shape: Shape) -> str | None:
    """How a field of an object is named in a request; None for what is sent in one piece."""
    is_object = parameter.place == "query" and bool(shape.fields) and shape.types <= _OBJECT
    if not is_object or parameter.is_in_one_piece:
        return None
    if parameter.style == "deepObject":
        return parameter.name.replace("{", "{{").replace("}", "}}") + "[{name}]"
    return "{name}" if parameter.style in ("", "form") else None
