"""Where the API of a document is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from headrace.discovery.openapi.scalars import single_value
from headrace.http.url import origin, without_login

_VARIABLE = re.compile(r"\{([^{}]+)\}")


def base_url_of(document: Mapping[str, Any], url: str | None) -> str | None:
    """Where the API is.

    Args:
        document: The document.
        url: Where the document itself came from; None for a file.

    Returns:
        The URL; None where the document does not say, or not whole.
    """
    told = _of_servers(document) if "swagger" not in document else _of_host(document, url)
    if told is None:
        # A document without servers is about the one that it came from.
        told = "/" if url is not None else None
    if told is None:
        return None
    try:
        whole = without_login(urljoin(url or "", told)).rstrip("/")
        origin(whole)
    except ValueError:
        return None
    return whole if urlsplit(whole).scheme in ("http", "https") and "{" not in whole else None


def _of_servers(document: Mapping[str, Any]) -> str | None:
    servers = document.get("servers")
    for server in servers if isinstance(servers, list) else ():
        if not isinstance(server, Mapping) or not isinstance(server.get("url"), str):
            continue
        variables = server.get("variables")
        return _filled_in(server["url"], variables if isinstance(variables, Mapping) else {})
    return None


def _filled_in(url: str, variables: Mapping[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        told = variables.get(match[1])
        default = single_value(told.get("default")) if isinstance(told, Mapping) else None
        return str(default) if default is not None else match[0]

    return _VARIABLE.sub(value, url)


def _of_host(document: Mapping[str, Any], url: str | None) -> str | None:
    path = document.get("basePath")
    path = path if isinstance(path, str) else "/"
    host = document.get("host")
    if not isinstance(host, str):
        return path if url is not None else None
    schemes = document.get("schemes")
    known = [each for each in schemes if isinstance(each, str)] if isinstance(schemes, list) else []
    if not known and url is not None:
        known = [urlsplit(url).scheme]
    scheme = "https" if "https" in known or not known else known[0]
    return f"{scheme}://{host}/{path.lstrip('/')}"
