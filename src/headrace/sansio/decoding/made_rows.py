"""Rows made of parts of the listed ones: the lines of each order, the steps of each run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Raw

from headrace.core.each_row import EachRow
from headrace.sansio.decoding.places import (
    LIST,
    OBJECT,
    WHOLE,
    AllMembers,
    Finder,
    Items,
    Keeper,
    Node,
    node_of,
)
from headrace.sansio.rows import RejectedRow
from headrace.sansio.rows.json_rows import kind_of
from headrace.sansio.rows.slicing import UNREADABLE
from headrace.sansio.rows.tolerant import find_members

_PLAIN = frozenset({"a text", "a number", "a boolean", "null"})


class RowMaker:
    """Makes rows of parts of the listed ones.

    `kept` comes first: what it leaves out is nowhere from then on, be it in a table, in quarantine
    or in an error. `made` then makes the rows.

    Args:
        each: What each listed row is taken apart into.

    Attributes:
        path: Where in a listed row the elements are, as a text.
        found: Whether a listed row had anything where its elements are looked for.
    """

    makes_rows = True

    def __init__(self, each: EachRow) -> None:
        self._each = each
        self._keeper = Keeper(_kept_of(each))
        self._of_row = Finder([*each.of_row.values(), each.path])
        self._elements = _Elements(each)
        self.path = ".".join(map(str, each.path))
        self.found = False

    def kept(self, rows: Sequence[Raw]) -> tuple[list[Raw], list[RejectedRow]]:
        """The rows with nothing in them but what is wanted.

        Args:
            rows: The JSON of listed rows.

        Returns:
            The rows, and those that cannot be read, of which hardly anything is left.
        """
        kept: list[Raw] = []
        unreadable: list[RejectedRow] = []
        for row in rows:
            try:
                kept.append(self._keeper.kept(row))
            except (msgspec.MsgspecError, RecursionError):
                unreadable.append(self.stripped(row))
        return kept, unreadable

    def stripped(self, row: Raw, reason: str = UNREADABLE) -> RejectedRow:
        """What is left of a row that cannot be read: the plain values that its rows would have had.

        Args:
            row: The bytes of the row.
            reason: Why it cannot be read.
        """
        members = dict(find_members(bytes(row))) if bytes(row)[:1] == b"{" else {}
        plain: dict[str, Raw] = {}
        for name, place in self._each.of_row.items():
            value = members.get(str(place[0])) if len(place) == 1 else None
            if value is not None and kind_of(Raw(value)) in _PLAIN:
                with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                    msgspec.json.decode(value)
                    plain[name] = Raw(value)
        return RejectedRow(Raw(msgspec.json.encode(plain)), reason)

    def made(self, rows: Iterable[Raw]) -> tuple[list[Raw], list[RejectedRow]]:
        """The rows that are made of listed rows.

        Args:
            rows: The JSON of listed rows.

        Returns:
            The rows, and the elements that are none, each with the reason.
        """
        made: list[Raw] = []
        misfits: list[RejectedRow] = []
        names = list(self._each.of_row)
        for row in rows:
            if kind_of(row) != "an object":
                misfits.append(RejectedRow(row, f"it is {kind_of(row)}, no object"))
                continue
            values = dict(zip(self._of_row.order, self._of_row.find(row), strict=True))
            container = values[len(names)]
            taken = [(name, values[at]) for at, name in enumerate(names)]
            kind = kind_of(container)
            self.found |= kind != "null"
            is_object = self._each.key_as is not None
            if kind == "null" or (is_object and bytes(container) == b"[]"):
                continue
            if kind != "an object" and (is_object or kind != "a list"):
                due = "an object" if is_object else "a list"
                why = f"its `{self.path}` is {kind}, where {due} was due"
                misfits.append(RejectedRow(self._elements.row(taken), why))
                continue
            self._elements.take(container, taken, made, misfits)
        return made, misfits


Taken = list[tuple[str, Raw]]


class _Elements:
    """Makes rows of the elements of one listed row.

    Args:
        each: What each listed row is taken apart into.
    """

    def __init__(self, each: EachRow) -> None:
        self._key_as, self._index_as = each.key_as, each.index_as
        self._names: list[bytes] = []
        self._finder: Finder | None = None
        element: Any = Raw
        if each.fields is not None:
            self._finder = Finder(list(each.fields.values()))
            fields = list(each.fields)
            self._names = [msgspec.json.encode(fields[at]) for at in self._finder.order]
            element = self._finder.type
        decoded: Any = element if element is Raw else element | None
        either = list[decoded]
        self._quick = msgspec.json.Decoder(
            either if self._key_as is None else dict[str, either]
        ).decode
        names = [name.replace(b"%", b"%%") for name in self._names]
        self._fields = b",".join(name + b":%b" for name in names) + b"}"
        self._key = b"" if self._key_as is None else _named(self._key_as)
        self._index = (
            b"" if self._index_as is None else _named(self._index_as).replace(b"%", b"%%") + b"%d,"
        )

    def take(
        self, container: Raw, taken: Taken, made: list[Raw], misfits: list[RejectedRow]
    ) -> None:
        """Makes the rows of what is at the path."""
        if self._finder is not None and self._finder.is_quick:
            try:
                made.extend(self._at_once(container, taken, self._finder))
                return
            except (msgspec.ValidationError, AttributeError):
                pass
        members: Iterable[tuple[str, Raw]] = (
            [("", container)] if self._key_as is None else OBJECT.decode(container).items()
        )
        for key, value in members:
            items = LIST.decode(value) if kind_of(value) == "a list" else [value]
            if self._key_as is not None and kind_of(value) == "null":
                continue
            for index, item in enumerate(items):
                self._one(item, [*taken, *self._led(key, index)], made, misfits)

    def _at_once(self, container: Raw, taken: Taken, finder: Finder) -> list[Raw]:
        found: Any = self._quick(container)
        lead = b"{" + b"".join(_named(name) + bytes(value) + b"," for name, value in taken)
        fields, index_of, values_of = self._fields, self._index, finder.values
        parts: list[Raw] = []
        for key, items in [("", found)] if self._key_as is None else found.items():
            head = lead + self._key + msgspec.json.encode(key) + b"," if self._key else lead
            for index, item in enumerate(items):
                begin = head + index_of % index if index_of else head
                parts.append(Raw(begin + fields % (*values_of(item),)))
        return parts

    def _one(self, item: Raw, led: Taken, made: list[Raw], misfits: list[RejectedRow]) -> None:
        kind = kind_of(item)
        if kind != "an object":
            misfits.append(RejectedRow(self.row(led), f"it is made of {kind}, no object"))
            return
        if self._finder is not None:
            lead = b"".join(_named(name) + bytes(value) + b"," for name, value in led)
            made.append(Raw(b"{" + lead + self._fields % (*self._finder.find(item),)))
            return
        own = OBJECT.decode(item)
        for name, value in led:
            if name in own and bytes(own[name]) != bytes(value):
                why = (
                    f"it has a field `{name}` already, with another value: write another name "
                    "in `rows.each`"
                )
                misfits.append(RejectedRow(item, why))
                return
        made.append(self.row([*[pair for pair in led if pair[0] not in own], *own.items()]))

    def _led(self, key: str, index: int) -> Taken:
        led: Taken = []
        if self._key_as is not None:
            led.append((self._key_as, Raw(msgspec.json.encode(key))))
        if self._index_as is not None:
            led.append((self._index_as, Raw(b"%d" % index)))
        return led

    def row(self, members: Taken) -> Raw:
        """A row of nothing but these fields."""
        return Raw(b"{%b}" % _members(members))


def _members(members: Taken) -> bytes:
    return b",".join(_named(name) + bytes(value) for name, value in members)


def _named(name: str) -> bytes:
    return msgspec.json.encode(name) + b":"


def _kept_of(each: EachRow) -> Node:
    element: Node = (
        WHOLE if each.fields is None else node_of((place, WHOLE) for place in each.fields.values())
    )
    container: Node = Items(element, may_be_one=True)
    if each.key_as is not None:
        container = AllMembers(container)
    return node_of(
        [
            *((place, WHOLE) for place in each.of_row.values()),
            *((place, WHOLE) for place in each.also),
            (each.path, container),
        ]
    )
