"""Secrets that no other text can hold, and the search for them in all that a sync leaves behind."""

from __future__ import annotations

import base64
import gzip
import html
import json
import logging
import pickle
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import duckdb
import pyarrow.parquet
from dlt.common.versioned_state import decompress_state

from headrace.core.exceptions import HeadraceError

# With a character of each sort that URLs, JSON and HTML encode.
_SPECIAL = 'c4/n4+"&<'


def canary(place: str) -> str:
    """The secret for a place of a config."""
    return f"{_SPECIAL}{place}-{len(place)}"


def encoded(secret: str) -> list[str]:
    """A secret as others may write it: the forms that a server sends back, and the search finds."""
    pair = f"someone:{secret}"
    return [
        secret,
        quote(secret, safe=""),
        quote(quote(secret, safe=""), safe=""),
        quote_plus(secret, safe="/"),
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        quote_plus(json.dumps(secret)[1:-1]),
        html.escape(secret),
        repr(secret.encode())[2:-1],
        base64.b64encode(secret.encode()).decode(),
        base64.b64encode(pair.encode()).decode(),
        base64.urlsafe_b64encode(f"a {pair}, he said".encode()).decode(),
    ]


AUTHS: dict[str, dict[str, Any]] = {
    "header": {"type": "api_key", "name": "X-Shop", "api_key": canary("header")},
    "query": {"type": "api_key", "name": "q", "api_key": canary("query"), "location": "query"},
    "cookie": {"type": "api_key", "name": "c", "api_key": canary("cookie"), "location": "cookie"},
    "bearer": {"type": "bearer", "token": canary("bearer")},
    "basic": {"type": "http_basic", "username": "someone", "password": canary("basic")},
}


def signed(key: str, **request: Any) -> dict[str, str]:
    """Signs a request as badly as can be."""
    return {"X-Signed": canary("signed")}


def fetching_auths(base_url: str) -> dict[str, dict[str, Any]]:
    """Authentications whose secrets are not on the first request; tokens come from `/token`."""
    client = {"client_id": canary("client_id"), "client_secret": canary("client_secret")}
    token = {"access_token_url": f"{base_url}/token", **client}
    return {
        "basic_client": {
            "type": "oauth2_client_credentials",
            **token,
            "client_authentication": "basic",
        },
        "refresh": {
            "type": "oauth2_refresh_token",
            **token,
            "refresh_token": canary("refresh"),
        },
        "login": {
            "type": "login",
            "path": "/token",
            "json": {"someone": {"pin": canary("login")}},
            "headers": {"X-Api-Key": canary("login_header")},
        },
        "digest": {"type": "http_digest", "username": "someone", "password": canary("digest")},
        "signature": {
            "type": "signature",
            "function": signed,
            "arguments": {"key": canary("signature")},
        },
    }


SECRETS_OF_FETCHING = {
    "basic_client": ("client_id", "client_secret", "token"),
    "refresh": ("client_id", "client_secret", "refresh", "token", "next_refresh"),
    "login": ("login", "login_header", "token"),
    "digest": ("digest",),
    "signature": ("signature", "signed"),
}
# In each request besides.
OTHERS = (
    *("client_header", "endpoint_header", "param", "param_json", "json", "path_query"),
    *("variable", "file"),
)


def config_of(base_url: str, auth: str, **resource: Any) -> dict[str, Any]:
    """A config with a secret of its own in each place that can hold one."""
    auths = {**AUTHS, **fetching_auths(base_url)}
    return {
        "client": {
            "base_url": base_url,
            "headers": {"X-Api-Key": canary("client_header")},
            "auth": auths[auth],
            "paginator": "single_page",
        },
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "endpoint": {
                    "path": f"/x?sig={quote(canary('path_query'), safe='')}",
                    "method": "POST",
                    "headers": {"X-Auth": canary("endpoint_header"), "X-Shop-2": "Shop ${SHOP}"},
                    "params": {
                        "access_token": canary("param"),
                        "v": "${SHOP_KEY}",
                        "f": {"password": canary("param_json")},
                    },
                    "json": {"filter": {"password": canary("json")}},
                    "data_selector": "data",
                },
                **resource,
            }
        ],
    }


def secrets_of(auth: str) -> list[str]:
    return [canary(place) for place in (*SECRETS_OF_FETCHING.get(auth, (auth,)), *OTHERS)]


def echoed(auth: str) -> str:
    return " ".join(form for secret in secrets_of(auth) for form in encoded(secret))


def secrets_file(folder: Path) -> Path:
    """Where the test itself writes a secret."""
    return folder / ".dlt" / "secrets.toml"


def leaks(
    secrets: Iterable[str], folder: Path, *texts: str, without: Iterable[Path] = ()
) -> list[tuple[str, str]]:
    """Where secrets are found: the place and the form, empty where all is well.

    Args:
        secrets: to look for.
        folder: all files of which are looked into, tables and compressed ones too.
        texts: to be searched besides.
        without: files that the test itself put a secret into.
    """
    needles = {form.encode() for secret in secrets for form in _traces_of(secret)}
    places = [("text", text.encode()) for text in texts]
    for path in folder.rglob("*"):
        if path.is_file() and path not in set(without):
            places.extend((str(path.relative_to(folder)), content) for content in _contents(path))
    return [
        (name, needle.decode())
        for name, content in places
        for needle in needles
        if needle in content
    ]


def told_by(error: BaseException) -> str:
    """All that an error and those behind it say, however they are shown."""
    told = ["".join(traceback.format_exception(error))]
    todo, seen = [error], set()
    while todo:
        each = todo.pop()
        if id(each) not in seen:
            seen.add(id(each))
            told.append(f"{each} {each!r}")
            if isinstance(each, HeadraceError):
                # Its data, and what another process would be sent.
                told.append(f"{vars(each)} {pickle.dumps(each).decode('latin-1')}")
            todo.extend(next_ for next_ in (each.__cause__, each.__context__) if next_ is not None)
    return "\n".join(told)


def log_everything(path: Path) -> Iterator[None]:
    """Writes what any logger says at any level into a file."""
    handler = logging.FileHandler(path)
    for each in logging.getLogger("dlt").handlers:
        if type(each) is logging.StreamHandler:
            # What was stderr when dlt first logged: a command's in an earlier test, closed by now.
            each.stream = sys.stderr
    loggers = [logging.getLogger(name) for name in (None, "dlt", "asyncio", "aiohttp")]
    levels = [each.level for each in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    # dlt's logger keeps to itself.
    for logger in loggers[:2]:
        logger.addHandler(handler)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)
    handler.close()


def _traces_of(secret: str) -> Iterator[str]:
    yield from encoded(secret)[:9]
    # Whatever stands before and behind it where it is encoded with that.
    for before in ("", "a", "ab"):
        text = base64.b64encode(f"{before}{secret}".encode()).decode()
        core = text.rstrip("=")[4 if before else 0 : -1]
        yield core
        yield core.replace("+", "-").replace("/", "_")


def _contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    if path.suffix == ".parquet":
        yield str(pyarrow.parquet.read_table(path).to_pylist()).encode()
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()")
            for schema, table in tables.fetchall():
                rows = connection.execute(f'SELECT * FROM "{schema}"."{table}"').fetchall()
                yield "\n".join(str(value) for row in rows for value in row).encode()
            states = connection.execute(
                "SELECT schema_name FROM duckdb_tables() WHERE table_name = '_dlt_pipeline_state'"
            )
            for (schema,) in states.fetchall():
                packed = connection.execute(f'SELECT state FROM "{schema}"._dlt_pipeline_state')
                for (state,) in packed.fetchall():
                    yield json.dumps(decompress_state(state)).encode()
