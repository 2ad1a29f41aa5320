"""Reads a listing's later pages in one pass, once its first page has shown what they look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

# A server whose pages differ each time is read the long way: a new type costs a millisecond.
_MOST_SHAPES = 8


class PageShape:
    """The keys around the rows of a listing's pages, as a type for msgspec to decode.

    msgspec decodes a page with a known type in one pass, which takes a part of the time that the
    way through each level by itself takes.

    Args:
        steps: The keys that lead to the rows, from the outermost on; at least one.
    """

    def __init__(self, steps: tuple[str, ...]) -> None:
        self._steps = steps
        self._decoder: msgspec.json.Decoder[Any] | None = None
        self._learnt: Any = UNSET
        self._field_names: list[dict[str, str]] = []
        self._shapes = 0

    def cut(self, page: bytes) -> tuple[list[Raw], dict[str, Any]] | None:
        """Cuts a page into its rows and the rest; None where the page has another shape.

        Args:
            page: The page, in UTF-8.
        """
        if self._learnt is not UNSET:
            self._make_decoder()
        if self._decoder is None:
            return None
        try:
            found = self._decoder.decode(page)
        except (msgspec.MsgspecError, RecursionError):
            return None
        rest: dict[str, Any] = {}
        inner = rest
        for depth, field_names in enumerate(self._field_names):
            for name, key in field_names.items():
                value = getattr(found, name)
                if value is not UNSET:
                    inner[key] = value
            found = found.rows
            if depth < len(self._steps) - 1:
                inner[self._steps[depth]] = inner = {}
        return found, rest

    def learn(self, rest: Any) -> None:
        """Learns the shape of a page that was cut the long way; later pages should have the same.

        Args:
            rest: The JSON of that page without its rows.
        """
        if self._shapes < _MOST_SHAPES:
            self._shapes += 1
            # The type is made once there is a later page: of many listings there never is.
            self._learnt = rest

    def _make_decoder(self) -> None:
        rest, self._learnt = self._learnt, UNSET
        self._field_names = []
        try:
            self._decoder = msgspec.json.Decoder(self._type(self._steps, rest))
        except ValueError:  # a key that msgspec has no name for, as one with a quote in it
            self._decoder = None

    def _type(self, steps: tuple[str, ...], rest: Mapping[str, Any]) -> Any:
        if not steps:
            return list[Raw]
        keys = [key for key in rest if key != steps[0]]
        field_names = {f"field{number}": key for number, key in enumerate(keys)}
        self._field_names.append(field_names)
        inner = self._type(steps[1:], rest.get(steps[0], {}))
        return msgspec.defstruct(
            "Page",
            [("rows", inner), *((name, Any | UnsetType, UNSET) for name in field_names)],
            rename={"rows": steps[0], **field_names},
            forbid_unknown_fields=True,
        )
