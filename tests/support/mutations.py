"""Answers as no server should give them: sound ones with something changed, from a seed."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**63,
    -(2**70),
    1e308,
    float("nan"),
    float("-inf"),
    "",
    "\x00",
    "\ud800",
    "ü" * 100,
    "2026-11-23T06:34:39.718Z",
    "9" * 400,
    [],
    {},
    [[]],
    {"": {"": {"": 1}}},
    {"id": {"id": [1, "a", None]}},
)
ODD_KEYS = ("", "id", "data", "nextCursor", "a.b", "a__b", '"', "\x00", "ü", "_dlt_id", "x" * 300)
TOKENS = (
    *(b"\x00", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"NaN", b"Infinity", b"\\ud800", b"\\u0000"),
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"null", b"1e9999", b"-", b"\r\n\r\n"),
    b"[" * 2_000,
    b'{"a":' * 500,
    b"9" * 5_000,
)
CHARSETS = (
    *("utf-8", "utf-16", "utf-32-be", "latin-1", "cp1252", "shift_jis", "gb18030", "utf-7"),
    *("punycode", "idna", "unicode_escape", "undefined", "rot13", "hex", "zlib", "", "x" * 500),
    *("utf-8\x00", "\ud800", "..", "ascii"),
)


@dataclass
class FuzzedAnswer:
    """An answer to be read.

    Args:
        status: of HTTP.
        headers: besides the length of the body.
        body: as it goes over the wire.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def sound_page(draw: random.Random) -> dict[str, Any]:
    """A page of executions with one of several shapes around its rows."""
    rows = [
        {
            "id": number if draw.random() < 0.8 else str(number),
            "finished": draw.random() < 0.5,
            "startedAt": "2026-11-23T06:34:39.718Z",
            "waitTill": None,
            "meta": {"tries": draw.randrange(3), "tags": ["a", "b"]},
        }
        for number in range(draw.randrange(6), 0, -1)
    ]
    around: dict[str, Any] = {"nextCursor": draw.choice(["abc", None, "", 7])}
    if draw.random() < 0.3:
        around["meta"] = {"total": 5, "links": {"next": "/x"}}
    return {"data": rows, **around} if draw.random() < 0.5 else {**around, "data": rows}


def fuzzed(draw: random.Random) -> FuzzedAnswer:
    """A sound answer with up to three things changed: in its structure, bytes, headers."""
    page: Any = sound_page(draw)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    for _ in range(draw.choice([0, 1, 1, 2])):
        page = _restructured(draw, page)
    body = _encoded(draw, page)
    for _ in range(draw.choice([0, 0, 1, 1, 3])):
        body = draw.choice(_BYTE_MUTATIONS)(draw, body)
    if draw.random() < 0.15:
        headers["Content-Type"] = draw.choice(
            [
                f"application/json; charset={draw.choice(CHARSETS)}",
                "text/html",
                "application/json;charset",
                ";;;=",
                "",
            ]
        )
    status = draw.choice([200] * 20 + [204, 206, 299])
    return FuzzedAnswer(status, headers, body)


def on_the_wire(draw: random.Random, answer: FuzzedAnswer) -> bytes:
    """The bytes of a whole HTTP answer; in every other one something is wrong with its frame."""
    body, headers = answer.body, dict(answer.headers)
    headers["Content-Type"] = headers["Content-Type"].encode("latin-1", "replace").decode("latin-1")
    if draw.random() < 0.2:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 1)
        if draw.random() < 0.5:
            body = draw.choice(_BYTE_MUTATIONS)(draw, body)
    headers["Content-Length"] = str(
        draw.choice([len(body)] * 12 + [0, len(body) + 5, max(0, len(body) - 5), -1, "x", 2**70])
    )
    if draw.random() < 0.1:
        headers[draw.choice(_ODD_HEADER_NAMES)] = draw.choice(_ODD_HEADER_VALUES)
    lines = [f"HTTP/1.1 {answer.status} OK", *(f"{name}: {text}" for name, text in headers.items())]
    raw = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
    return draw.choice(_BYTE_MUTATIONS)(draw, raw) if draw.random() < 0.25 else raw


_ODD_HEADER_NAMES = (
    *("Transfer-Encoding", "Location", "Retry-After", "RateLimit", "X-RateLimit-Remaining"),
    *("Connection", "Content-Encoding", "Set-Cookie", "Content-Range", "Date", "X-" + "a" * 200),
)
_ODD_HEADER_VALUES = (
    *("chunked", "gzip, deflate", "br", "zstd", "\x00", "0", "-1", "9" * 100, "close", "é", ""),
    *("//127.0.0.1:1", "/x", "a" * 70_000, "Sun, 99 Nov 99999 99:99:99 GMT", '"a";r=0;t=x'),
)


def _restructured(draw: random.Random, page: Any) -> Any:
    """The page with a value somewhere replaced, taken away, doubled or wrapped."""
    changed = copy.deepcopy(page)
    places: list[tuple[Any, Any]] = []
    _collect(changed, places)
    if not places or draw.random() < 0.05:
        return draw.choice([*ODD_VALUES, [changed], {"data": changed}, json.dumps(changed)[:50]])
    container, key = draw.choice(places)
    deed = draw.randrange(5)
    if deed == 0:
        del container[key]
    elif deed == 1 and isinstance(container, dict):
        container[draw.choice(ODD_KEYS)] = container.pop(key)
    elif deed == 2 and isinstance(container, list):
        container.extend([container[key]] * draw.choice([1, 50]))
    elif deed == 3:
        depth = draw.choice([1, 5, 300])
        for _ in range(depth):
            container[key] = [container[key]] if depth % 2 else {"n": container[key]}
    else:
        container[key] = draw.choice(ODD_VALUES)
    return changed


def _collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        places.append((value, key))
        _collect(each, places)


def _encoded(draw: random.Random, page: Any) -> bytes:
    separators = draw.choice([(", ", ": "), (",", ":"), (" ,\n", "\t:\r\n ")])
    text = json.dumps(page, ensure_ascii=draw.random() < 0.5, separators=separators)
    form = draw.choice(["utf-8"] * 12 + ["utf-16", "utf-8-sig", "utf-32-le", "latin-1"])
    return text.encode(form, "replace" if form == "latin-1" else "surrogatepass")


def _flip(draw: random.Random, body: bytes) -> bytes:
    if not body:
        return b"\x80"
    at = draw.randrange(len(body))
    return body[:at] + bytes([body[at] ^ (1 << draw.randrange(8))]) + body[at + 1 :]


def _cut_off(draw: random.Random, body: bytes) -> bytes:
    return body[: draw.randrange(len(body) + 1)]


def _insert(draw: random.Random, body: bytes) -> bytes:
    at = draw.randrange(len(body) + 1)
    return body[:at] + draw.choice(TOKENS) + body[at:]


def _take_out(draw: random.Random, body: bytes) -> bytes:
    at = draw.randrange(len(body) + 1)
    return body[:at] + body[at + draw.randrange(1, 20) :]


def _double(draw: random.Random, body: bytes) -> bytes:
    first, last = sorted(draw.randrange(len(body) + 1) for _ in range(2))
    return body[:last] + body[first:last] + body[last:]


_BYTE_MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _flip,
    _cut_off,
    _insert,
    _take_out,
    _double,
)
