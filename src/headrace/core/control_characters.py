"""Makes visible what in a text would steer a terminal, or deceive who reads it there."""

from __future__ import annotations

import json
import re

# C0 without tab and line feed, DEL, C1; marks that turn the direction of writing; what takes no
# room, but for the two joiners that scripts need; line ends that only some know; lone surrogates,
# which no stream takes.
_HIDDEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
_CONTROL = re.compile(f"[{_HIDDEN}]")


def visible(text: str) -> str:
    r"""Writes control characters as JSON does: `\u001b` for ESC.

    A JSON document stays one, and means the same: outside of its texts are only line feeds.

    Args:
        text: The text. Its line feeds and tabs stay.
    """
    return _CONTROL.sub(lambda match: json.dumps(match.group())[1:-1], text)
