"""Brings ledgers that earlier versions of Headrace have saved to the form that is written now.

Each change of that form has a number, and a function that makes the form of the next number out of
it. So a ledger of any age is read by going through them in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

VERSION = 4
"""The number of the form that is written now."""


def _first_change(state: Mapping[str, Any]) -> dict[str, Any]:
    """Version 1 was written without `first_change` at first, and with it later."""
    return {"first_change": None, **state}


def _hidden_rows(state: Mapping[str, Any]) -> dict[str, Any]:
    """Version 2 knew no listing of hidden rows, and not which missing keys had been asked for."""
    found = {**state, "answered": "", "vain": 0, "heeded": None, "unheeded": {}, "looked": None}
    if (sync := state["sync"]) is not None:
        own = {"own_walk": None, "knows_hidden": False, "hidden_asked": None, "top_asked": None}
        found["sync"] = {**sync, **own}
    return found


def _lanes(state: Mapping[str, Any]) -> dict[str, Any]:
    """Version 3 read the first listing in one lane."""
    return {"split": None, **state}


_STEPS: Mapping[int, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    1: _first_change,
    2: _hidden_rows,
    3: _lanes,
}
"""By the number of each earlier form, what makes the next one out of it."""


def upgraded(state: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a saved ledger the form that is written now.

    Args:
        state: The ledger as some version has saved it; it stays as it is.

    Raises:
        LookupError: No version has saved a ledger of that form.
    """
    found = dict(state)
    while found["version"] != VERSION:
        version = found["version"]
        found = {**_STEPS[version](found), "version": version + 1}
    return found
