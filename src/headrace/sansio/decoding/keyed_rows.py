"""An object of rows by their keys, and rows that are plain values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from headrace.core.exceptions import PageError
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.decoding.shaped_rows import ShapedRowsSlicer
from headrace.sansio.decoding.slicer import Slicer
from headrace.sansio.rows import RejectedRow, SlicedPage
from headrace.sansio.rows.empty_pages import is_nothing_but_error
from headrace.sansio.rows.json_rows import kind_of
from headrace.sansio.rows.page_faults import beginning
from headrace.sansio.rows.tolerant import find_members

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_NULL = msgspec.Raw(b"null")
_OTHER_KIND = "it is "


@dataclass(frozen=True, slots=True)
class KeyedRows:
    """Which fields the keys and the values get.

    Args:
        key: The field for the key of each row; None where rows have none.
        value: The field for rows that are plain values; None where rows are objects.
    """

    key: str | None = None
    value: str | None = None


class KeyedRowsSlicer(ShapedRowsSlicer):
    """Makes rows of objects of rows, and of plain values.

    Args:
        slicer: Cuts the pages into such objects or values.
        shape: Which fields the keys and the values get.
        clean: Hides secrets in what an error shows of a page.
    """

    def __init__(self, slicer: Slicer, shape: KeyedRows, clean: Callable[[str], str] = str) -> None:
        super().__init__(slicer)
        self._key = shape.key
        self._name = msgspec.json.encode(shape.key or "")
        self._value = None if shape.value is None else msgspec.json.encode(shape.value)
        self._clean = clean

    def _shaped(self, page: SlicedPage) -> SlicedPage:
        rows: list[msgspec.Raw] = []
        misfits: list[RejectedRow] = []
        items = 0
        for found in page.rows:
            if self._key is None:
                self._take(found, None, rows, misfits)
                continue
            if kind_of(found) != "an object":
                misfits.append(
                    RejectedRow(found, f"{_OTHER_KIND}{kind_of(found)}, no object of rows")
                )
                continue
            members = _members_of(found)
            self._refuse_error(dict(members), found, is_only=len(page.rows) == 1)
            items += len(members)
            for key, value in members:
                for each in _items(value):
                    self._take(each, key, rows, misfits)
        if misfits and not rows and all(each.reason.startswith(_OTHER_KIND) for each in misfits):
            raise PageError(
                "`endpoint.rows` does not fit the page: of what `data_selector` leads to, nothing "
                f"has that shape. The first one: {misfits[0].reason}"
            )
        return replace(
            page,
            rows=rows,
            unreadable=[*page.unreadable, *misfits],
            items=page.items if not items or items == len(rows) + len(misfits) else items,
        )

    def _take(
        self,
        found: msgspec.Raw,
        key: str | None,
        rows: list[msgspec.Raw],
        misfits: list[RejectedRow],
    ) -> None:
        """Makes a row of a value and its key, or says why not."""
        row, reason = self._row(found, key)
        if reason is None:
            rows.append(row)
        else:
            misfits.append(RejectedRow(row, reason))

    def _row(self, found: msgspec.Raw, key: str | None) -> tuple[msgspec.Raw, str | None]:
        text = bytes(found)
        # A name may also be written with escapes.
        may_have_field = self._name in text or b"\\u" in text
        if key is not None and self._value is None and text[:1] == b"{" and not may_have_field:
            return self._led(text, key), None
        kind = kind_of(found)
        if self._value is not None:
            if kind in ("an object", "a list"):
                return self._with_key(
                    found, key
                ), f"{_OTHER_KIND}{kind}, where a plain value was due"
            fields = b"{%b:%b}" % (self._value, bytes(found))
            return self._with_key(msgspec.Raw(fields), key), None
        if kind == "null":
            return self._with_key(msgspec.Raw(b"{}"), key), None
        if kind != "an object":
            return self._with_key(found, key), (
                f"{_OTHER_KIND}{kind}, no object: `rows.value_as` names a field for plain values"
            )
        other = self._other_key(found, key)
        if other is not None:
            return found, (
                f"it has a field `{self._key}` already, with {other}, where its key is `{key}`: "
                "write another name as `rows.key_as`"
            )
        return self._with_key(found, key), None

    def _other_key(self, row: msgspec.Raw, key: str | None) -> str | None:
        """What the row has in the field for its key, where that is another value."""
        if self._key is None:
            return None
        there = _OBJECT.decode(row).get(self._key)
        if there is None or _text_of(there) == key:
            return None
        return bytes(there).decode("utf-8", "replace")

    def _with_key(self, row: msgspec.Raw, key: str | None) -> msgspec.Raw:
        """A row with its key; what is no object stays as it is."""
        text = bytes(row)
        if key is None or not text.startswith(b"{"):
            return row
        if self._key in _OBJECT.decode(row):
            return row
        return self._led(text, key)

    def _led(self, row: bytes, key: str) -> msgspec.Raw:
        """A row with its key as the first field."""
        rest = row[1:].lstrip()
        begin = b"{%b:%b" % (self._name, msgspec.json.encode(key))
        return msgspec.Raw(begin + rest if rest == b"}" else begin + b"," + rest)

    def _refuse_error(
        self, members: dict[str, msgspec.Raw], found: msgspec.Raw, *, is_only: bool
    ) -> None:
        """Refuses an answer that is an error, where it would be an object of rows."""
        if (
            self._slicer.rows_at
            or not is_only
            or len(members) > len(("error", "code", "path", "at"))
        ):
            return
        if is_nothing_but_error({key: msgspec.json.decode(raw) for key, raw in members.items()}):
            raise PageError(
                "the answer is an error in the guise of a success: "
                f"{beginning(bytes(found), self._clean)}"
            )


def _members_of(found: msgspec.Raw) -> Collection[tuple[str, msgspec.Raw]]:
    """The members of an object, also those that others with the same key follow."""
    members = _OBJECT.decode(found)
    if _length_of(members) == len(bytes(found)):
        return members.items()
    # There are blanks between the members, or more of them, or a key is written with escapes.
    compact = msgspec.json.format(bytes(found), indent=-1)
    if _length_of(_OBJECT.decode(compact)) == len(compact):
        return members.items()
    return [(key, msgspec.Raw(value)) for key, value in find_members(bytes(found))]


def _length_of(members: dict[str, msgspec.Raw]) -> int:
    """How long an object is that has these members, without blanks between them."""
    keys = sum(len(msgspec.json.encode(key)) for key in members)
    values = sum(len(memoryview(value)) for value in members.values())
    return keys + values + len("{}") + len(":,") * len(members) - (len(members) > 0)


def _items(value: msgspec.Raw) -> Iterator[msgspec.Raw]:
    """The values of a list, or the value itself."""
    if kind_of(value) == "a list":
        yield from _LIST.decode(value)
    else:
        yield value


def _text_of(value: msgspec.Raw) -> str:
    """A value as a key of JSON would be: numbers as their digits."""
    decoded: Any = msgspec.json.decode(value)
    return decoded if isinstance(decoded, str) else bytes(value).decode()
