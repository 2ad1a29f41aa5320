"""Reading an expression while other code parses too."""

from __future__ import annotations

import ast
import gc
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from headrace.core.expressions.expression import Expression
from headrace.core.expressions.syntax import syntax_tree


@contextmanager
def another_parses_in_the_midst(times: int) -> Iterator[list[ast.AST]]:
    """Collects garbage at each new object, and parses in its course, as any thread's code may."""
    parsed: list[ast.AST] = []

    def parse(phase: str, _: dict[str, Any]) -> None:
        if phase == "start" and len(parsed) < times:
            parsed.append(ast.parse("a.b + c[0]"))

    threshold = gc.get_threshold()
    gc.callbacks.append(parse)
    gc.set_threshold(1)
    try:
        yield parsed
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(parse)


@pytest.mark.parametrize("times", [20, 100])
def test_an_expression_is_read_though_another_is_parsed_meanwhile(times: int) -> None:
    text = "[row['id'] for row in response['data'] if row['status'] in ('success', 'error')]"
    expected = ast.dump(ast.parse(text, mode="eval").body)

    with another_parses_in_the_midst(times) as parsed:
        found = syntax_tree(text)
        gc.collect()

    assert ast.dump(found) == expected
    assert parsed


def test_threads_that_read_expressions_leave_the_warnings_as_they_are() -> None:
    Expression("rows == 0")
    before, interval = list(warnings.filters), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            for _ in range(5):
                read = list(threads.map(lambda n: Expression(f"{n} == rows").text, range(500)))
                assert warnings.filters == before
    finally:
        sys.setswitchinterval(interval)
    assert read == [f"{n} == rows" for n in range(500)]


def test_no_block_of_filters_is_entered_that_another_thread_would_leave() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "catch_warnings", None)
        assert Expression("1 + rows * 2 == response['n'] % 3", ("rows", "response")).evaluate(
            {"rows": 0, "response": {"n": 4}}
        )


def test_an_escape_that_is_none_is_read_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Expression(r"rows == '\d'").evaluate({"rows": r"\d"})
        with pytest.raises(Warning):
            warnings.warn("of the program itself", stacklevel=1)
