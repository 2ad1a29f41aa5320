"""Cuts a page into its rows' bytes and the small rest, without decoding the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from jsonpath_ng import JSONPath

from headrace.exceptions import PageError
from headrace.json_path import JsonPath
from headrace.rows.list_detection import find_list

_BOM = b"\xef\xbb\xbf"
_SHOWN = 200
_WHITESPACE = b" \t\r\n"

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])

Decoded = TypeVar("Decoded")


@dataclass(frozen=True, slots=True)
class SlicedPage:
    """A page taken apart.

    Args:
        rows: the bytes of each row, still JSON.
        rest: the page's JSON without the rows.
        document: `rest`, or the whole page's JSON where the slicer was told to keep it.
    """

    rows: list[msgspec.Raw]
    rest: Any
    document: Any


class PageSlicer:
    """Finds the rows of a listing's pages.

    Args:
        selector: JSONPath to the rows. None: the list is looked for in the first page, as dlt
            does, and taken from the same place in later ones.
        paths: what will be looked up in `SlicedPage.document`.
    """

    def __init__(self, selector: str | JSONPath | None, paths: tuple[JsonPath, ...] = ()) -> None:
        self._selector = JsonPath(selector) if selector is not None else None
        self._steps = self._selector.steps if self._selector else None
        self._paths = paths

    def slice(self, body: bytes, content_type: str = "application/json") -> SlicedPage:
        """Cuts one page.

        Args:
            body: the page as it came.
            content_type: its header; a charset in it is heeded.

        Raises:
            PageError: the body is not JSON, or the selector leads nowhere in it.
        """
        page = _as_utf8(body, content_type)
        if self._selector is None and self._steps is None:
            self._steps = find_list(_decode(msgspec.json.decode, page, body))
        if self._steps is None:
            return self._search(page, body)
        found, rest = self._descend(msgspec.Raw(page), self._steps, body)
        rows = _rows_of(found, body)
        if len(rows) == 1 and self._selector is not None and self._selector.spread:
            rows = _rows_of(rows[0], body)
        if self._leads_into_rows():
            return SlicedPage(rows, rest, _decode(msgspec.json.decode, page, body))
        return SlicedPage(rows, rest, rest)

    def _descend(
        self, value: msgspec.Raw, steps: tuple[str, ...], body: bytes
    ) -> tuple[msgspec.Raw, Any]:
        if not steps:
            return value, {}
        if _kind(value) != "object":
            raise self._not_found(steps[0], f"there is a {_kind(value)}, no object, to look in")
        fields = _decode(_OBJECT.decode, value, body)
        if steps[0] not in fields:
            keys = ", ".join(f"`{key}`" for key in fields) or "no keys at all"
            raise self._not_found(steps[0], f"the keys there are: {keys}")
        found, inner = self._descend(fields.pop(steps[0]), steps[1:], body)
        rest = {key: _decode(msgspec.json.decode, raw, body) for key, raw in fields.items()}
        if len(steps) > 1:
            rest[steps[0]] = inner
        return found, rest

    def _not_found(self, step: str, why: str) -> PageError:
        return PageError(
            f"`data_selector` is `{self._selector or '.'.join(self._steps or ())}`, but the answer "
            f"has no `{step}`: {why}. Check `endpoint.data_selector`, or whether this is an error "
            "in the guise of a success."
        )

    def _search(self, page: bytes, body: bytes) -> SlicedPage:
        """For a selector that is more than a way through keys: decode, search, encode again."""
        document = _decode(msgspec.json.decode, page, body)
        values = self._selector.find(document) if self._selector else []
        if len(values) == 1:
            values = values[0] if isinstance(values[0], list) else values
        rows = [msgspec.Raw(msgspec.json.encode(value)) for value in values if value is not None]
        return SlicedPage(rows, document, document)

    def _leads_into_rows(self) -> bool:
        """Whether a path has to be looked up in the rows, which the rest does not hold."""
        steps = self._steps or ()
        return any(path.steps is None or path.steps[: len(steps)] == steps for path in self._paths)


def _rows_of(value: msgspec.Raw, body: bytes) -> list[msgspec.Raw]:
    """The items of a list; a single value is a list of one, and null of none, as in dlt."""
    kind = _kind(value)
    if kind == "null":
        return []
    return _decode(_LIST.decode, value, body) if kind == "list" else [value]


def _kind(value: msgspec.Raw) -> str:
    """What a JSON value is, by its first byte."""
    first = bytes(memoryview(value)[:64]).lstrip(_WHITESPACE)[:1]
    if first in (b"{", b"[", b'"', b"n", b"t", b"f"):
        kinds: Mapping[bytes, str] = {
            b"{": "object",
            b"[": "list",
            b'"': "text",
            b"n": "null",
            b"t": "boolean",
            b"f": "boolean",
        }
        return kinds[first]
    return "number"


def _as_utf8(body: bytes, content_type: str) -> bytes:
    """The page as valid UTF-8 without a byte order mark, read in the charset that it claims."""
    charset = "utf-8"
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "charset" and value:
            charset = value.strip("\"' ").lower()
    try:
        if charset in ("utf-8", "utf8", "us-ascii", "ascii"):
            if not body.isascii():
                body.decode("utf-8")
            page = body
        else:
            page = body.decode(charset).encode()
    except LookupError:
        raise PageError(f"the answer claims the unknown charset `{charset}`") from None
    except UnicodeDecodeError as error:
        raise PageError(
            f"the answer is not valid {charset}: {error.reason} at byte {error.start:,} of "
            f"{len(body):,}"
        ) from None
    return page.removeprefix(_BOM)


def _decode(decode: Callable[[Any], Decoded], value: bytes | msgspec.Raw, body: bytes) -> Decoded:
    try:
        return decode(value)
    except RecursionError:
        raise PageError("the answer nests lists or objects too deeply to be read") from None
    except msgspec.MsgspecError as error:
        raise PageError(_what_came_instead(body, error)) from None


def _what_came_instead(body: bytes, error: msgspec.MsgspecError) -> str:
    beginning = " ".join(body[: _SHOWN * 4].decode("utf-8", errors="replace").split())
    shown = beginning if len(beginning) <= _SHOWN else beginning[:_SHOWN] + "…"
    if not beginning:
        return "the answer is empty where JSON was due"
    if beginning.startswith("<"):
        return (
            f"the answer is HTML or XML where JSON was due: {shown}\nIs `client.base_url` the "
            "API's, and not that of its web pages?"
        )
    return f"the answer is not JSON ({error}): {shown}"
