"""The JSON Schema of config files, with which editors complete and check them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from headrace.config.format.document import SourceDocument

_PLACEHOLDER = r"\$\{.+\}"
_NUMBER = r"^\s*[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\s*$"
_SWITCH = r"^([tT]rue|TRUE|[fF]alse|FALSE|yes|no|on|off|[01])$"
_FREE_FORMATS = (None, "password")


class _FileSchema(GenerateJsonSchema):
    """The schema of pydantic, in which a number or a switch may also be a text, as `${NAME}`."""

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return _or_text(super().int_schema(schema), _NUMBER)

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return _or_text(super().float_schema(schema), _NUMBER)

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return _or_text(super().bool_schema(schema), _SWITCH)

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        made = super().literal_schema(schema)
        # A single choice is a `type`, by which editors tell the alternatives apart.
        return _or_text(made, _PLACEHOLDER) if len(schema["expected"]) > 1 else made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def config_json_schema() -> dict[str, Any]:
    """Describe config files to editors.

    Returns:
        A JSON Schema, draft 2020-12.
    """
    schema = SourceDocument.model_json_schema(schema_generator=_FileSchema)
    for text in _free_texts(schema):
        # In a file a number is text where text is wanted.
        text["type"] = ["string", "number", "boolean"]
    for model in (schema, *schema["$defs"].values()):
        required = model.get("required", ())
        for name, key in model["properties"].items():
            if name not in required and name != "type":
                model["properties"][name] = _or_null(key)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **schema,
        "title": "Headrace config",
    }


def _or_text(made: JsonSchemaValue, pattern: str) -> JsonSchemaValue:
    known = pattern if pattern == _PLACEHOLDER else f"{pattern}|{_PLACEHOLDER}"
    return {"anyOf": [made, {"type": "string", "pattern": known}]}


def _free_texts(schema: Any) -> Iterator[dict[str, Any]]:
    """The schemas of free text; what has a `format` of ours is read by a parser of its own."""
    if isinstance(schema, dict):
        is_free = not {"const", "enum", "pattern"} & set(schema)
        if schema.get("type") == "string" and is_free and schema.get("format") in _FREE_FORMATS:
            yield schema
        for inner in schema.values():
            yield from _free_texts(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _free_texts(inner)


def _or_null(key: dict[str, Any]) -> dict[str, Any]:
    """A key that may be left out may be null as well."""
    null = {"type": "null"}
    if null in key.get("anyOf", ()) or not {"anyOf", "oneOf", "type", "$ref"} & set(key):
        return key
    if "anyOf" in key:
        return {**key, "anyOf": [*key["anyOf"], null]}
    about: dict[str, Any] = {name: key[name] for name in ("description", "default") if name in key}
    rest = {name: value for name, value in key.items() if name not in about}
    return {"anyOf": [rest, null], **about}
