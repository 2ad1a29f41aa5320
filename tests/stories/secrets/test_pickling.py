"""What holds a secret is not pickled: engines that would ship it are told what to ship instead."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import BuiltinFunctionType, ModuleType
from typing import Any

import pytest

import headrace
from headrace.config import ResourceConfig, SourceConfig, load_config
from headrace.dlt_source.source import build_source
from headrace.reading.build import build_listing
from headrace.reading.credentials import Authentications
from headrace.reading.listing import Listing
from tests.support.canaries import AUTHS, SECRETS_OF_FETCHING, config_of, encoded, secrets_of
from tests.support.servers import Answer, JsonServer

pytestmark = pytest.mark.usefixtures("canaries_set")

CLOSED = "http://127.0.0.1:1"
AUTHENTICATIONS = [*AUTHS, *SECRETS_OF_FETCHING]


def config(auth: str, base_url: str = CLOSED) -> SourceConfig:
    return load_config(config_of(base_url, auth))


def listing(auth: str) -> Listing:
    loaded = config(auth)
    (resource,) = loaded.resources
    assert isinstance(resource, ResourceConfig)
    return build_listing(loaded, resource, Authentications.of_config(loaded))


HOLDERS: dict[str, Callable[[str], Any]] = {
    "SourceConfig": config,
    "ResourceConfig": lambda auth: config(auth).resources[0],
    "ClientConfig": lambda auth: config(auth).client,
    "Listing": listing,
    "Authentications": lambda auth: Authentications.of_config(config(auth)),
    "Reader": lambda auth: headrace.read(config_of(CLOSED, auth)),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_it_says_what_to_ship_instead(name: str) -> None:
    holder = HOLDERS[name]("header")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for shipped in (holder, {"among": [holder]}):
            with pytest.raises(TypeError) as caught:
                pickle.dumps(shipped, protocol)
            assert f"`{name}` holds what the API is asked with" in str(caught.value)
            assert "ship the config as it is written, with ${NAME} in place of" in str(caught.value)


def test_it_is_not_copied_the_same_way_but_replaced() -> None:
    for holder in (config("header"), listing("header")):
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            copy.deepcopy(holder)
    assert replace(config("header"), chosen=("items",)).chosen == ("items",)


@pytest.mark.parametrize("auth", AUTHENTICATIONS)
def test_nothing_of_ours_is_pickled_with_a_secret_in_it(auth: str) -> None:
    with JsonServer() as server:
        server.handler = lambda asked: Answer(
            {"access_token": "issued-token-1234"} if asked.path == "/token" else {"data": []}
        )
        loaded = config(auth, server.base_url)
        reader = headrace.read(config_of(server.base_url, auth))
        # With its session, its token, and what it has asked.
        assert not list(reader)
        holders = [loaded, build_source(loaded), reader]
        seen = [(type(each).__qualname__, shown) for each, shown in pickled(holders)]
    assert {"SourceConfig", "PlainBatches", "Lanes", "EndpointConfig"} <= {name for name, _ in seen}
    secrets = [form.encode() for secret in secrets_of(auth) for form in encoded(secret)]
    assert not {name for name, shown in seen if any(secret in shown for secret in secrets)}


def pickled(holders: list[Any]) -> Iterator[tuple[Any, bytes]]:
    """All objects of our own classes that can be reached, and what a pickle of each holds."""
    todo, seen = list(holders), {}
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, (type, ModuleType, BuiltinFunctionType)):
            continue
        seen[id(each)] = each
        if type(each).__module__.partition(".")[0] == "headrace":
            try:
                shown = pickle.dumps(each)
            except Exception:
                shown = b""
            yield each, shown
        found = [each.__closure__, each.__dict__] if hasattr(each, "__code__") else None
        todo.extend(gc.get_referents(each) if found is None else found)
