"""Finds rows with a value of another kind than its field is read as, without decoding them."""

from __future__ import annotations

from collections.abc import Mapping
from types import GenericAlias
from typing import Annotated, Any

import msgspec

from headrace.core.arrow import pa
from headrace.sansio.rows.item_fields import ListKind
from headrace.sansio.rows.json_rows import is_nameable

_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class RowCheck:
    """Takes exactly the rows whose values are of the kinds that are expected.

    Args:
        kinds: For each field the Arrow type that it is read as, None where there must be no value,
            or, for an object, the kinds of its fields in turn, and for a list that of its items.
    """

    def __init__(self, kinds: Mapping[str, Any]) -> None:
        self._decoder = msgspec.json.Decoder(_row_type(kinds))

    def passes(self, row: msgspec.Raw) -> bool:
        """Whether a row is an object of such values."""
        try:
            self._decoder.decode(row)
        except (msgspec.MsgspecError, RecursionError):
            return False
        return True


def _row_type(kinds: Mapping[str, Any]) -> Any:
    keys = [key for key in kinds if is_nameable(key)]
    names = {f"field{number}": key for number, key in enumerate(keys)}
    return msgspec.defstruct(
        "Row",
        [(name, _value_type(kinds[key]), None) for name, key in names.items()],
        rename=names,
    )


def _value_type(kind: Any) -> Any:
    if kind is None:
        return None
    if isinstance(kind, Mapping):
        return _row_type(kind) | None
    if isinstance(kind, ListKind):
        return GenericAlias(list, (_value_type(kind.item),)) | None
    if pa.types.is_list(kind):
        return GenericAlias(list, (_value_type(kind.value_type),)) | None
    if pa.types.is_struct(kind):
        return _row_type({each.name: each.type for each in kind}) | None
    if pa.types.is_integer(kind):
        return _INT64 | None
    if pa.types.is_floating(kind):
        return float | None
    return bool | None if pa.types.is_boolean(kind) else str | None
