"""Stands in requests for values that nobody knows before the API is asked.

A mark goes through paginators and templates as any text does, also where that is put into a URL,
and `shown` then says in words what will stand there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

# Unicode keeps them free for uses like this.
_BEGIN, _END = "\ufdd2", "\ufdd3"
_PLAIN = re.compile(f"{_BEGIN}([^{_END}]*){_END}")
_ENCODED = re.compile(f"{quote(_BEGIN)}(.*?){quote(_END)}")
_MASK = "***"
_LINK = "the URL that "
_LINKED = re.compile(f"https?://[^/?#]*/({_BEGIN}{_LINK})")


def mark(meaning: str) -> str:
    """A text that stands for a value.

    Args:
        meaning: What the value is, in words; `***` for one that is not to be shown.
    """
    return f"{_BEGIN}{meaning}{_END}"


def link(origin: str, where: str) -> str:
    """A URL that the API gives.

    Args:
        origin: Where it leads: to the API itself.
        where: What gives it, as `page 1 has at next`.
    """
    return f"{origin}/{mark(_LINK + where)}"


def setting(name: str) -> str:
    """A text that stands for a value which is looked up.

    Args:
        name: The NAME of `${NAME}`.
    """
    # As it stands in a config, it would be looked up.
    return mark(f"${name}")


def is_marked(value: Any) -> bool:
    """Whether a mark is in a value, at any depth.

    Args:
        value: A value of a request.
    """
    if isinstance(value, str):
        return _BEGIN in value
    if isinstance(value, Mapping):
        return any(map(is_marked, value.values()))
    return isinstance(value, list | tuple) and any(map(is_marked, value))


def names_in(text: str) -> list[str]:
    """What is looked up for a text, as `${NAME}` or in words.

    Args:
        text: A value of the config.
    """
    return [_in_words(meaning).strip("<>") for meaning in _PLAIN.findall(text)]


def shown(text: str) -> str:
    """The text with what each mark stands for, in words.

    Args:
        text: A text with marks, as they are or as they stand in a URL.
    """
    text = _LINKED.sub(r"\1", text)
    text = _ENCODED.sub(lambda match: _in_words(unquote_plus(match[1])), text)
    return _PLAIN.sub(lambda match: _in_words(match[1]), text)


def _in_words(meaning: str) -> str:
    if meaning == _MASK:
        return meaning
    return f"${{{meaning[1:]}}}" if meaning.startswith("$") else f"<{meaning}>"
