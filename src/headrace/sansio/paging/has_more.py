"""Reads whether there is more, where a page says so."""

from __future__ import annotations

from headrace.core.exceptions import PageError
from headrace.core.json_path import JsonPath
from headrace.core.secrets.redaction import one_line
from headrace.sansio.paging.page import Page

_TRUE = {"yes", "true", "t", "y", "1"}
_FALSE = {"no", "false", "f", "n", "0"}


def has_more(path: JsonPath | None, page: Page) -> bool:
    """Whether a page says that it is not the last one.

    Args:
        path: `has_more_path`; without it nothing speaks against going on.
        page: that came.

    Raises:
        PageError: the path leads to no boolean.
    """
    if path is None:
        return True
    value = path.first(page.document)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    found = "nothing" if value is None else f"{type(value).__name__} `{one_line(str(value), 60)}`"
    raise PageError(
        f"page {page.number}: `paginator.has_more_path` (`{path}`) should lead to true or false, "
        f"but leads to {found}."
    )
