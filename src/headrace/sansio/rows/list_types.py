"""Arrow types for the lists of rows: found from lists as they come, and held against later ones.

A list of scalars becomes an Arrow list of them, a list of objects one of structs, whose fields have
the names that the API gives them. What is neither, as `[1, "a"]`, has no such type.

Nothing of a list may be left to Arrow's JSON reader: a list whose type it has to find by itself
comes out wrong where it begins with nulls (pyarrow 26 reads `[null, 2]` as `[2, 0]`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isinf
from typing import Any

from headrace.core.arrow import pa

ScalarType = Callable[[Any], "pa.DataType | None"]
"""The type that dlt's detection gives a scalar; None for one that no column holds."""

# Beyond it two integers may become the same double.
_LARGEST_IN_DOUBLE = 2**53


class DoesNotFitError(Exception):
    """A value has no place in a column of a type."""


class Shape:
    """What the values that have come so far have in common: a scalar type, fields, or items.

    Args:
        scalar_type: The type of a scalar.
    """

    def __init__(self, scalar_type: ScalarType) -> None:
        self._scalar_type = scalar_type
        self._scalar: pa.DataType | None = None
        self._fields: dict[str, Shape] | None = None
        self._items: Shape | None = None
        self._is_mixed = False
        self._has_met_nothing = True

    def meet(self, value: Any) -> None:
        """Learns of a value.

        Args:
            value: The value, decoded from JSON; null says nothing.
        """
        self._has_met_nothing = False
        if value is None or self._is_mixed:
            return
        if isinstance(value, dict):
            self._meet_fields(value)
        elif isinstance(value, list):
            self._meet_items(value)
        else:
            self._meet_scalar(value)
        kinds = (self._scalar is not None, self._fields is not None, self._items is not None)
        self._is_mixed = self._is_mixed or sum(kinds) > 1

    def _meet_fields(self, value: dict[str, Any]) -> None:
        self._fields = {} if self._fields is None else self._fields
        for name, inner in value.items():
            self._fields.setdefault(name, Shape(self._scalar_type)).meet(inner)

    def _meet_items(self, value: list[Any]) -> None:
        self._items = self._items or Shape(self._scalar_type)
        for inner in value:
            self._items.meet(inner)

    def _meet_scalar(self, value: Any) -> None:
        if self._scalar is not None and pa.types.is_string(self._scalar) and type(value) is str:
            return
        found = self._scalar_type(value)
        if found is None:
            self._is_mixed = True
        elif self._scalar is None or found == self._scalar:
            self._scalar = found
        else:
            self._scalar = _common(self._scalar, found)
            self._is_mixed = self._scalar is None

    @property
    def type(self) -> pa.DataType | None:
        """The Arrow type of all of them; None where there is none, or nothing but null has come."""
        if self._is_mixed:
            return None
        if self._items is not None:
            item = self._items.type
            return None if item is None else pa.list_(item)
        if self._fields is None:
            return self._scalar
        typed = []
        for name, shape in self._fields.items():
            if shape.is_unknown:
                continue
            if shape.type is None:
                return None
            typed.append(pa.field(name, shape.type))
        return pa.struct(typed) if typed else None

    @property
    def has_no_items(self) -> bool:
        """Whether all that has come are empty lists."""
        known = self._is_mixed or self._scalar is not None or self._fields is not None
        return not known and self._items is not None and self._items.has_met_nothing

    @property
    def has_met_nothing(self) -> bool:
        """Whether no value has come, not even null."""
        return self._has_met_nothing

    @property
    def is_unknown(self) -> bool:
        """Whether nothing but null has come."""
        known = (self._scalar, self._fields, self._items)
        return not self._is_mixed and all(each is None for each in known)


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    types, both = pa.types, (one, other)
    if all(types.is_integer(each) or types.is_floating(each) for each in both):
        return pa.float64()
    if all(types.is_timestamp(each) or types.is_string(each) for each in both):
        return pa.string()
    return None


def conformed(values: pa.Array, wanted: pa.DataType) -> pa.Array | None:
    """Lists without the fields of their items that are null everywhere, and that nobody knows.

    Args:
        values: The lists, as Arrow has read them.
        wanted: Their type.

    Returns:
        The lists, of that type; None where they bring more than it has room for.
    """
    if values.type.equals(wanted):
        return values
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), wanted)
    if pa.types.is_list(wanted) and pa.types.is_list(values.type):
        items = conformed(values.values, wanted.value_type)
        if items is None:
            return None
        return pa.ListArray.from_arrays(values.offsets, items, type=wanted, mask=values.is_null())
    if pa.types.is_struct(wanted) and pa.types.is_struct(values.type):
        return _conformed_objects(values, wanted)
    return None


def _conformed_objects(values: pa.StructArray, wanted: pa.StructType) -> pa.Array | None:
    known = {field.name for field in wanted}
    found = {field.name: values.field(place) for place, field in enumerate(values.type)}
    if any(name not in known and each.null_count < len(each) for name, each in found.items()):
        return None
    fields = []
    for field in wanted:
        inner = conformed(found.get(field.name, pa.nulls(len(values))), field.type)
        if inner is None:
            return None
        fields.append(inner)
    return pa.StructArray.from_arrays(fields, fields=list(wanted), mask=values.is_null())


def fitted(value: Any, wanted: pa.DataType, scalar: Callable[[Any, pa.DataType], Any]) -> Any:
    """A value as Arrow makes one of a type of it.

    Args:
        value: The value, decoded from JSON.
        wanted: The type.
        scalar: Makes a time of a text.

    Raises:
        DoesNotFitError: It would not be the same value.
    """
    if value is None:
        return None
    if pa.types.is_list(wanted):
        return _fitted_items(value, wanted, scalar)
    if pa.types.is_struct(wanted):
        return _fitted_fields(value, wanted, scalar)
    kind = type(value)
    if pa.types.is_floating(wanted):
        if kind is int and abs(value) <= _LARGEST_IN_DOUBLE:
            return float(value)
        if (kind is not int and isinstance(value, float)) or kind.__name__ == "Decimal":
            if isinf(float(value)):
                raise DoesNotFitError
            return float(value)
    is_same = (
        (pa.types.is_boolean(wanted) and kind is bool)
        or (pa.types.is_string(wanted) and kind is str)
        or (pa.types.is_integer(wanted) and kind is int and -(2**63) <= value < 2**63)
    )
    if is_same:
        return value
    if pa.types.is_timestamp(wanted) and kind is str:
        return scalar(value, wanted)
    raise DoesNotFitError


def _fitted_items(
    value: Any, wanted: pa.ListType, scalar: Callable[[Any, pa.DataType], Any]
) -> Sequence[Any]:
    if not isinstance(value, list):
        raise DoesNotFitError
    return [fitted(item, wanted.value_type, scalar) for item in value]


def _fitted_fields(
    value: Any, wanted: pa.StructType, scalar: Callable[[Any, pa.DataType], Any]
) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DoesNotFitError
    known = {field.name: field.type for field in wanted}
    if any(name not in known and inner is not None for name, inner in value.items()):
        raise DoesNotFitError
    return {name: fitted(value.get(name), kind, scalar) for name, kind in known.items()}
