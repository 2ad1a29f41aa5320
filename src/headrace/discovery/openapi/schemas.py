"""What a schema of a document says of values, with its references and alternatives put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.references import References, UnusablePart, reference_of
from headrace.discovery.openapi.scalars import single_value, single_values, text_of, texts_of

_MOST_PARTS = 500
_MOST_FIELDS = 2_000
_DEEPEST = 20
_ALTERNATIVES = ("oneOf", "anyOf")
_FACTS = ("format", "default", "example", "minimum", "maximum", "description")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema says of values.

    Args:
        types: The types of JSON that they may have, without `null`; none where it does not say.
        facts: The keywords that tell of single values: `format`, `default`, `maximum`, ...
        fields: The schemas of the fields of an object.
        required: The fields that each object has.
        items: The schema of the items of a list; None where it does not say.
        is_nullable: Whether a value may be null.
        has_more: Whether the schema says that objects have fields that it does not name.
    """

    types: frozenset[str] = frozenset()
    facts: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Any = None
    is_nullable: bool = False
    has_more: bool = False

    @property
    def is_object(self) -> bool:
        """Whether values are objects."""
        return "object" in self.types or bool(self.fields)

    @property
    def is_open(self) -> bool:
        """Whether an object has fields that are not named."""
        return self.has_more or not self.fields

    @property
    def is_list(self) -> bool:
        """Whether values are lists."""
        return "array" in self.types or (self.items is not None and not self.is_object)

    @property
    def format(self) -> str:
        """The format, in lower case; empty where it has none."""
        return text_of(self.facts.get("format")).lower()

    @property
    def only_type(self) -> str | None:
        """The one type that values have; None where there are several, or it does not say."""
        return next(iter(self.types)) if len(self.types) == 1 else None


_ANYTHING = Shape()


class Schemas:
    """Puts the parts of schemas together.

    Args:
        references: Follows the references of the document.
    """

    def __init__(self, references: References) -> None:
        self._references = references
        # By the place in memory of the schema, which lives as long as the document.
        self._known: dict[int, tuple[Any, Shape]] = {}

    def shape(self, schema: Any) -> Shape:
        """What a schema says; where a part of it cannot be used, what the rest says.

        Args:
            schema: The schema.
        """
        known = self._known.get(id(schema))
        if known is None:
            # What thousands of listings refer to is put together once.
            whole = self._meant(schema)
            if whole is not schema:
                return self.shape(whole)
            known = self._known[id(schema)] = (schema, _Merging(self._references).shape(schema))
        return known[1]

    def _meant(self, schema: Any) -> Any:
        """What a schema that is a reference alone stands for, and else the schema."""
        if reference_of(schema) is None or len(schema) > 1:
            return schema
        try:
            return self._references.followed(schema)
        except UnusablePart:
            return schema

    def field_of(self, shape: Shape, name: str) -> Shape:
        """What the schema of a field says.

        Args:
            shape: The object.
            name: The field.
        """
        return self.shape(shape.fields.get(name))


class _Merging:
    """Puts one schema together, out of a bounded number of parts."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._left = _MOST_PARTS

    def shape(self, schema: Any, depth: int = 0) -> Shape:
        """What a schema says."""
        self._left -= 1
        if not isinstance(schema, Mapping) or self._left < 0 or depth > _DEEPEST:
            return _ANYTHING
        shape = self._of_one(schema)
        if reference_of(schema) is not None:
            try:
                target = self._references.followed(schema)
            except UnusablePart:
                return shape
            shape = _both(self.shape(target, depth + 1), shape)
        for part in _listed(schema, "allOf"):
            shape = _both(shape, self.shape(part, depth + 1))
        for key in _ALTERNATIVES:
            shape = _both(shape, self._any_of(_listed(schema, key), depth))
        return shape

    def _any_of(self, parts: Iterator[Any], depth: int) -> Shape:
        shape: Shape | None = None
        is_nullable = False
        for part in parts:
            if isinstance(part, Mapping) and part.get("type") == "null":
                is_nullable = True
                continue
            one = self.shape(part, depth + 1)
            shape = one if shape is None else _either(shape, one)
        found = _ANYTHING if shape is None else shape
        return replace(found, is_nullable=found.is_nullable or is_nullable)

    def _of_one(self, schema: Mapping[str, Any]) -> Shape:
        types = frozenset(texts_of(schema.get("type")))
        fields = schema.get("properties")
        required = schema.get("required")
        facts = {key: single_value(schema.get(key)) for key in _FACTS}
        facts["enum"] = single_values(schema.get("enum")) or None
        return Shape(
            types=types - {"null"},
            facts={key: value for key, value in facts.items() if value is not None},
            fields=_named(fields),
            required=frozenset(texts_of(required)),
            items=schema.get("items"),
            is_nullable="null" in types
            or schema.get("nullable") is True
            or schema.get("x-nullable") is True,
            has_more=schema.get("additionalProperties", False) is not False,
        )


def _listed(schema: Mapping[str, Any], key: str) -> Iterator[Any]:
    parts = schema.get(key)
    yield from parts if isinstance(parts, list) else ()


def _named(fields: Any) -> dict[str, Any]:
    if not isinstance(fields, Mapping):
        return {}
    named = list(fields.items())[:_MOST_FIELDS]
    return {str(name): schema for name, schema in named}


def _both(one: Shape, other: Shape) -> Shape:
    """What both say together."""
    return Shape(
        types=one.types or other.types,
        facts={**one.facts, **other.facts},
        fields={**one.fields, **other.fields},
        required=one.required | other.required,
        items=one.items if one.items is not None else other.items,
        is_nullable=one.is_nullable or other.is_nullable,
        has_more=one.has_more or other.has_more,
    )


def _either(one: Shape, other: Shape) -> Shape:
    """What holds of values of one shape or the other."""
    return Shape(
        types=one.types | other.types,
        facts={
            key: value
            for key, value in one.facts.items()
            if key in other.facts and other.facts[key] == value
        },
        fields={**other.fields, **one.fields},
        required=one.required & other.required,
        items=one.items if one.items is not None else other.items,
        is_nullable=one.is_nullable or other.is_nullable,
        has_more=one.has_more or other.has_more,
    )
