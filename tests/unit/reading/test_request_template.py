"""Placeholders in a request are filled as dlt fills them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from dlt.sources.rest_api.config_setup import expand_placeholders
from hypothesis import given
from hypothesis import strategies as st

from headrace.reading.request_template import RequestTemplate


class Value:
    """A value with a public and a private attribute."""

    start_value = date(2026, 11, 25)
    _private = "hidden"


VALUES: dict[str, Any] = {
    "resources.issues.number": 7,
    "resources.issues.who.id": "a b",
    "n": None,
    "incremental": Value(),
}
TEXTS = st.lists(
    st.sampled_from(
        [
            *(
                "{resources.issues.number}",
                "{resources.issues.who.id}",
                "{n}",
                "{{",
                "}}",
                "x/",
                "ü",
            ),
            *("{incremental.start_value}", "{incremental.start_value:%Y}", "{n!r}", "?a=b&", " "),
        ]
    ),
    max_size=4,
).map("".join)
ANYTHING = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(ANYTHING, TEXTS)
def test_placeholders_are_filled_as_by_dlt(value: Any, text: str) -> None:
    template = RequestTemplate(
        "POST", text, params={"p": value}, headers={"h": text}, json=value, data=value
    )
    filled = template.filled(VALUES)
    assert filled.path == expand_placeholders(text, VALUES)
    assert filled.params == expand_placeholders({"p": value}, VALUES)
    assert filled.headers == expand_placeholders({"h": text}, VALUES)
    assert filled.json == expand_placeholders(value, VALUES, preserve_value_type=True)
    assert filled.data == expand_placeholders(value, VALUES)


def test_a_number_that_stands_alone_stays_one_in_json() -> None:
    body = {"n": "{resources.issues.number}", "t": "no. {resources.issues.number}"}
    template = RequestTemplate("POST", "x", params=body, json=body)
    assert template.filled(VALUES).json == {"n": 7, "t": "no. 7"}
    assert template.filled(VALUES).params == {"n": "7", "t": "no. 7"}


def test_private_attributes_of_a_value_cannot_be_named() -> None:
    with pytest.raises(AttributeError):
        RequestTemplate("GET", "{incremental._private}").filled(VALUES)
