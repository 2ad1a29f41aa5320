"""Faults with a status of their own: errors, a refused key, redirects that lead astray."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web

from headrace.simulator.faults.fault import AffectedRequest, Answering, Fault, Outcome, at_once

LOOP_PATH = "/loop"
"""The path below the API's base that `redirect-loop` leads to."""

_PROXY_PAGE = "<html><body><h1>{status} {phrase}</h1></body></html>"
_DAY = 86_400
_SOON = 2


def _refusing(status: int, message: str, retry_after: Callable[[], str] | None = None) -> Answering:
    def make(asked: AffectedRequest) -> web.Response:
        headers = {} if retry_after is None else {"Retry-After": retry_after()}
        body = json.dumps({"message": message})
        return web.Response(
            text=body, status=status, headers=headers, content_type="application/json"
        )

    return at_once(make)


def _proxy_refusing(status: int) -> Answering:
    """Refuses with a page of HTML, as proxies do."""
    page = _PROXY_PAGE.format(status=status, phrase=HTTPStatus(status).phrase)
    return at_once(lambda asked: web.Response(text=page, status=status, content_type="text/html"))


def _in(seconds: float) -> Callable[[], str]:
    return lambda: formatdate(time.time() + seconds, usegmt=True)


def _passing(name: str, does: str, answer: Answering, *, takes_time: bool = False) -> Fault:
    return Fault(name, does, Outcome.PASSES, answer, takes_time=takes_time)


def _failing(name: str, does: str, answer: Answering) -> Fault:
    return Fault(name, does, Outcome.FAILS, answer)


_SLOW_DOWN = "too many requests"

TOO_MANY_REQUESTS = (
    _passing("429", "429 without `Retry-After`", _refusing(429, _SLOW_DOWN)),
    _passing(
        "429-seconds",
        "429 with `Retry-After: 1`",
        _refusing(429, _SLOW_DOWN, lambda: "1"),
        takes_time=True,
    ),
    _passing(
        "429-date",
        "429 with a date in `Retry-After`, two seconds away",
        _refusing(429, _SLOW_DOWN, _in(_SOON)),
        takes_time=True,
    ),
    _passing("429-zero", "429 with `Retry-After: 0`", _refusing(429, _SLOW_DOWN, lambda: "0")),
    _passing(
        "429-past",
        "429 with a date in `Retry-After`, a day ago",
        _refusing(429, _SLOW_DOWN, _in(-_DAY)),
    ),
    _failing(
        "429-long",
        "429 with `Retry-After: 86400`, a day",
        _refusing(429, _SLOW_DOWN, lambda: str(_DAY)),
    ),
)

SERVER_ERRORS = (
    _passing("500", "500 with a message", _refusing(500, "internal error")),
    _passing("502", "502 with a page of HTML, as from a proxy", _proxy_refusing(502)),
    _passing("503", "503 with a message", _refusing(503, "overloaded")),
    _passing("504", "504 with a page of HTML, as from a proxy", _proxy_refusing(504)),
)

REFUSALS = (
    _failing("401", "401, as while its key is changed", _refusing(401, "unauthorized")),
    _failing("403", "403", _refusing(403, "this key may not list executions")),
    _failing("404", "404", _refusing(404, "not found")),
)


def _redirect(target: Callable[[web.BaseRequest], str]) -> Answering:
    def make(asked: AffectedRequest) -> web.Response:
        return web.Response(status=307, headers={"Location": target(asked.request)})

    return at_once(make)


def _at_other_port(request: web.BaseRequest) -> str:
    url = request.url
    return str(url.with_port(1 if url.port != 1 else 2))


REDIRECTS = (
    Fault(
        "redirect",
        "a redirect to the same place, asked for once more",
        Outcome.HARMLESS,
        _redirect(lambda request: request.path_qs),
    ),
    _failing(
        "redirect-host",
        "a redirect to another host",
        _redirect(lambda request: f"https://elsewhere.example{request.path_qs}"),
    ),
    _failing("redirect-port", "a redirect to another port", _redirect(_at_other_port)),
    Fault(
        "redirect-loop",
        "a redirect to a place that redirects to itself",
        Outcome.FAILS,
        # Relative: from a listing to the place beside it, and from there to itself.
        _redirect(lambda request: LOOP_PATH.removeprefix("/")),
        pages_only=True,
    ),
    _failing(
        "redirect-file",
        "a redirect to `file:///etc/passwd`",
        _redirect(lambda request: "file:///etc/passwd"),
    ),
    Fault(
        "redirect-downgrade",
        "a redirect from https to http, the port the same",
        Outcome.FAILS,
        _redirect(lambda request: str(request.url.with_scheme("http"))),
        needs_tls=True,
    ),
)
