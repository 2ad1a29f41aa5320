"""Whether the bytes of an answer are what they are due to be: UTF-8, JSON."""

from __future__ import annotations

import msgspec

BOM = b"\xef\xbb\xbf"
_DOCUMENT = msgspec.json.Decoder(msgspec.Raw)


def require_utf8(text: bytes) -> None:
    """Refuses bytes that are no UTF-8, which readers of JSON may pass over.

    Args:
        text: The bytes.

    Raises:
        UnicodeDecodeError: They are none.
    """
    if not text.isascii():
        text.decode("utf-8")


def is_utf8(text: bytes) -> bool:
    """Whether bytes are UTF-8.

    Args:
        text: The bytes.
    """
    try:
        require_utf8(text)
    except UnicodeDecodeError:
        return False
    return True


def is_json(body: bytes) -> bool:
    """Whether a body is one JSON document; the texts in it are not looked at.

    Args:
        body: The body, which may begin with a byte order mark.
    """
    try:
        _DOCUMENT.decode(body.removeprefix(BOM))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return False
    return True
