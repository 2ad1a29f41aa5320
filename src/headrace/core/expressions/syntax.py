"""An expression's text as a syntax tree, whatever other threads parse meanwhile."""

from __future__ import annotations

import ast
import threading
import warnings

# Python 3.11 fails where a garbage collection, while it builds a tree, lets another one be built:
# https://github.com/python/cpython/issues/106905
_ATTEMPTS = 20
# The filters of warnings are the whole process's too.
_PARSING = threading.RLock()


def syntax_tree(text: str) -> ast.expr:
    """Parses an expression in Python's syntax.

    Args:
        text: The expression, in one line.

    Raises:
        SyntaxError: It is no expression.
        ValueError: It holds a character that no source has.
        RecursionError: It is nested too deeply.
        MemoryError: So it is, by far.
    """
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(_ATTEMPTS - 1):
            try:
                return _parsed(text)
            except SystemError:
                continue
        return _parsed(text)


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
