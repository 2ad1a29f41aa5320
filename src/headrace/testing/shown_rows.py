"""Which rows a server has shown of each resource, read from its answers by the plainest way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from headrace.config import ResourceConfig
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.testing.proxy import Exchange

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_OK = 200


@dataclass(frozen=True, slots=True)
class ShownRows:
    """The rows of one resource that a server has shown.

    Args:
        rows: The rows, the newest version of each last, with the fields of their parent that are
            part of the request.
        alone: The answers for one row by its own path.
        why_unknown: Why its answers say nothing of the rows; None where they do.
    """

    rows: list[Mapping[str, Any]]
    alone: list[Mapping[str, Any]]
    why_unknown: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the requests of one resource look like.

    Args:
        resource: The resource.
        path: Matches their paths; placeholders are groups.
        names: What stands in the placeholders, in order.
        params: Params that all of them have.
        is_of_one: Whether they are for one row by its own path.
    """

    resource: ResourceConfig
    path: re.Pattern[str]
    names: tuple[str, ...]
    params: Mapping[str, str]
    is_of_one: bool

    @classmethod
    def of(
        cls, resource: ResourceConfig, base: str, path: str, params: Mapping[str, Any], *, one: bool
    ) -> _Asked:
        parts = urlsplit(path)
        names = tuple(_PLACEHOLDER.findall(parts.path))
        pieces = [re.escape(each) for each in _PLACEHOLDER.split(parts.path)[::2]]
        pattern = re.compile(f"{re.escape(base)}/{'([^/]+)'.join(pieces).lstrip('/')}")
        fixed = {
            name: value
            for name, value in params.items()
            if isinstance(value, str) and not _PLACEHOLDER.search(value)
        }
        return cls(resource, pattern, names, {**fixed, **dict(parse_qsl(parts.query))}, one)

    def meets(self, exchange: Exchange) -> bool:
        return (
            self.path.fullmatch(exchange.path) is not None
            and self.params.items() <= exchange.query.items()
        )

    def fields_of_parent(self, exchange: Exchange) -> dict[str, Any]:
        parent, found = self.resource.parent, self.path.fullmatch(exchange.path)
        if parent is None or found is None:
            return {}
        values = {
            str(each.path): found[self.names.index(each.placeholder) + 1]
            for each in parent.fields
            if each.placeholder in self.names
        }
        return {parent.added(name): values[name] for name in parent.include if name in values}


def shown_rows(
    resources: Iterable[ResourceConfig], exchanges: Iterable[Exchange], base_path: str
) -> dict[str, ShownRows]:
    """Read what was shown of each resource.

    Args:
        resources: The resources of the connector, all of them.
        exchanges: What was asked and answered.
        base_path: The path of the base URL.

    Returns:
        What was shown, by the name of the resource.
    """
    known = list(resources)
    kinds = [kind for each in known for kind in _kinds(each, base_path.rstrip("/"))]
    shown = {each.name: ShownRows([], [], _why_unknown(each)) for each in known}
    for exchange in exchanges:
        fitting = [kind for kind in kinds if kind.meets(exchange)]
        if exchange.status != _OK or not fitting:
            continue
        kind = max(fitting, key=lambda each: len(each.params))
        found = shown[kind.resource.name]
        if found.why_unknown is None:
            rows = _rows(kind, exchange)
            (found.alone if kind.is_of_one else found.rows).extend(rows)
    return shown


def _kinds(resource: ResourceConfig, base: str) -> Iterator[_Asked]:
    endpoint, tail = resource.endpoint, resource.tail
    yield _Asked.of(resource, base, endpoint.path, endpoint.params, one=False)
    if tail is not None and tail.refresh_path is not None:
        yield _Asked.of(resource, base, tail.refresh_path, endpoint.params, one=True)


def _why_unknown(resource: ResourceConfig) -> str | None:
    endpoint = resource.endpoint
    if endpoint.method != "GET":
        return f"it is asked for by {endpoint.method}"
    if endpoint.decoder is not None:
        return "its answers are not in JSON"
    if endpoint.rows is not None and not endpoint.rows.is_no_shape:
        return "its rows are made of lists, or of an object by their keys"
    if endpoint.rows is not None and endpoint.rows.each is not None:
        return "its rows are made of parts of the listed ones"
    if endpoint.data_selector is None:
        return "the connector does not say by `data_selector` where the rows are"
    if resource.steps:
        return "functions of the connector change the rows"
    return None


def _rows(kind: _Asked, exchange: Exchange) -> list[Mapping[str, Any]]:
    document = json.loads(exchange.body)
    tail = kind.resource.tail
    if kind.is_of_one and tail is not None:
        found = JsonPath(tail.refresh_selector).find(document)
    else:
        found = JsonPath(kind.resource.endpoint.data_selector or "$").find(document)
    rows = found[0] if len(found) == 1 and isinstance(found[0], list) else found
    added = kind.fields_of_parent(exchange)
    return [{**row, **added} for row in rows if isinstance(row, Mapping)]
