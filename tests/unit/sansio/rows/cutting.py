"""Cuts a page as a listing does."""

from __future__ import annotations

import json
from typing import Any

from headrace.core.json_path import JsonPath
from headrace.sansio.rows.slicing import PageSlicer, SlicedPage


def cut(document: Any, selector: str | None = None, *paths: str) -> SlicedPage:
    """What is left of a document without its rows, and the rows.

    Args:
        document: The page, as it is before it becomes JSON.
        selector: The path of the rows; None to have them detected.
        paths: What a paginator would look up in the page.
    """
    slicer = PageSlicer(selector, lambda: tuple(JsonPath(path) for path in paths))
    return slicer.slice(json.dumps(document).encode())
