"""The JSON Schema of config files, by which editors complete and check them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from headrace.config.document import SourceDocument

_PLACEHOLDER = {"type": "string", "pattern": r"^\$\{.+\}$"}


class _FileSchema(GenerateJsonSchema):
    """pydantic's schema, where a number or a switch may also be a `${NAME}`."""

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return {"anyOf": [super().int_schema(schema), _PLACEHOLDER]}

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return {"anyOf": [super().float_schema(schema), _PLACEHOLDER]}

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return {"anyOf": [super().bool_schema(schema), _PLACEHOLDER]}

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        made = super().literal_schema(schema)
        # A single choice is a `type`, by which editors tell the alternatives apart.
        return {"anyOf": [made, _PLACEHOLDER]} if len(schema["expected"]) > 1 else made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def config_json_schema() -> dict[str, Any]:
    """Describe config files to editors.

    Returns:
        A JSON Schema, draft 2020-12.
    """
    schema = SourceDocument.model_json_schema(schema_generator=_FileSchema)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **schema,
        "title": "Headrace config",
    }
