"""Says what is wrong with a page that could not be read."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.secrets.redaction import one_line

# Their words for a text that ends too early: msgspec's, and those of Python's decoders.
_CUT_OFF = ("Input data was truncated", "unexpected end of data", "truncated data")
_SHOWN = 200
# By a delimiter of CSV: how it is written in a config.
_SHOWN_DELIMITERS = {"\t": '"\\t"', ";": '";"', "|": '"|"', ",": '","'}
_LOOKED_AT = 16 * 1024


def kind_of_fault(words: str) -> type[PageError]:
    """The error for a page: whether it only ends too early, and may be whole when asked again.

    Args:
        words: What the library says that could not read the page.
    """
    return IncompletePage if words in _CUT_OFF else PageError


def what_came_instead(
    page: bytes, error: Exception, clean: Callable[[str], str], due: str = "JSON"
) -> str:
    """Says what an answer is that is no JSON.

    Args:
        page: The body of the answer, which should be UTF-8.
        error: The error of the library that could not read it.
        clean: Hides secrets in a text.
        due: What it should be.
    """
    shown = beginning(page, clean)
    if not shown:
        return f"the answer is empty where {due} was due"
    if shown.startswith("<"):
        if shown.startswith("<?xml"):
            return f"the answer is HTML or XML where {due} was due: {shown}\n{_written('xml')}"
        return (
            f"the answer is HTML or XML where {due} was due: {shown}\nIs `client.base_url` the "
            "API's, and not that of its web pages?"
        )
    if _is_ndjson(page):
        return (
            f"the answer is not JSON ({error}), but NDJSON, with a JSON document in each line: "
            f"{shown}\n{_written('jsonl')}"
        )
    delimiter = delimiter_of(page)
    if delimiter is not None and due != "NDJSON":
        is_comma = delimiter == ","
        key = "csv" if is_comma else f"{{type: csv, delimiter: {_SHOWN_DELIMITERS[delimiter]}}}"
        return f"the answer is not JSON ({error}), but looks like CSV: {shown}\n{_written(key)}"
    return f"the answer is not {due} ({error}): {shown}"


def _written(decoder: str) -> str:
    return f"If that is how the API answers, write `decoder: {decoder}` into `endpoint`."


def delimiter_of(page: bytes) -> str | None:
    """What parts the cells of a text that looks like CSV, by its first two lines.

    Args:
        page: The body of the answer, which should be UTF-8.

    Returns:
        The delimiter; None where it does not look like CSV.
    """
    lines = page[:_LOOKED_AT].lstrip().splitlines()[:2]
    if len(lines) < len(("header", "row")):
        return None
    for delimiter in _SHOWN_DELIMITERS:
        counts = {line.count(delimiter.encode()) for line in lines}
        if len(counts) == 1 and counts != {0}:
            return delimiter
    return None


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
