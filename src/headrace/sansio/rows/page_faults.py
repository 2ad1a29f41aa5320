"""Says what is wrong with a page that could not be read."""

from __future__ import annotations

from collections.abc import Callable

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.secrets.redaction import one_line

# Their words for a text that ends too early: msgspec's, and those of Python's decoders.
_CUT_OFF = ("Input data was truncated", "unexpected end of data", "truncated data")
_SHOWN = 200
_LOOKED_AT = 16 * 1024


def kind_of_fault(words: str) -> type[PageError]:
    """Whether a page only ends too early, and may be whole when asked for again.

    Args:
        words: of the library that could not read it.
    """
    return IncompletePage if words in _CUT_OFF else PageError


def what_came_instead(page: bytes, error: Exception, clean: Callable[[str], str]) -> str:
    """The story of a page that is no JSON.

    Args:
        page: in UTF-8, more or less.
        error: of the library that could not read it.
        clean: hides secrets.
    """
    shown = beginning(page, clean)
    if not shown:
        return "the answer is empty where JSON was due"
    if shown.startswith("<"):
        return (
            f"the answer is HTML or XML where JSON was due: {shown}\nIs `client.base_url` the "
            "API's, and not that of its web pages?"
        )
    return f"the answer is not JSON ({error}): {shown}"


def beginning(page: bytes, clean: Callable[[str], str]) -> str:
    """The first characters of a page, fit to be shown.

    Args:
        page: in UTF-8, more or less.
        clean: hides secrets.
    """
    # Secrets are hidden before the text is cut: half a secret would not be known for one.
    return one_line(clean(page[:_LOOKED_AT].decode("utf-8", errors="replace")), _SHOWN)
