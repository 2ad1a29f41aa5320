"""The normal form of error messages, and what is shown as an example of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.reports.html.messages import READ_CHARACTERS, example, normal_form

FORMS = {
    "Order 4711 not found": "Order <number> not found",
    "Order ORD-4711, item12 and ord_12 are gone": (
        "Order ORD-<number>, item<number> and ord_<number> are gone"
    ),
    "Customer cus_9f8aJk2 unknown": "Customer <id> unknown",
    "id 123e4567-e89b-12d3-a456-426614174000 gone": "id <id> gone",
    "commit 3f75d4a, at 0x7ffe": "commit <id>, at <id>",
    "user jane.doe+x@example.com unknown": "user <email> unknown",
    "late: 2026-11-29T10:11:12.123Z, 10:11": "late: <time>, …",
    "connect ECONNREFUSED 10.0.0.5:5432": "connect ECONNREFUSED <address>",
    "no route to fe80::1ff:fe23:4567:890a": "no route to <address>",
    "Timeout of 30000ms after 1,234.5 s": "Timeout of <number>ms after <number> s",
    "GET https://api.example.com/orders/4711/items?x=1 failed.": (
        "GET https://api.example.com/orders/…/items?… failed."
    ),
    "Duplicate entry 'a-1' for key \"b\"": "Duplicate entry <text> for key <text>",
    "can't find user's 'x' item": "can't find user's <text> item",
    "The field `email` is missing": "The field `email` is missing",
    "The row `jane 12` is missing": "The row <text> is missing",
    "rows 1, 2, 3 are wrong": "rows <number>, … are wrong",
    "Request failed with status code 404": "Request failed with status code 404",
    "429 Too Many Requests": "429 Too Many Requests",
    "code: 23505": "code: <number>",
    "utf8 error, sha256 of node2": "utf8 error, sha256 of node<number>",
    'Bad: {"code": 7, "of": "x"}': 'Bad: {"code": <number>, "of": <text>}',
    "Authorization: Bearer abc": "Authorization: ***",
    "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc expired": "token *** expired",
    " two\n lines\t": "two lines",
    "": "",
}


@pytest.mark.parametrize(("message", "form"), FORMS.items())
def test_what_varies_is_replaced(message: str, form: str) -> None:
    assert normal_form(message) == form


def test_control_characters_are_written_out() -> None:
    assert normal_form("\x1b[31m red\u202e\x00") == r"\u001b[<number>m red\u202e\u0000"
    assert example("\x1b[31m red\u202e\x00") == r"\u001b[31m red\u202e\u0000"


def test_of_an_address_of_e_mail_the_domain_is_shown() -> None:
    assert example("user jane@example.com is unknown") == "user ***@example.com is unknown"


def test_a_long_message_is_cut_and_a_secret_within_it_is_not_half_shown() -> None:
    message = "word " * 98 + "Ab12" * 5
    assert len(message) > READ_CHARACTERS

    assert len(normal_form(message)) == 200
    assert len(example(message)) == 240
    assert "Ab12" not in example("-" * 10 + message[300:])
    token = "Ab12" * 200
    assert normal_form(token) == example(token) == "…"


@given(st.text(max_size=2 * READ_CHARACTERS))
def test_any_text_gives_one_printable_line(message: str) -> None:
    for shown, most in ((normal_form(message), 200), (example(message), 240)):
        assert len(shown) <= most
        assert shown == " ".join(shown.split())
        shown.encode()


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.uuids(), st.uuids())
def test_messages_that_differ_by_ids_alone_are_one(
    one: int, other: int, an_id: object, another: object
) -> None:
    template = "POST https://shop.example.com/orders/{0}/{1} refused: order {0} of '{1}' is {1}"

    assert normal_form(template.format(one, an_id)) == normal_form(template.format(other, another))
