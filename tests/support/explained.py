"""Holds requests as they were explained against requests as they arrived."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from headrace import ExplainedRequest

from .servers import Asked

_LINK = "<the URL that "
_UNKNOWN = re.compile(r'"(<[^<>]*>)"|<[^<>]*>|\$\{[^{}]*\}|\*\*\*')


def pattern_of(text: str) -> re.Pattern[str]:
    """What a text matches in which words stand for what is not known before the API is asked."""
    parts, place = [], 0
    for unknown in _UNKNOWN.finditer(text):
        parts += [re.escape(text[place : unknown.start()]), ".+"]
        place = unknown.end()
    return re.compile("".join([*parts, re.escape(text[place:])]), re.DOTALL)


def target_of(request: ExplainedRequest) -> str:
    """The path and the query as they were explained."""
    if request.url.startswith(_LINK):
        return "<any>"
    parts = urlsplit(request.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def is_as_explained(request: ExplainedRequest, asked: Asked) -> bool:
    """Whether a request is the one that was explained."""
    body, sent = pattern_of(request.body or ""), asked.body.decode()
    if asked.headers.get("Content-Type") == "application/json":
        sent = json.dumps(json.loads(sent), ensure_ascii=False)
    return (
        request.method == asked.method
        and bool(pattern_of(target_of(request)).fullmatch(asked.target))
        and bool(body.fullmatch(sent))
    )
