"""`headrace init`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.exit_codes import exit_codes
from headrace.cli.init_curl import init_from_curl
from headrace.cli.init_openapi import GivenDocument, init_from_openapi
from headrace.cli.init_url import GivenCall, init_from_url
from headrace.cli.printing import say

_URL_BEGINNINGS = ("http://", "https://")
_STOPPED = "Stopped. Nothing is written, unless it is said above."
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*(:\d+|\.[A-Za-z]{2,})(/|$)")
_SUFFIXES = (".yml", ".yaml", ".json")
_STANDARD_FILE = Path("headrace.yml")


def init(
    where: Annotated[
        str | None,
        typer.Argument(
            metavar="URL",
            help="The URL of a listing: it is asked how its pages go on, and a config is written "
            "of what its answers prove. Without one: a config to fill in.",
        ),
    ] = None,
    path: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to write the config: headrace.yml."),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:VALUE", help="A header to send; ${NAME} in it is a secret. Repeatable."
        ),
    ] = None,
    bearer: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN", help="Who asks, by a token: ${NAME}, or - to be asked for it."
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[=KEY]",
            help="Who asks, by a key in the header NAME: KEY may be ${NAME}; without it you are "
            "asked. `query:NAME` is a query parameter.",
        ),
    ] = None,
    basic: Annotated[
        str | None,
        typer.Option(
            metavar="USER[:PASSWORD]",
            help="Who asks, by name and password, which may be ${NAME}; without it you are asked.",
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A query parameter to send. Repeatable."),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option("--json", metavar="BODY", help="Ask by POST, with this JSON body."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The name of the resource and its table.")
    ] = None,
    single_page: Annotated[
        bool,
        typer.Option("--single-page", help="One answer has all rows: you know it, or were told."),
    ] = False,
    max_requests: Annotated[
        int, typer.Option(metavar="N", min=4, help="Ask the API at most so many times.")
    ] = 25,
    from_curl: Annotated[
        bool,
        typer.Option(
            "--from-curl",
            help="Ask as a curl command does, which is pasted into the terminal or comes through a "
            "pipe.",
        ),
    ] = False,
    post: Annotated[
        bool,
        typer.Option("--post", help="The pasted command asks by POST, and lists rows alone."),
    ] = False,
    openapi: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL",
            help="An OpenAPI or Swagger document: its listings are written, proven as far as the "
            "API answers.",
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the API of the document is, and may be asked."),
    ] = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A listing of the document; '*' for all that need no value of yours. Repeatable; "
            "without it you pick them.",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe", metavar="NAME", help="Begin with the config of a style of API, as `odata`."
        ),
    ] = None,
    show_recipes: Annotated[
        bool, typer.Option("--recipes", help="Show the names of the recipes, and write nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
) -> None:
    """Write a config: of what an API shows at a URL, or a commented one to start from.

    `headrace init https://api.example.com/v1/orders --bearer '${API_TOKEN}'` asks the API, politely
    and a bounded number of times: where its rows are, how pages go on (it follows them), the key,
    the order, the types. Each line says what proves it; what is not proven is left out, and the
    file says what to ask the API's documentation. Then the config is checked, and its first rows
    are shown. Secrets are never written into it.

    A config of dlt's, as a dictionary in Python, needs none of this: it runs as it is.

    Exit code 0: the config runs; 1: something in it is not known, or the API does not answer; 2:
    the call is wrong.
    """
    with exit_codes(stopped=_STOPPED):
        if show_recipes:
            _say_recipes()
            return
        if openapi is not None:
            is_more = any(each is not None for each in (param, body, name, recipe, path))
            if is_more or from_curl or single_page or _is_url(where):
                told = "the document says what to ask: give a FILE, and who asks"
                raise typer.BadParameter(told, param_hint="--openapi")
            who = GivenCall("", header, bearer, api_key, basic)
            described = GivenDocument(openapi, base_url, resource or (), who)
            file = Path(where) if where else _STANDARD_FILE
            init_from_openapi(described, file, max_requests=max_requests, overwrite=force)
            return
        if base_url is not None or resource:
            told = "they are of a document: say which, by --openapi FILE|URL"
            raise typer.BadParameter(told, param_hint="--base-url, --resource")
        if from_curl:
            options = (header, bearer, api_key, basic, param, body, recipe, path)
            if any(each is not None for each in options) or _is_url(where):
                told = "the command says what to ask: give a FILE and no URL, and no other options"
                raise typer.BadParameter(told, param_hint="--from-curl")
            init_from_curl(
                Path(where) if where else _STANDARD_FILE,
                may_post=post,
                name=name,
                single_page=single_page,
                max_requests=max_requests,
                overwrite=force,
            )
            return
        if post:
            told = "is of a pasted command (--from-curl); with a URL, --json BODY asks by POST"
            raise typer.BadParameter(told, param_hint="--post")
        if where is not None and _is_url(where):
            given = GivenCall(where, header, bearer, api_key, basic, param, body)
            init_from_url(
                given,
                path or _STANDARD_FILE,
                name=name,
                single_page=single_page,
                max_requests=max_requests,
                overwrite=force,
            )
            return
        if path is not None:
            told = f"`{where}` is no URL: one begins with https:// or http://"
            raise typer.BadParameter(told, param_hint="URL")
        if where is not None:
            _refuse_host(where)
        of_a_url = (header, bearer, api_key, basic, param, body, name)
        if any(each is not None for each in of_a_url) or single_page:
            told = "say how a URL is asked: give that of a listing, with https:// or http://"
            raise typer.BadParameter(told, param_hint="the options")
        _write_starter(Path(where) if where else _STANDARD_FILE, recipe, overwrite=force)


def _is_url(where: str | None) -> bool:
    return where is not None and where.startswith(_URL_BEGINNINGS)


def _refuse_host(where: str) -> None:
    """Refuses a URL that lacks its beginning, which else were the name of a file."""
    begins_with_host = _HOST.match(where) is not None
    if begins_with_host and Path(where).suffix not in _SUFFIXES:
        told = (
            f"`{where}` is no URL, as one begins with https:// or http://, and names no YAML file"
        )
        raise typer.BadParameter(told, param_hint="URL")


def _say_recipes() -> None:
    from headrace.config.recipes import recipes

    known = recipes()
    width = max(map(len, known))
    say("\n".join(f"{name:{width}}  {what}" for name, what in known.items()))


def _write_starter(path: Path, recipe: str | None, *, overwrite: bool) -> None:
    from headrace.config.starter import write_starter

    names = write_starter(path, recipe=recipe, overwrite=overwrite)
    settings = "".join(f"{name}=... " for name in names)
    say(
        f"Wrote {path}. Set base_url and the resources in it, then try it: "
        f"{settings}headrace check {path}"
    )
