"""Requests that begin below a key, far down in a listing, without having come there."""

from __future__ import annotations

import json
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.tail.key_texts import text_at_least
from headrace.sansio.tail.keys import Key, KeyKind, read_key
from headrace.sansio.tail.ledger import Walk
from headrace.sansio.tail.messages import ListAsk
from headrace.sansio.tail.settings import KeyLaneSettings


@dataclass(frozen=True, slots=True)
class KeyStarts:
    """Makes requests that begin below a key.

    Args:
        lanes: How the config says that they are made.
        kind: The kind of the listing's keys.
        example: A key as the API writes it.
        names_text: Whether the cursors of the API are texts.
    """

    lanes: KeyLaneSettings
    kind: KeyKind
    example: Any
    names_text: bool = True

    @property
    def filters(self) -> bool:
        """Whether the API filters by key, and no cursor is made."""
        return self.lanes.cursor_below is None

    @property
    def way(self) -> str:
        """The key of the config that says how."""
        return f"`endpoint.lanes.{'below_param' if self.filters else 'cursor'}`"

    def text(self, key: Key) -> str:
        """A key as the API writes keys; the next higher one that it can write."""
        return text_at_least(key, self.example, self.kind) or str(key)

    def highest(self, key: Key) -> Key:
        """The highest key that an answer may show where rows below a key are asked for."""
        written = read_key(self.text(key), self.kind)
        return key if written is None else max(key, written)

    def cursor_below(self, key: Key) -> str | None:
        """The cursor of the rows below a key, as JSON; None where they are asked for otherwise."""
        if self.lanes.cursor_below is None:
            return None
        made = self.lanes.cursor_below(self.text(key))
        return json.dumps(made) if self.names_text else made

    def walk_below(self, key: Key) -> Walk:
        """The chain of pages below a key."""
        return Walk(self.cursor_below(key), key, by_key=self.filters)

    def ask_below(self, key: Key) -> ListAsk:
        """Asks for the page that begins below a key."""
        if self.filters:
            return ListAsk(None, self.text(key))
        return ListAsk(self.cursor_below(key))
