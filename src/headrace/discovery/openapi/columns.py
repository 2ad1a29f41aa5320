"""The key and the types of rows, as their schema tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.names import words_of
from headrace.discovery.openapi.paths import (
    PARAMETER,
    field_meant,
    field_named,
    field_not_named,
    without_names,
)
from headrace.discovery.openapi.schemas import Schemas, Shape
from headrace.sansio.paging.envelope import plain_name

_BY_FORMAT = {
    "date-time": "timestamp",
    "datetime": "timestamp",
    "date": "date",
    "decimal": "decimal",
    "int64": "bigint",
    "uint64": "decimal",
}
_OF_IDS = ("id", "uuid", "guid", "_id")


@dataclass(frozen=True, slots=True)
class RowKey:
    """What tells rows apart, as a document has it.

    Args:
        fields: The fields; none where it does not say.
        why: What speaks for it, as half a line.
    """

    fields: tuple[str, ...]
    why: str


def key_of(path: str, row: Shape, schemas: Schemas, paths_of_one: Mapping[str, str]) -> RowKey:
    """What tells the rows of one listing apart; those of another parent may be alike.

    Args:
        path: The path of the listing.
        row: What a row is.
        schemas: Puts schemas together.
        paths_of_one: The paths that end with a parameter, by what they are without names.
    """
    sure = next((name for name in _OF_IDS if name in row.required and name in row.fields), None)
    if sure is not None and _is_single(schemas.field_of(row, sure)):
        return RowKey((sure,), "each row has it")
    asked = _asked_by(path, row, schemas, paths_of_one)
    if asked is not None:
        return asked
    last = plain_name((words_of(path) or [""])[-1])
    named = [f"{one}id" for one in (last, last.removesuffix("s")) if one]
    of_its_name = [name for name in row.fields if plain_name(name) in named]
    for name in [*_OF_IDS, *of_its_name]:
        is_single = _is_single(schemas.field_of(row, name))
        if name in row.fields and is_single and (name in row.required or name != "_id"):
            return RowKey((name,), "each row has it" if name in row.required else "by its name")
    return RowKey((), "the document names no field that tells rows apart")


def _is_single(told: Shape) -> bool:
    return not (told.is_object or told.is_list or told.is_nullable)


def _asked_by(
    path: str, row: Shape, schemas: Schemas, paths_of_one: Mapping[str, str]
) -> RowKey | None:
    """What one row of a listing is asked for by; None where it cannot be told."""
    plain = without_names(path)
    own = paths_of_one.get(f"{plain}/{{}}")
    if own is None:
        return None
    # `/{task_id}/{map_index}` beside `/{task_id}`: the first alone is no key.
    longer = paths_of_one.get(f"{plain}/{{}}/{{}}")
    if longer is not None:
        fields = [field_named(name, row, schemas) for name in PARAMETER.findall(longer)[-2:]]
        if None in fields:
            return None
        return RowKey(tuple(map(str, fields)), f"one row is asked for by them: {longer}")
    name = PARAMETER.findall(own)[-1]
    field = field_meant(name, f"{path.rstrip('/')}/", row, None, schemas)
    field = field or field_not_named(path, row, paths_of_one)
    return None if field is None else RowKey((field,), f"one row is asked for by it: {own}")


def columns_of(row: Shape, schemas: Schemas) -> dict[str, dict[str, Any]]:
    """The columns whose type the document tells, as far as values do not tell it themselves.

    Args:
        row: What a row is.
        schemas: Puts schemas together.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in row.fields:
        told = schemas.field_of(row, name)
        data_type = _type_of(told)
        if data_type is not None and len(found) < 200 and _is_plain(name):
            found[name] = {"data_type": data_type}
    return found


def _is_plain(name: str) -> bool:
    return name.isascii() and name.replace("_", "").isalnum() and not name.startswith("_dlt")


def _type_of(told: Shape) -> str | None:
    if told.is_object or told.is_list:
        return None
    kind = told.only_type
    by_format = _BY_FORMAT.get(told.format)
    if kind == "string":
        return by_format if by_format in ("timestamp", "date", "decimal") else None
    if kind == "integer":
        return by_format if by_format in ("bigint", "decimal") else None
    if kind == "number":
        # 1 may come before 1.5, and the first value would make the column.
        return "decimal" if by_format == "decimal" else "double"
    return None
