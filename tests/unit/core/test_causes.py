"""The errors behind an error."""

from __future__ import annotations

from headrace.core.causes import chain_of, errors_within


def raised() -> Exception:
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("second") from error
    except ValueError:
        try:
            raise TypeError("third")
        except TypeError as last:
            return last


def test_a_chain_goes_from_the_outermost_to_the_first() -> None:
    assert [type(each) for each in chain_of(raised())] == [TypeError, ValueError, KeyError]


def test_a_circle_ends() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert list(chain_of(one)) == [one, other]
    assert list(errors_within(one)) == [one, other]


def test_errors_that_are_held_by_others_are_found_once() -> None:
    reason, held, member = OSError("reason"), KeyError("held"), TypeError("member")
    wrapped = ConnectionError(held)
    wrapped.reason = reason  # type: ignore[attr-defined]
    group = ExceptionGroup("group", [member, wrapped])
    group.__cause__ = held
    assert set(errors_within(group)) == {group, held, member, wrapped, reason}
    assert len(list(errors_within(group))) == 5


def test_what_is_behind_an_error_is_looked_up_once_the_caller_is_done_with_it() -> None:
    error, other = ValueError("one"), KeyError("put in its place")
    error.__cause__ = TypeError("replaced")
    found = []
    for each in errors_within(error):
        found.append(each)
        if each is error:
            each.__cause__ = other
    assert found == [error, other]
