"""An expression's text as a syntax tree, whatever other threads parse meanwhile."""

from __future__ import annotations

import ast
import re
import threading
import warnings

# Python 3.11 fails where a garbage collection, while it builds a tree, lets another one be built:
# https://github.com/python/cpython/issues/106905
_ATTEMPTS = 20
_PARSING = threading.RLock()
# What Python calls an expression's text in warnings: that of `"\d"`, say, which is no fault.
_NAME = "<expression of a config>"
# Filters belong to the whole process: `catch_warnings` would give them back to one thread while
# another has its own, which then stay for good.
_NO_WARNING = ("ignore", None, Warning, re.compile(re.escape(_NAME)), 0)


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
    with _PARSING:
        if _NO_WARNING not in warnings.filters:
            warnings.filterwarnings("ignore", module=re.escape(_NAME))
        for _ in range(_ATTEMPTS - 1):
            try:
                return _parsed(text)
            except SystemError:
                continue
        return _parsed(text)


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, _NAME, mode="eval").body
