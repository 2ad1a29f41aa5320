"""Faults of answers with status 200: no JSON, odd JSON, odd rows, cursors that lead astray."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from headrace.simulator.cursors import Cursors
from headrace.simulator.faults.fault import (
    AffectedRequest,
    Answering,
    Fault,
    Outcome,
    at_once,
    with_body,
)

_BEFORE_ROW = b'{"data":[{'
_CURSOR = b'"nextCursor":'
_CURSORS = Cursors()
_DEEP = b"[" * 50_000 + b"]" * 50_000
_LOGIN_PAGE = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body></body></html>"
# A place above all rows, for a page that no cursor led to.
_TOP = {"lastId": "9" * 18, "offset": 0}


def _saying(body: bytes, **headers: str) -> Answering:
    return at_once(lambda asked: with_body(asked, body, **headers))


def _in_page(field: bytes) -> Answering:
    """Adds a field to the page."""
    return at_once(lambda asked: with_body(asked, b"{" + field + b"," + asked.body[1:]))


def _in_first_row(field: bytes) -> Answering:
    """Puts a field before the others of the first row; a page without rows stays as it is."""
    changed = _BEFORE_ROW + field + b","
    return at_once(lambda asked: with_body(asked, asked.body.replace(_BEFORE_ROW, changed, 1)))


def _half(asked: AffectedRequest) -> web.Response:
    return with_body(asked, asked.body[: len(asked.body) // 2])


def _with_cursor(asked: AffectedRequest, cursor: str) -> web.Response:
    before, _, _ = asked.body.rpartition(_CURSOR)
    return with_body(asked, before + _CURSOR + json.dumps(cursor).encode() + b"}")


def _same_cursor(asked: AffectedRequest) -> web.Response:
    return _with_cursor(asked, asked.cursors[-1] or _fresh_cursor(asked))


def _earlier_cursor(asked: AffectedRequest) -> web.Response:
    earlier = [cursor for cursor in asked.cursors[:-1] if cursor is not None]
    return _with_cursor(asked, earlier[-1] if earlier else _fresh_cursor(asked))


def _empty_page(asked: AffectedRequest) -> web.Response:
    body = b'{"data":[],"nextCursor":' + json.dumps(_fresh_cursor(asked)).encode() + b"}"
    return with_body(asked, body)


def _fresh_cursor(asked: AffectedRequest) -> str:
    """A cursor that was not given out before, for the place of this page."""
    query = asked.request.query
    place: Mapping[str, Any] = {**_TOP, "limit": int(query.get("limit", "100"))}
    if "cursor" in query:
        place = _CURSORS.decode(query["cursor"])
    return _CURSORS.encode({**place, "again": len(asked.cursors)})


BODIES = (
    Fault("json-cut", "the first half of the JSON", Outcome.PASSES, at_once(_half)),
    Fault("empty", "an empty body", Outcome.PASSES, _saying(b"")),
    Fault(
        "html",
        "200 with a page to log in at",
        Outcome.FAILS,
        _saying(_LOGIN_PAGE, Content_Type="text/html; charset=utf-8"),
    ),
    Fault(
        "error-200",
        '200 with `{"error": "quota exceeded"}`',
        Outcome.FAILS,
        _saying(b'{"error": "quota exceeded"}'),
    ),
)

ODD_PAGES = (
    Fault(
        "bom",
        "a byte order mark before the JSON",
        Outcome.HARMLESS,
        at_once(lambda asked: with_body(asked, b"\xef\xbb\xbf" + asked.body)),
    ),
    Fault(
        "wrong-charset",
        "UTF-8 that claims to be UTF-16",
        Outcome.HARMLESS,
        at_once(
            lambda asked: with_body(
                asked, asked.body, Content_Type="application/json; charset=utf-16"
            )
        ),
    ),
    Fault(
        "bad-utf8",
        "bytes that are no UTF-8, beside the rows",
        Outcome.FAILS,
        _in_page(b'"note":"\xff"'),
        pages_only=True,
    ),
    Fault(
        "deep",
        "100,000 brackets in each other, beside the rows",
        Outcome.FAILS,
        _in_page(b'"note":' + _DEEP),
        pages_only=True,
    ),
)

ODD_ROWS = (
    Fault(
        "duplicate-keys",
        "a row that has `mode` twice; the last one is right",
        Outcome.HARMLESS,
        _in_first_row(b'"mode":"wrong"'),
        pages_only=True,
    ),
    Fault(
        "bad-utf8-row",
        "a row with bytes that are no UTF-8",
        Outcome.COSTS_A_ROW,
        _in_first_row(b'"note":"\xff"'),
        pages_only=True,
    ),
    Fault(
        "deep-row",
        "a row with 100,000 brackets in each other",
        Outcome.COSTS_A_ROW,
        _in_first_row(b'"note":' + _DEEP),
        pages_only=True,
    ),
)

CURSORS = (
    Fault(
        "empty-page",
        "a page without rows, and a cursor that leads to them",
        Outcome.HARMLESS,
        at_once(_empty_page),
        pages_only=True,
    ),
    Fault(
        "same-cursor",
        "a page whose next cursor is the one that led to it",
        Outcome.FAILS,
        at_once(_same_cursor),
        pages_only=True,
    ),
    Fault(
        "cursor-cycle",
        "a page whose next cursor is that of an earlier page",
        Outcome.FAILS,
        at_once(_earlier_cursor),
        pages_only=True,
    ),
)

QUOTAS = (
    Fault(
        "quota-used-up",
        "`RateLimit-Remaining: 0`, to be reset in a second",
        Outcome.HARMLESS,
        at_once(
            lambda asked: with_body(asked, asked.body, RateLimit_Remaining="0", RateLimit_Reset="1")
        ),
        takes_time=True,
    ),
)
