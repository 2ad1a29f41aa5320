"""Sees that a call asks for a later page: what it is copied from was not at the beginning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from headrace.config.secrets.substitution import has_placeholder
from headrace.core.json_path import JsonPath
from headrace.discovery.survey import Knob
from headrace.http.link_header import links_by_relation
from headrace.sansio.discovery.parameters import BODY_SIZES, SIZES
from headrace.sansio.paging import Page

# By which many servers are asked for the first cursor.
_BEGINNING = "*"
_MAY_BE_PLACE = re.compile(
    r"cursor|token|after|before|marker|bookmark|continu|next|start|page|offset|skip|scroll|last"
    r"|^at$|^from$",
    re.IGNORECASE,
)


def places_sent(endpoint: Mapping[str, Any], page: Page) -> dict[Knob, Any]:
    """What takes the place of a page, by how an endpoint goes on; with the one that follows.

    Args:
        endpoint: An endpoint with a paginator that is proven.
        page: The page that the endpoint brings.

    Returns:
        The value is None where it is not told.
    """
    paginator = endpoint.get("paginator")
    if not isinstance(paginator, Mapping):
        return {}
    if paginator["type"] in ("cursor", "header_cursor"):
        path = paginator.get("cursor_body_path")
        knob = Knob(str(paginator.get("cursor_param"))) if path is None else Knob(path, True)
        return {knob: None}
    link = _next_url(paginator, page)
    following = parse_qsl(urlsplit(link).query, keep_blank_values=True) if link else []
    return {Knob(name): value for name, value in following}


def params_left_out(endpoint: Mapping[str, Any], page: Page) -> list[str]:
    """The parameters of an endpoint that the link of its page leaves out, but those of sizes.

    Args:
        endpoint: An endpoint whose paginator may follow links.
        page: The page that the endpoint brings.
    """
    paginator = endpoint.get("paginator")
    link = _next_url(paginator, page) if isinstance(paginator, Mapping) else None
    query = urlsplit(link).query if link else ""
    if not query:
        # A path that is one page's own stands for all that was asked for.
        return []
    kept = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    return [name for name in endpoint.get("params") or {} if name not in (*kept, *SIZES)]


def places_given(endpoint: Mapping[str, Any], page: Page) -> list[Knob]:
    """What an endpoint sends of the place of a page, which its paginator will send by itself.

    Args:
        endpoint: An endpoint with a paginator that is proven.
        page: The page that the endpoint brings.
    """
    found = []
    for knob, following in places_sent(endpoint, page).items():
        given = _given(endpoint, knob)
        is_size = knob.name in (BODY_SIZES if knob.in_body else SIZES)
        if given is None or is_size or given == _BEGINNING or has_placeholder(str(given)):
            continue
        if str(given) != following:
            found.append(knob)
    return found


def may_be_places(endpoint: Mapping[str, Any]) -> list[Knob]:
    """What of an endpoint may ask for a later page, by its name.

    Args:
        endpoint: The endpoint.
    """
    params, body = endpoint.get("params") or {}, endpoint.get("json")
    fields = body if isinstance(body, Mapping) else {}
    named = [
        *(Knob(name) for name in params if name not in SIZES),
        *(
            Knob(name, in_body=True)
            for name, value in fields.items()
            if name not in BODY_SIZES and isinstance(value, str | int)
        ),
    ]
    return [knob for knob in named if may_be_place(knob.name)]


def may_be_place(name: str) -> bool:
    """Whether what has a name may take the place of a page.

    Args:
        name: The name of a parameter, a field of a body, or a variable.
    """
    return bool(_MAY_BE_PLACE.search(name))


def without_places(endpoint: Mapping[str, Any], places: Sequence[Knob]) -> dict[str, Any]:
    """An endpoint that begins at the first page.

    Args:
        endpoint: The endpoint.
        places: What it sends of the place of a page.
    """
    begun = dict(endpoint)
    for knob in places:
        if knob.in_body:
            begun["json"] = _without(begun["json"], _keys(begun["json"], knob.name))
        else:
            begun = knob.left_out(begun)
    return begun


def _next_url(paginator: Mapping[str, Any], page: Page) -> str | None:
    if paginator["type"] == "json_link":
        found = JsonPath(paginator["next_url_path"]).first(page.document)
    elif paginator["type"] == "header_link":
        header = page.headers.get(paginator.get("link_header", "Link"), "")
        found = links_by_relation(header).get(paginator.get("links_next_key", "next")) or header
    else:
        return None
    return found if isinstance(found, str) else None


def _given(endpoint: Mapping[str, Any], knob: Knob) -> Any:
    if not knob.in_body:
        return (endpoint.get("params") or {}).get(knob.name)
    value = endpoint.get("json")
    for key in _keys(value, knob.name):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _without(body: Any, keys: Sequence[str]) -> Any:
    key, *rest = keys
    if not rest:
        return {name: value for name, value in body.items() if name != key}
    return {**body, key: _without(body[key], rest)}


def _keys(body: Any, path: str) -> list[str]:
    is_name = isinstance(body, Mapping) and path in body
    return [path] if is_name else path.split(".")
