"""Suggests the name that was probably meant where an unknown one was written."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: object, known: Iterable[str]) -> str | None:
    """Finds the known name that is spelled most like another one; upper and lower case are alike.

    Args:
        name: What was written.
        known: The names that there are.

    Returns:
        One of the known names as it is spelled, or None where none is near.
    """
    by_folded = {each.casefold(): each for each in known}
    found = get_close_matches(str(name).casefold(), by_folded, n=1)
    return by_folded[found[0]] if found else None


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Asks for the name that was probably meant.

    Args:
        name: What was written; it is not part of the question.
        known: The names that there are.

    Returns:
        A question as "did you mean `limit`? ", with a blank after it for what follows; empty where
        no known name is near.
    """
    near = nearest(name, known)
    return f"did you mean `{near}`? " if near is not None else ""
