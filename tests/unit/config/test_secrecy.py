"""No message, however it is shown, holds a secret of the config."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import dlt
import pytest
import requests
from dlt.sources.helpers.rest_client.auth import APIKeyAuth
from dlt.sources.helpers.rest_client.paginators import SinglePagePaginator

from headrace.config import load_config, parse_config
from headrace.core.exceptions import ConfigError

from .documents import CANARY, guide, small, with_client, with_paginator

C = CANARY
LEAKS: list[dict[str, Any]] = [
    with_client(base_url=f"ftp://me:{C}@host/?key={C}", timeout=C),
    with_client(base_url=f"https://me:{C}@ho st/?key={C}"),
    with_client(auth=C),
    with_client(auth=[C]),
    with_client(auth={"type": C}),
    with_client(auth={"type": "api_key", "api_key": [C]}),
    with_client(auth={"type": "api_key", "api_key": C, "location": C, "name": f"{C}\n"}),
    with_client(auth={"token": f"{C}\n", C[:4]: C}),
    with_client(auth={"type": "http_basic", "username": [C], "password": {C: C}}),
    with_client(auth={"type": "oauth2_client_credentials", "client_secret": C, "access_token": C}),
    with_client(headers={"X": f"{C}\r", "Y": [C]}, api_key=C, unknown=C),
    with_client(headers=C),
    with_client(retry={"x": C}, allowed_hosts=C, session=C),
    small({"headers": {"X": [C], "Y": f"{{{C}}}"}}),
    small({"params": {"token": f"{{{C}}}", "b": {"type": C}}, "path": "{x}"}),
    small({"params": C, "json": C, "data": {"x": f"{C}{{"}}),
    small({"json": {"x": f"{{{C}}}"}, "data": C}),
    small({"token": C, "methud": C, "incremental": C, "response_actions": C}),
    small(None, secret=C, password=C, primary_key=[{C: C}], columns={"a": {C[:3]: C}}),
    {**small(), "api_token": C, "pipeline": {"destination": [C], "password": C}},
    with_paginator(type="cursor", api_key=C, stop_condition="response["),
    with_paginator(type="offset", access_key=C),
]


def everything_said(error: BaseException) -> str:
    told = "".join(traceback.format_exception(error))
    chain = error
    while chain.__context__ is not None:
        chain = chain.__context__
        told += f"{chain!r} {chain}"
    return f"{told} {error!r} {error} {getattr(error, 'faults', '')}"


@pytest.mark.parametrize("document", LEAKS)
def test_no_message_shows_a_secret(document: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert CANARY not in everything_said(caught.value)


def test_dlts_own_objects_are_known_and_not_shown() -> None:
    document = with_client(
        auth=APIKeyAuth(name="X", api_key=CANARY),
        paginator=SinglePagePaginator(),
        session=requests.Session(),
    )
    bounded = dlt.sources.incremental("id", CANARY, end_value=CANARY)
    document["resources"][0]["endpoint"] = {"params": {"since": bounded}}
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert [fault.path for fault in caught.value.faults] == [
        "resources[0].endpoint.params.since",
    ]
    assert CANARY not in everything_said(caught.value)


def test_the_config_does_not_show_the_objects_in_it() -> None:
    config = parse_config(with_client(auth=APIKeyAuth(name="X", api_key=CANARY)))
    assert CANARY not in f"{config!r} {config.client!r} {config}"


def _paths_of_texts(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        pairs: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    else:
        return [path]
    return [found for key, inner in pairs for found in _paths_of_texts(inner, (*path, key))]


@pytest.mark.parametrize("path", _paths_of_texts(guide()), ids=str)
@pytest.mark.parametrize(
    "wrap",
    [lambda text: text, lambda text: f"x {text} [ {{", lambda text: f"{{{text}}}"],
)
def test_no_message_shows_what_was_substituted(
    path: tuple[Any, ...], wrap: Callable[[str], str]
) -> None:
    document = {**guide(), "wrong": 1}
    inner: Any = document
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = wrap("${NAME}")
    for value in (CANARY, "Zq7"):
        with pytest.raises(ConfigError) as caught:
            load_config(document, lookup={"NAME": value}.get)
        assert value not in "\n".join(str(fault) for fault in caught.value.faults)
        assert CANARY not in everything_said(caught.value)
