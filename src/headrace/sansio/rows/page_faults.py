"""Says what is wrong with a page that could not be read."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.secrets.redaction import one_line

# Their words for a text that ends too early: msgspec's, and those of Python's decoders.
_CUT_OFF = ("Input data was truncated", "unexpected end of data", "truncated data")
_SHOWN = 200
_BY_FUNCTION = (
    "Where the API has no JSON, a function in `response_actions` makes it of such an answer."
)
_LOOKED_AT = 16 * 1024


def kind_of_fault(words: str) -> type[PageError]:
    """The error for a page: whether it only ends too early, and may be whole when asked again.

    Args:
        words: What the library says that could not read the page.
    """
    return IncompletePage if words in _CUT_OFF else PageError


def what_came_instead(page: bytes, error: Exception, clean: Callable[[str], str]) -> str:
    """Says what an answer is that is no JSON.

    Args:
        page: The body of the answer, which should be UTF-8.
        error: The error of the library that could not read it.
        clean: Hides secrets in a text.
    """
    shown = beginning(page, clean)
    if not shown:
        return "the answer is empty where JSON was due"
    if shown.startswith("<"):
        if shown.startswith("<?xml"):
            return f"the answer is HTML or XML where JSON was due: {shown}\n{_BY_FUNCTION}"
        return (
            f"the answer is HTML or XML where JSON was due: {shown}\nIs `client.base_url` the "
            "API's, and not that of its web pages?"
        )
    if _is_ndjson(page):
        return (
            f"the answer is not JSON ({error}), but NDJSON, with a JSON document in each line: "
            f"{shown}\n{_BY_FUNCTION}"
        )
    return f"the answer is not JSON ({error}): {shown}"


def _is_ndjson(page: bytes) -> bool:
    first, *others = page[:_LOOKED_AT].split(b"\n", 2)
    try:
        return bool(others) and isinstance(msgspec.json.decode(first), dict | list)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return False


def beginning(page: bytes, clean: Callable[[str], str]) -> str:
    """The first 200 characters of a page, on one line and without secrets.

    Args:
        page: The body of the answer, which should be UTF-8.
        clean: Hides secrets in a text.
    """
    # Secrets are hidden before the text is cut: half a secret would not be known for one.
    return one_line(clean(page[:_LOOKED_AT].decode("utf-8", errors="replace")), _SHOWN)
