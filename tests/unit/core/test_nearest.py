"""The name that was probably meant."""

from __future__ import annotations

from headrace.core.nearest import did_you_mean, nearest

KNOWN = ("limit", "limit_param", "maxPages")


def test_the_most_alike_is_found_as_it_is_spelled() -> None:
    assert nearest("limits", KNOWN) == "limit"
    assert nearest("LIMIT_PARM", KNOWN) == "limit_param"
    assert nearest("maxpage", KNOWN) == "maxPages"


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    assert nearest("cursor", KNOWN) is None
    assert nearest("limit", ()) is None
    assert nearest(5, KNOWN) is None
    assert did_you_mean("cursor", KNOWN) == ""


def test_the_question_goes_before_what_else_is_said() -> None:
    assert did_you_mean("limits", KNOWN) + "known: all" == "did you mean `limit`? known: all"
