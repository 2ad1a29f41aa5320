"""Several rows of a parent in one request: they are put together, and told apart again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from headrace.config.built.parents import ParentConfig
from headrace.core.json_path import JsonPath
from headrace.reading.asked_rows import ParentBatch, ParentValues
from headrace.reading.request_template import JoinedValues
from headrace.sansio.rows.json_rows import decode_row

_Group = tuple[str, bool]
"""What the rows of a batch have in common: their other values, and whether they failed before."""


class ParentBatches:
    """Gathers rows of a parent until there are enough for a request.

    Args:
        parent: The parent, with its batching.
    """

    def __init__(self, parent: ParentConfig) -> None:
        assert parent.batching is not None
        self._size = parent.batching.size
        self._joined = joined_placeholders(parent)
        self._waiting: dict[_Group, dict[str, ParentValues]] = {}
        self._known: set[bytes] = set()

    def has_no_value(self, values: ParentValues) -> bool:
        """Whether a row has null where its value should be.

        Args:
            values: What is needed of the row.
        """
        return any(values.fields[name] is None for name in self._joined)

    def add(self, values: ParentValues, *, has_failed: bool = False) -> Iterator[ParentBatch]:
        """Adds a row.

        Args:
            values: What is needed of the row.
            has_failed: Whether its listing failed before; such rows do not go with others, which
                would fail with them.

        Yields:
            The batch that it fills, or that cannot take it: none has a value twice, and a row that
            was there before, in any batch, is not added again.
        """
        # Rows of a listing often name a few others again and again, as comments their authors.
        told = _key([values.fields, values.included])
        row = blake2b(told.encode(errors="surrogatepass"), digest_size=16).digest()
        if row in self._known:
            return
        self._known.add(row)
        shared = {name: each for name, each in values.fields.items() if name not in self._joined}
        group = (_key(shared), has_failed)
        value = _key(next(values.fields[name] for name in self._joined))
        if self._waiting.get(group, {}).get(value, values) != values:
            yield self._take(group)
        waiting = self._waiting.setdefault(group, {})
        waiting[value] = values
        if len(waiting) >= self._size:
            yield self._take(group)

    def rest(self) -> Iterator[ParentBatch]:
        """The rows that wait, in batches that are not full."""
        for group in list(self._waiting):
            yield self._take(group)

    def _take(self, group: _Group) -> ParentBatch:
        return ParentBatch(tuple(self._waiting.pop(group).values()), has_failed=group[1])


def joined_placeholders(parent: ParentConfig) -> frozenset[str]:
    """The placeholders that stand for the values of a whole batch.

    Args:
        parent: The parent, with its batching.
    """
    assert parent.batching is not None
    return frozenset(
        each.placeholder for each in parent.fields if str(each.path) == parent.batching.field
    )


def joined_fields(batch: ParentBatch, parent: ParentConfig) -> dict[str, Any]:
    """The values for the request of a batch, by the name of the placeholder.

    Args:
        batch: The batch.
        parent: The parent, with its batching.

    Raises:
        ValueError: A value holds the separator.
    """
    assert parent.batching is not None
    fields = dict(batch.rows[0].fields)
    for name in joined_placeholders(parent):
        values = tuple(row.fields[name] for row in batch.rows)
        fields[name] = JoinedValues(values, parent.batching.separator)
    return fields


class RowsOfParents:
    """Takes the rows of a batch's answer back to the rows of the parent that they belong to.

    Args:
        batch: The rows of the parent that were asked for.
        parent: The parent, with its batching.
        key: Where a row names the value that it belongs to.
    """

    def __init__(self, batch: ParentBatch, parent: ParentConfig, key: JsonPath) -> None:
        (name, *_) = sorted(joined_placeholders(parent))
        values = [(row.fields[name], row.included) for row in batch.rows]
        self._included = {str(value): included for value, included in values}
        self._included |= {_key(value): included for value, included in values}
        self._key = key

    def included(self, rows: Sequence[msgspec.Raw]) -> list[Mapping[str, Any]]:
        """What each row gets of the row of the parent that it belongs to.

        Args:
            rows: Rows of the answer, as JSON.

        Raises:
            LookupError: A row names no value that was asked for; the argument is what it names.
        """
        found: list[Mapping[str, Any]] = []
        for row in rows:
            value = self._key.first(decode_row(row))
            included = None if value is None else self._included.get(_key(value))
            if included is None:
                raise LookupError(value)
            found.append(included)
        return found


def _key(value: Any) -> str:
    """The value as a text: an API may name as a text what it lists as a number.

    A value that JSON has no type for, as a date of a parent of the user's own, is taken as the text
    that stands for it, and a number without what makes no difference: `1.0` as `1`.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    elif isinstance(value, Decimal) and value.is_finite():
        return format(value.normalize(), "f")
    plain = msgspec.to_builtins(value, enc_hook=str, str_keys=True)
    # Not by msgspec, which takes no integer of more than 64 bits.
    return plain if isinstance(plain, str) else json.dumps(plain, sort_keys=True)
