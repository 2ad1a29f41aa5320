"""However a config says who asks: the server sees what it sees from dlt's own source."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import dlt
import pytest
import requests
from dlt.common.configuration.specs import configspec
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltSource
from dlt.sources.helpers.rest_client.auth import (
    APIKeyAuth,
    AuthConfigBase,
    BearerTokenAuth,
    HttpBasicAuth,
    OAuth2ClientCredentials,
)
from dlt.sources.rest_api import config_setup
from dlt.sources.rest_api import rest_api_resources as dlt_rest_api_resources
from dlt.sources.rest_api import rest_api_source as dlt_rest_api_source
from dlt.sources.rest_api.config_setup import register_auth

from headrace import ConfigError, rest_api_resources, rest_api_source
from headrace.core.exceptions import HeadraceError
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

SECRET = "canary-s3cret+value"

BASIC = b64encode(f"me:{SECRET}".encode()).decode()

# What each library says of itself, and of its connection.
_OF_THE_CLIENT = {
    *("user-agent", "accept", "accept-encoding", "connection", "host", "content-length"),
}


@configspec
class ShopAuth(AuthConfigBase):
    """A header of the user's own."""

    token: TSecretStrValue = None  # type: ignore[assignment]
    header: str = "X-Shop"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self.header] = f"Shop {self.token}"
        return request


@configspec
class SignedQuery(BearerTokenAuth):
    """Derived from one of dlt's, and does more."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.prepare_url(str(request.url), {"signature": f"{request.method} {self.token}"})
        return request


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_setup, "AUTH_MAP", dict(config_setup.AUTH_MAP))
    register_auth("shop", ShopAuth)


@pytest.fixture
def tokens() -> Iterator[JsonServer]:
    with JsonServer() as server:
        server.handler = lambda asked: Answer(
            {"access_token": f"token-canary-{len(server.asked)}", "expires_in": "3600"}
        )
        yield server


def config_of(server: JsonServer, auth: Any, **client: Any) -> Any:
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page", "auth": auth, **client},
        "resources": [{"name": "items", "endpoint": {"path": "/items", "params": {"a": "b c"}}}],
    }


def arrived(server: JsonServer, source: DltSource | Any) -> list[dict[str, Any]]:
    """The requests of a source as they arrived, but for what differs with the library."""
    server.asked.clear()
    server.handler = lambda asked: Answer([{"id": 1}])
    assert list(source) == [{"id": 1}]
    return seen(server)


def seen(server: JsonServer) -> list[dict[str, Any]]:
    return [
        {
            "method": asked.method,
            "path": asked.path,
            "query": asked.query,
            "body": asked.body,
            "headers": {
                name.lower(): value
                for name, value in asked.headers.items()
                if name.lower() not in _OF_THE_CLIENT
            },
        }
        for asked in server.asked
    ]


WRITTEN: Mapping[str, Callable[[], Any]] = {
    "bearer": lambda: {"type": "bearer", "token": SECRET},
    "bearer without a type": lambda: {"token": SECRET},
    "a key in a header": lambda: {"type": "api_key", "name": "X-API-KEY", "api_key": SECRET},
    "a key in the usual header": lambda: {"type": "api_key", "api_key": SECRET},
    "a key in the query": lambda: {
        **{"type": "api_key", "name": "k", "api_key": SECRET, "location": "query"},
    },
    "a key in a param": lambda: {
        **{"type": "api_key", "name": "k", "api_key": SECRET, "location": "param"},
    },
    "http_basic": lambda: {"type": "http_basic", "username": "me", "password": SECRET},
    "a registered type": lambda: {"type": "shop", "token": SECRET},
    "BearerTokenAuth": lambda: BearerTokenAuth(token=SECRET),
    "APIKeyAuth": lambda: APIKeyAuth(name="X-API-KEY", api_key=SECRET),
    "APIKeyAuth in the query": lambda: APIKeyAuth(name="k", api_key=SECRET, location="query"),
    "HttpBasicAuth": lambda: HttpBasicAuth("me", SECRET),
    "an object of the user's": lambda: ShopAuth(token=SECRET),
    "an object derived from dlt's": lambda: SignedQuery(token=SECRET),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize("of_the_endpoint", [False, True])
def test_the_same_requests_arrive(
    written: Callable[[], Any], of_the_endpoint: bool, server: JsonServer
) -> None:
    sent = []
    for make_source in (dlt_rest_api_source, rest_api_source):
        config = config_of(server, written())
        if of_the_endpoint:
            auth = config["client"].pop("auth")
            config["client"]["auth"] = {"token": "not-this-one"}
            config["resources"][0]["endpoint"]["auth"] = auth
        sent.append(arrived(server, make_source(config)))
    assert sent[1] == sent[0]
    assert any(secret in str(sent) for secret in (SECRET, BASIC))


def test_the_same_requests_arrive_over_a_session(server: JsonServer) -> None:
    session = requests.Session()
    session.headers.update({"User-Agent": "mine", "X-Session": "yes", "X-API-KEY": "session's"})
    session.cookies.set("sid", "cookie")
    session.auth = ("me", "session")
    auth = {"type": "api_key", "name": "X-API-KEY", "api_key": SECRET}
    for given in (auth, None, BearerTokenAuth(token=SECRET), ShopAuth(token=SECRET)):
        sent = []
        for make_source in (dlt_rest_api_source, rest_api_source):
            config = config_of(server, given, session=session, headers={"X-Client": "yes"})
            sent.append(arrived(server, make_source(config)))
        assert sent[1] == sent[0]
        assert sent[0][0]["headers"]["x-session"] == "yes"


@pytest.mark.parametrize("as_object", [False, True])
def test_the_same_token_requests_arrive(
    as_object: bool, server: JsonServer, tokens: JsonServer
) -> None:
    fields: dict[str, Any] = {
        "access_token": "one-to-begin-with",
        "access_token_url": f"{tokens.base_url}/oauth/token",
        "client_id": "me",
        "client_secret": SECRET,
        "access_token_request_data": {"scope": "read:all", "audience": server.base_url},
        "default_token_expiration": 60,
        "session": requests.Session(),
    }
    sent = []
    for make_source in (dlt_rest_api_source, rest_api_source):
        auth = (
            OAuth2ClientCredentials(**fields)
            if as_object
            else {"type": "oauth2_client_credentials", **fields}
        )
        tokens.asked.clear()
        sent.append((arrived(server, make_source(config_of(server, auth))), seen(tokens)))
    assert sent[1] == sent[0]
    assert sent[0][0][0]["headers"]["authorization"] == "Bearer token-canary-1"
    assert len(sent[0][1]) == 1


# What is left out


LEFT_OUT: Mapping[str, tuple[Any, dict[str, str]]] = {
    "a name alone": ("bearer", {"token": SECRET}),
    "all but the type": ({"type": "bearer"}, {"token": SECRET}),
    "the key": ({"type": "api_key", "name": "X-KEY"}, {"api_key": SECRET}),
    "the key and its name": ({"type": "api_key"}, {"api_key": SECRET, "name": "X-FOUND"}),
    "name and password": ("http_basic", {"username": "me", "password": SECRET}),
    "all of a registered type": ("shop", {"token": SECRET, "header": "X-Found"}),
}
SECTIONS = ("SOURCES__REST_API__CREDENTIALS", "SOURCES__CREDENTIALS", "CREDENTIALS")


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(("auth", "found"), LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_what_is_left_out_is_found_where_dlt_finds_it(
    auth: Any,
    found: dict[str, str],
    section: str,
    server: JsonServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key, value in found.items():
        monkeypatch.setenv(f"{section}__{key.upper()}", value)
    theirs = arrived(server, dlt_rest_api_source(config_of(server, deepcopy(auth))))
    ours = arrived(server, rest_api_source(config_of(server, deepcopy(auth))))
    assert ours == theirs
    assert any(secret in str(ours) for secret in (SECRET, BASIC))


@pytest.mark.parametrize(
    ("auth", "found", "header"),
    [
        ({"type": "http_basic", "username": "me"}, "password", ("authorization", f"Basic {BASIC}")),
        ({"type": "shop", "header": "X-Own"}, "token", ("x-own", f"Shop {SECRET}")),
    ],
)
def test_what_is_left_out_where_dlt_wants_all_or_nothing(
    auth: Any,
    found: str,
    header: tuple[str, str],
    server: JsonServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"CREDENTIALS__{found.upper()}", SECRET)
    (sent,) = arrived(server, rest_api_source(config_of(server, auth)))
    assert sent["headers"][header[0]] == header[1]


@pytest.mark.parametrize("make", [BearerTokenAuth, ShopAuth])
def test_objects_are_completed_as_well(
    make: Callable[[], Any], server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__REST_API__CREDENTIALS__TOKEN", SECRET)
    theirs = arrived(server, dlt_rest_api_source(config_of(server, make())))
    assert arrived(server, rest_api_source(config_of(server, make()))) == theirs


def test_a_source_of_a_name_looks_under_its_name(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CREDENTIALS__TOKEN", "not this one")
    monkeypatch.setenv("SOURCES__SHOP__CREDENTIALS__TOKEN", SECRET)
    for make_source in (dlt_rest_api_source, rest_api_source):
        (sent,) = arrived(server, make_source(config_of(server, "bearer"), name="shop"))
        assert sent["headers"]["authorization"] == f"Bearer {SECRET}"


def test_resources_look_where_the_source_around_them_does(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__OWN__CREDENTIALS__TOKEN", SECRET)
    for make_resources in (dlt_rest_api_resources, rest_api_resources):

        @dlt.source(name="own", section="own")
        def own(make: Any = make_resources) -> Any:
            yield from make(config_of(server, "bearer"))

        (sent,) = arrived(server, own())
        assert sent["headers"]["authorization"] == f"Bearer {SECRET}"


def test_dlts_files_are_looked_in(server: JsonServer) -> None:
    Path(".dlt").mkdir(exist_ok=True)
    Path(".dlt/secrets.toml").write_text(f'[sources.rest_api.credentials]\ntoken = "{SECRET}"\n')
    Path("shop.json").write_text(json.dumps(config_of(server, "bearer")))
    server.handler = lambda asked: Answer([{"id": 1}])
    subprocess.run([sys.executable, "-m", "headrace", "check", "shop.json"], check=True)
    (asked,) = server.asked
    assert asked.headers["Authorization"] == f"Bearer {SECRET}"


def test_the_config_goes_before_what_is_found(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS__NAME", "X-FOUND")
    monkeypatch.setenv("CREDENTIALS__API_KEY", SECRET)
    config = config_of(server, {"type": "api_key", "name": "X-WRITTEN"})
    (sent,) = arrived(server, rest_api_source(config))
    assert sent["headers"]["x-written"] == SECRET


@pytest.mark.parametrize(
    ("auth", "path", "phrases"),
    [
        ("shop", "client.auth", ["`ShopAuth` lacks `token`", "[sources.rest_api.credentials]"]),
        (ShopAuth(), "client.auth", ["`ShopAuth` lacks `token`"]),
        ({"type": "shop", "tokn": "canary"}, "client.auth", ["did you mean `token`?"]),
        ("http_basic", "client.auth.username", ["is missing: the user's name"]),
    ],
)
def test_what_is_nowhere_is_named(
    auth: Any, path: str, phrases: list[str], server: JsonServer
) -> None:
    with pytest.raises(ConfigError) as caught:
        rest_api_source(config_of(server, auth))
    fault = caught.value.faults[0]
    assert fault.path == path
    for phrase in phrases:
        assert phrase in fault.message
    assert "canary" not in str(caught.value)


# One token for all, and nothing secret in what is loaded or told


def oauth2(tokens: JsonServer) -> dict[str, Any]:
    return {
        "type": "oauth2_client_credentials",
        "access_token_url": f"{tokens.base_url}/token",
        "client_id": "id-canary-id",
        "client_secret": SECRET,
        "access_token_request_data": {"audience": "https://api.example.com"},
    }


def test_all_resources_share_one_token(
    server: JsonServer, tokens: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = lambda asked: Answer([{"id": asked.path}])
    config = config_of(server, oauth2(tokens))
    config["resources"] = [f"items_{number}" for number in range(6)]
    warehouse.pipeline("ours").run(rest_api_source(config))
    assert len(server.asked) == 6
    assert len(tokens.asked) == 1


def test_a_token_that_rows_echo_is_masked_in_the_quarantine(
    server: JsonServer, tokens: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = lambda asked: Answer(
        [{"id": None, "echo": asked.headers["Authorization"], "path": asked.path}]
    )
    config = config_of(server, oauth2(tokens))
    config["resources"][0] |= {"primary_key": "id"}
    warehouse.pipeline("ours").run(rest_api_source(config))
    ((row,),) = warehouse.query("SELECT raw_row FROM ours_data._headrace_quarantine")
    assert '"Bearer ***"' in row


@pytest.mark.parametrize("kind", ["token", "object", "session"])
def test_a_failed_run_tells_no_secret(
    kind: str, server: JsonServer, tokens: JsonServer, warehouse: Warehouse
) -> None:
    def echo(asked: Asked) -> Answer:
        return Answer({"message": f"{dict(asked.headers)} https://api.example.com"}, 403)

    session = requests.Session()
    session.headers["X-Token"] = SECRET
    auth = {"token": oauth2(tokens), "object": ShopAuth(token=SECRET), "session": None}[kind]
    client = {"session": session} if kind == "session" else {}
    server.handler = echo
    with pytest.raises(Exception, match="403 Forbidden") as caught:
        warehouse.pipeline("ours").run(rest_api_source(config_of(server, auth, **client)))
    told: BaseException | None = caught.value
    while told is not None:
        if isinstance(told, HeadraceError):
            assert "canary" not in str(told)
            assert "https://api.example.com" in str(told)
        told = told.__cause__ or told.__context__
    assert "canary" not in str(caught.value)
