"""The values of an incremental in requests."""

from __future__ import annotations

from datetime import datetime

import pytest

from headrace.config.built.cursor import CursorConfig
from headrace.core.exceptions import ConfigError
from headrace.dlt_source.incremental import CursorValues
from headrace.reading.request_template import RequestTemplate

CURSOR = CursorConfig(start_param="since", end_param="until")
VALUES = CursorValues(1, 2, 9, "n")


def test_params_keep_their_place_in_the_query() -> None:
    template = RequestTemplate("GET", "items", params={"since": None, "limit": 5})
    params = VALUES.fill(template, CURSOR).params
    assert list(params.items()) == [("since", 2), ("limit", 5), ("until", 9)]


def test_a_function_is_asked_about_a_param_without_a_value_but_not_about_a_placeholder() -> None:
    cursor = CursorConfig(start_param="since", convert=lambda value: value or "ever")
    template = RequestTemplate("GET", "items", params={"from": "{incremental.start_value}"})
    params = CursorValues(None, None, None, "n").fill(template, cursor).params
    assert params == {"from": "None", "since": "ever"}


def test_a_placeholder_may_name_a_part_or_a_format_of_a_value() -> None:
    values = CursorValues(None, datetime(2024, 5, 6), None, "at")
    template = RequestTemplate(
        "GET", "{incremental.start_value.year}/{incremental.last_value:%d.%m.}"
    )
    assert values.fill(template, CursorConfig()).path == "2024/06.05."


def test_a_format_that_a_value_does_not_take_is_an_error() -> None:
    template = RequestTemplate("GET", "{incremental.start_value:%Y}")
    with pytest.raises(ConfigError, match="`start_value` is absent"):
        CursorValues(None, None, None, "at").fill(template, CursorConfig())
