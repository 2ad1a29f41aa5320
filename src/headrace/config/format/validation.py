"""Validates a document against the models of the format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from headrace.config.format.document import SourceDocument
from headrace.config.format.fields import NUMBER, TEXT, is_tag
from headrace.config.format.places import value_at


def validate_document(document: Mapping[str, Any], *, numbers_as_text: bool) -> SourceDocument:
    """Validate a document as a whole.

    Args:
        document: The config. Where `numbers_as_text` is true it is changed in place, so that
            what reads it besides the models finds the same texts.
        numbers_as_text: Whether a number or a switch counts as the text that it was written
            as, where text is wanted: a file cannot tell `name: 2024` from `name: "2024"`.

    Returns:
        The typed document, with the defaults of the format.

    Raises:
        ValidationError: The document does not fit the format.
    """
    try:
        return SourceDocument.model_validate(document)
    except ValidationError as error:
        if not (numbers_as_text and _put_texts_as_written(document, error)):
            raise
    return SourceDocument.model_validate(document)


def _put_texts_as_written(document: Mapping[str, Any], error: ValidationError) -> bool:
    """Replace numbers by texts where the error says that text is wanted.

    Returns:
        Whether anything was replaced.
    """
    has_changed = False
    for details in error.errors(include_url=False, include_input=False):
        path = tuple(part for part in details["loc"] if not is_tag(part))
        value = value_at(document, path)
        if path and isinstance(value, (bool, int, float)) and _wants_text(details):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            value_at(document, path[:-1])[path[-1]] = text
            has_changed = True
    return has_changed


def _wants_text(details: Any) -> bool:
    if details["type"] == "union_tag_invalid":
        context = details["ctx"]
        return bool(context["tag"] == NUMBER and f"'{TEXT}'" in context["expected_tags"])
    return bool(details["type"] == "string_type")
