"""A schema that goes to other processes, with what they need to type rows alike."""

from __future__ import annotations

from typing import Any

import msgspec

from headrace.core.arrow import pa
from headrace.sansio.rows.json_rows import FieldPath

_MADE_OF = b"headrace"


class MadeOf(msgspec.Struct, frozen=True):
    """How rows fill a schema.

    Args:
        hints: What dlt knows of its columns, by their names.
        json: The names of the columns that hold JSON.
        whole: The path of each field that fills one column as it is, the name of the column, and
            whether that holds JSON of any kind.
        takes_side_road: Whether all rows are typed one by one.
    """

    hints: dict[str, Any] = {}
    json: tuple[str, ...] = ()
    whole: tuple[tuple[FieldPath, str, bool], ...] = ()
    takes_side_road: bool = False


def portable(schema: pa.Schema, made_of: MadeOf) -> pa.Schema:
    """The schema with how rows fill it in its metadata.

    Args:
        schema: The schema.
        made_of: How rows fill it.
    """
    return schema.with_metadata({_MADE_OF: msgspec.json.encode(made_of)})


def is_portable(schema: pa.Schema | None) -> bool:
    """Whether a schema says how rows fill it.

    Args:
        schema: The schema; None for none.
    """
    return schema is not None and _MADE_OF in (schema.metadata or {})


def made_of_schema(schema: pa.Schema) -> MadeOf:
    """How rows fill a schema, as it says itself.

    Args:
        schema: The schema, which is portable.
    """
    return msgspec.json.decode(schema.metadata[_MADE_OF], type=MadeOf)


def without_column(schema: pa.Schema, name: str) -> pa.Schema:
    """The schema without one of its columns, whose rows do not have it.

    Args:
        schema: The schema, which is portable.
        name: The name of the column; one that is not there is no matter.
    """
    place = schema.get_field_index(name)
    if place < 0:
        return schema
    made_of = made_of_schema(schema)
    hints = {column: hint for column, hint in made_of.hints.items() if column != name}
    whole = tuple(each for each in made_of.whole if each[1] != name)
    json = tuple(column for column in made_of.json if column != name)
    left = msgspec.structs.replace(made_of, hints=hints, whole=whole, json=json)
    return portable(schema.remove(place), left)


def hints_in(schema: pa.Schema | None) -> dict[str, Any]:
    """What dlt knows of the columns of a schema, by their names.

    Args:
        schema: A schema; None for none.
    """
    return made_of_schema(schema).hints if schema is not None and is_portable(schema) else {}
