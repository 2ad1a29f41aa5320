"""A mark of what a resource asks for, by which a later run knows whether it asks for the same."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlsplit

from headrace.http.url import origin
from headrace.reading.request_template import RequestTemplate


def request_mark(base_url: str, template: RequestTemplate, *others: object) -> str:
    """The mark of a request: another one where the request has changed.

    Args:
        base_url: The base URL of the API.
        template: The template of the request. Its headers do not count.
        others: What else makes it another request.
    """
    parts = [
        *origin(base_url),
        urlsplit(base_url).path.rstrip("/"),
        *(template.method, template.path, template.params, template.json, template.data),
        *others,
    ]
    written = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()[:16]
