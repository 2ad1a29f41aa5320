"""`headrace init URL`: a config of what an API shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from headrace.cli.exit_codes import FAILED
from headrace.cli.printing import say

if TYPE_CHECKING:
    from headrace.discovery.calls import Call
    from headrace.discovery.probing_client import AskedRequest
    from headrace.discovery.results import Discovery

_SHOWN_ROWS = 5
_ASK = "-"
_IN_QUERY = "query:"


@dataclass(frozen=True)
class GivenCall:
    """A call as the command line says it.

    Args:
        url: The URL.
        headers: Headers, each as `NAME: VALUE`.
        bearer: A token.
        api_key: The name of a header and a key, as `NAME=KEY`.
        basic: A name and a password, as `USER:PASSWORD`.
        params: Query parameters, each as `NAME=VALUE`.
        body: A JSON body.
    """

    url: str
    headers: Sequence[str] | None = None
    bearer: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    basic: str | None = field(default=None, repr=False)
    params: Sequence[str] | None = None
    body: str | None = None

    def taken_apart(self) -> Call:
        """The call, its secrets named; who leaves one out is asked for it.

        Raises:
            ConfigError: The URL cannot be asked.
            BadParameter: An option cannot be read.
        """
        from headrace.discovery.calls import call_of

        return call_of(
            self.url,
            method="GET" if self.body is None else "POST",
            headers=dict(_pair(each, ":", "--header") for each in self.headers or ()),
            auth=self._auth(),
            params=dict(_pair(each, "=", "--param") for each in self.params or ()),
            json=self._json(),
        )

    def _auth(self) -> dict[str, Any] | None:
        given = [each for each in (self.bearer, self.api_key, self.basic) if each is not None]
        if len(given) > 1:
            told = "say who asks in one way: --bearer, --api-key or --basic"
            raise typer.BadParameter(told)
        if self.bearer is not None:
            _refuse_empty(self.bearer, "--bearer")
            token = _asked("The token") if self.bearer == _ASK else self.bearer
            return {"type": "bearer", "token": token}
        if self.api_key is not None:
            name, equals, key = self.api_key.partition("=")
            location = "query" if name.startswith(_IN_QUERY) else "header"
            name = name.removeprefix(_IN_QUERY)
            if not name:
                raise typer.BadParameter("expected NAME=KEY", param_hint="--api-key")
            if equals:
                _refuse_empty(key, "--api-key")
            key = key if equals else _asked(f"The key for {name}")
            return {"type": "api_key", "name": name, "api_key": key, "location": location}
        if self.basic is not None:
            user, colon, password = self.basic.partition(":")
            _refuse_empty(user, "--basic")
            password = password if colon else _asked(f"The password of {user}")
            return {"type": "http_basic", "username": user, "password": password}
        return None

    def _json(self) -> Any:
        if self.body is None:
            return None
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise typer.BadParameter(f"is no JSON: {error}", param_hint="--json") from None


def init_from_url(
    given: GivenCall,
    path: Path,
    *,
    name: str | None,
    single_page: bool,
    max_requests: int,
    overwrite: bool,
) -> None:
    """Asks an API, writes a config of what it shows, tries it and shows its first rows.

    Args:
        given: The call.
        path: Where to write the config.
        name: The name of the resource; None for the last part of the URL's path.
        single_page: Whether one answer has all rows.
        max_requests: How many times to ask.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        HeadraceError: The API does not answer, or the file cannot be written.
    """
    from headrace.config.starter import refuse_written

    refuse_written(path, overwrite=overwrite)
    init_of_call(
        given.taken_apart(),
        path,
        name=name,
        single_page=single_page,
        max_requests=max_requests,
        overwrite=overwrite,
    )


def init_of_call(
    call: Call,
    path: Path,
    *,
    name: str | None,
    single_page: bool,
    max_requests: int,
    overwrite: bool,
) -> None:
    """Asks an API by a call, writes a config of what it shows, tries it and shows its first rows.

    Args:
        call: The call.
        path: As in `init_from_url`, as are all others.
        name: The name of the resource.
        single_page: Whether one answer has all rows.
        max_requests: How many times to ask.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        HeadraceError: As from `init_from_url`.
    """
    from headrace.discovery.discover import FEWEST_REQUESTS, discover_call

    say(f"Asking {call.base_url} at most {max_requests} times ...", to_stderr=True)
    # The first rows, which are shown, are asked for as the config says.
    left = max_requests - 1 if max_requests > FEWEST_REQUESTS else max_requests
    found = discover_call(
        call,
        name=name,
        single_page=single_page,
        max_requests=left,
        on_request=say_request,
    )
    write_found(found, path, overwrite=overwrite)


def write_found(found: Discovery, path: Path, *, overwrite: bool) -> None:
    """Writes a config that was found, tries it, and shows its first rows.

    Args:
        found: What was found.
        path: Where to write it.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        HeadraceError: The file cannot be written, or the config does not work.
        Exit: Something in it is not known.
    """
    from headrace.cli.sample_shown import print_rows, say_sample
    from headrace.config import load_config
    from headrace.config.selection import listed_resources
    from headrace.config.starter import write_config
    from headrace.discovery.trials import lookup_of
    from headrace.dlt_source.sample import take_sample

    names = write_config(path, found.as_yaml(str(path)), overwrite=overwrite)
    say(f"Wrote {path}, after {len(found.requests):,} requests.")
    settings = "".join(f"{each}=... " for each in names)
    if not found.is_proven:
        _say_unknown(found)
        say(f"Say in {path} what is not known, then try it: {settings}headrace check {path}")
        raise typer.Exit(FAILED)
    config = load_config(found.config, lookup=lookup_of(found.secrets))
    for resource in listed_resources(config):
        sample = take_sample(config, resource, _SHOWN_ROWS, most_pages=1)
        say_sample(sample)
        print_rows(sample)
    _say_unknown(found)
    say(f"Load it: {settings}headrace run {path}")


def _say_unknown(found: Discovery) -> None:
    """Says what is not known, once for all keys of which the same is to be said."""
    from headrace.sansio.discovery.evidence import told_together

    for told in told_together((each.path.rpartition(".")[2], each.text) for each in found.unknown):
        say(f"Not known: {told}")


def say_request(asked: AskedRequest) -> None:
    """Says what was asked, and why.

    Args:
        asked: The request.
    """
    status = "no answer" if asked.status is None else str(asked.status)
    say(f"  {asked.method} {status}  {asked.why}", to_stderr=True)


def _pair(text: str, separator: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    if not found or not name.strip():
        raise typer.BadParameter(f"expected NAME{separator}VALUE", param_hint=option)
    if option == "--header":
        _refuse_empty(value, option)
    return name.strip(), value.strip()


def _refuse_empty(value: str, option: str) -> None:
    if not value.strip():
        told = (
            "is empty. In double quotes the shell itself puts the value of a variable there, and "
            "this one has none: set it, and write '${NAME}' in single quotes"
        )
        raise typer.BadParameter(told, param_hint=option)


def _asked(what: str) -> str:
    answer: str = typer.prompt(f"{what} (not shown)", hide_input=True, err=True)
    return answer
