"""What an expression may do, and that nothing else gets through."""

from __future__ import annotations

import copy
import pickle
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import ExpressionError
from headrace.core.expressions.expression import STOP_CONDITION_NAMES, Expression

SETTLED_WHEN = (
    "status in ('success', 'error', 'canceled', 'crashed') if status is not None "
    "else stoppedAt is not None and waitTill is None"
)
PAGE: dict[str, Any] = {
    "response": {"nextCursor": "abc", "total": 7, "list": [1, 2, 3], "canary": "s3cr3t"},
    "headers": {"X-More": "false"},
    "rows": 3,
    "page": 2,
}


def stop(text: str, **values: object) -> object:
    return Expression(text, STOP_CONDITION_NAMES).evaluate({**PAGE, **values})


@pytest.mark.parametrize(
    ("response", "stops"),
    [
        ({}, True),
        ({"nextCursor": None}, True),
        ({"nextCursor": ""}, True),
        ({"nextCursor": "a"}, 0),
    ],
)
def test_the_guides_stop_condition(response: dict[str, Any], stops: bool) -> None:
    assert stop("not response.get('nextCursor', {})", response=response) == stops


@pytest.mark.parametrize(
    ("row", "settled"),
    [
        ({"status": "success"}, True),
        ({"status": "running"}, False),
        ({"status": None, "stoppedAt": "2024-01-01"}, True),
        ({"stoppedAt": "2024-01-01", "waitTill": "2024-01-02"}, False),
        ({}, False),
    ],
)
def test_an_absent_field_of_a_row_is_none(row: dict[str, Any], settled: bool) -> None:
    assert Expression(SETTLED_WHEN).evaluate(row) is settled


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rows < 250 and page >= 2", True),
        ("1 < rows <= 3 != 4", True),
        ("response['list'][1]", 2),
        ("response['list'][-2:]", [2, 3]),
        ("len(response.get('list', []))", 3),
        ("headers['X-More'].lower() == 'false'", True),
        ("response['total'] - rows * (page - 1) <= 0", False),
        ("response['total'] // 2 + response['total'] % 2 + 7 / 2", 7.5),
        ("max(rows, page) if not any([0, None]) else min(1, 2)", 3),
        ("'nextCursor' not in response", False),
        ("'nextCursor' in response.keys()", True),
        ("response is None or {1: (2,)} == {1: (2,)}", True),
        ("response['nextCursor'].startswith(('a', 'b'))", True),
        ("rows\n  == 3\n", True),
        ("-abs(int('4')) in {-4}", True),
        ("str(True) + 'x'", "Truex"),
    ],
)
def test_what_is_allowed(text: str, value: object) -> None:
    assert stop(text) == value


REFUSED_WHEN_READ = [
    ("", "empty"),
    ("response.get(", "cannot be read"),
    ("a b", "at character"),
    ("respones.get('x')", "did you mean `response`"),
    ("open('/etc/passwd')", "`open()` is not a known function"),
    ("lne(response)", "did you mean `len`"),
    ("len", "`len` is not a known name"),
    ("getattr(response, 'keys')", "`getattr()`"),
    ("eval('1')", "`eval()`"),
    ("exec('1')", "`exec()`"),
    ("type(response)", "`type()`"),
    ("list(response)", "`list()`"),
    ("dict(a=1)", "by name"),
    ("__import__('os').system('true')", "`.system()`"),
    ("import os", "cannot be read"),
    ("response.__class__", "`.__class__`"),
    ("().__class__.__bases__[0].__subclasses__()", "__subclasses__"),
    ("''.__class__.__mro__", "__mro__"),
    ("response.get.__self__", "__self__"),
    ("response.nextCursor", "write ['nextCursor']"),
    ("response.pop('total')", "`.pop()` is not a known method"),
    ("'{0.__class__}'.format(response)", "`.format()`"),
    ("'{x}'.format_map(response)", "`.format_map()`"),
    ("'a'.replace('', 'b')", "`.replace()`"),
    ("'a'.join(response)", "`.join()`"),
    ("'a'.center(999999999)", "`.center()`"),
    ("'1'.zfill(999999999)", "`.zfill()`"),
    ("f'{response}'", "f-string"),
    ("f'{rows:999999999}'", "f-string"),
    ("lambda: 1", "`lambda`"),
    ("(lambda: 1)()", "only a function or a method"),
    ("[x for x in response]", "comprehension"),
    ("{x: 1 for x in response}", "comprehension"),
    ("any(x for x in response)", "comprehension"),
    ("(x := 1)", "`:=`"),
    ("max(*[1, 2])", "`*`"),
    ("[*response]", "`*`"),
    ("{**response}", "`**`"),
    ("max([1], key=len)", "by name"),
    ("int('ff', 16)", "one argument"),
    ("9**9**9", "`**`"),
    ("2 << 999999", "`<<`"),
    ("~rows", "cannot be used"),
    ("rows & 1", "cannot be used"),
    ("b'x'", "bytes"),
    ("2j", "complex"),
    ("...", "ellipsis"),
    ("await response", "`await`"),
    ("x = 1", "cannot be read"),
    ("rows; page", "cannot be read"),
    ("(" * 500 + ")" * 500, "cannot be read"),
    ("[" * 150 + "]" * 150, "nested too deeply"),
    ("-" * 1_900 + "1", "nested too deeply"),
    ("not " * 450 + "1", "nested too deeply"),
    ("+".join(["1"] * 900), "nested too deeply"),
    ("rows" + " " * 2_000, "too long"),
    ("'\x00'", "cannot be read"),
    ("'\ud800'", "cannot be read"),
]


@pytest.mark.parametrize(("text", "phrase"), REFUSED_WHEN_READ)
def test_what_is_refused_when_read(text: str, phrase: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ExpressionError) as caught:
        Expression(text, STOP_CONDITION_NAMES)
    assert phrase in str(caught.value)
    assert str(caught.value).encode()
    assert caught.value.__cause__ is None
    assert time.perf_counter() - started < 1


def test_any_name_is_no_way_around_the_check() -> None:
    for text, _ in REFUSED_WHEN_READ:
        if text in ("len", "respones.get('x')"):
            continue
        with pytest.raises(ExpressionError):
            Expression(text).evaluate({})
    with pytest.raises(ExpressionError):
        Expression("__builtins__")


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("response['absent']", "use .get('absent')"),
        ("response[response['canary']]", "KeyError, a key is not there"),
        ("response['list'][9]", "IndexError: list index out of range"),
        ("response['total'] + 'x'", "TypeError"),
        ("response.get([])", "unhashable"),
        ("rows / 0", "division by zero"),
        ("int(response['canary'])", "ValueError"),
        ("response['list'].index(response['canary'])", "ValueError"),
        ("response.get('absent').get('x')", "None has no `.get()`"),
        ("rows.split()", "type int has no `.split()`"),
        ("response.lower()", "type dict has no `.lower()`"),
        ("'%999999999d' % 1", "`%` is for numbers"),
        ("'%s' % response", "`%` is for numbers"),
        ("'a' * 999999999", "`*` is for numbers"),
        ("[0] * 999999999", "`*` is for numbers"),
        ("*".join(["9" * 99] * 20), "too large"),
        ("response['big'] + response['big']", "too long"),
        ("str(response['huge'])", "ValueError"),
        ("int('9' + response['big'])", "ValueError"),
    ],
)
def test_failures_on_the_data_name_the_keys_and_show_no_value(text: str, phrase: str) -> None:
    response = {**PAGE["response"], "big": "b" * 60_000, "huge": 10**5_000}
    with pytest.raises(ExpressionError) as caught:
        stop(text, response=response)
    message = str(caught.value)
    assert phrase in message
    assert "`response` has: nextCursor, total, list, canary, big, huge" in message
    assert "s3cr3t" not in message
    assert len(message) < 500


def test_a_name_without_a_value() -> None:
    with pytest.raises(ExpressionError, match="`page` has no value here"):
        Expression("page", STOP_CONDITION_NAMES).evaluate({})


def test_a_response_that_is_nested_too_deeply() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ExpressionError, match="nested too deeply"):
        stop("str(response)", response=nested)
    while nested:
        nested = nested.pop()


def test_it_can_be_copied_and_compared() -> None:
    expression = Expression("rows == 0", STOP_CONDITION_NAMES)
    for twin in (copy.deepcopy(expression), pickle.loads(pickle.dumps(expression))):
        assert twin == expression
        assert hash(twin) == hash(expression)
        assert twin.evaluate({"rows": 0}) is True
    assert expression != Expression("rows == 0")
    assert repr(expression) == "Expression('rows == 0')"


PIECES = (
    "response rows ( ) [ ] { } . get keys lower 'a' '%9d' 1 99999999 + - * ** / // % < == in is "
    "not and or if else , : lambda for len max str int __class__ := f' \\ # \n"
)


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(PIECES.split(" ")), max_size=25).map(" ".join),
    )
)
def test_any_text_gives_a_value_or_an_expression_error(text: str) -> None:
    message = ""
    try:
        Expression(text, STOP_CONDITION_NAMES).evaluate(PAGE)
    except ExpressionError as error:
        message = str(error)
    assert "s3cr3t" not in message
