"""`headrace init --openapi`: a config of the listings that a document describes."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from headrace.cli.exit_codes import CALL_OR_CONFIG_WRONG, FAILED
from headrace.cli.init_url import GivenCall, say_request
from headrace.cli.printing import say

if TYPE_CHECKING:
    from headrace.discovery.calls import Call
    from headrace.discovery.openapi.document import OpenApiDocument
    from headrace.discovery.openapi.drafts import Draft
    from headrace.discovery.openapi.sources import Source
    from headrace.discovery.results import Discovery

_LONGEST_SUMMARY = 60
_SHOWN = 10
_NOBODY = (401, 403)
# What is to be known of these before the config runs.
_HOLDS_BACK = ("paginator", "path", "auth")


@dataclass(frozen=True)
class GivenDocument:
    """A document as the command line says it.

    Args:
        place: The path of a file, or a URL.
        base_url: Where the API is; None where the document says it.
        resources: The names of listings; `*` for all that need no value from the user.
        who: Who asks, of a call without a URL.
    """

    place: str
    base_url: str | None
    resources: Sequence[str]
    who: GivenCall


def init_from_openapi(
    given: GivenDocument, path: Path, *, max_requests: int, overwrite: bool
) -> None:
    """Reads a document, and writes a config of its listings, proven as far as the API answers.

    Args:
        given: The document.
        path: Where to write the config.
        max_requests: How many times to ask for each listing.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        HeadraceError: The document cannot be read, the API takes nobody in, or the file cannot be
            written.
        Exit: Something in the config is not known, or nothing was chosen.
    """
    from headrace.config.starter import refuse_written
    from headrace.discovery.openapi.document import openapi_document
    from headrace.discovery.openapi.drafts import draft_of_document
    from headrace.discovery.openapi.proving import Proving, unproven

    refuse_written(path, overwrite=overwrite)
    source = _source(given)
    document = openapi_document(source)
    names = given.resources or _picked(document, given)
    base_url = given.base_url or document.base_url
    # A call has a path behind its base URL.
    url = None if base_url is None else f"{base_url.rstrip('/')}/listing"
    call = None if url is None else replace(given.who, url=url).taken_apart()
    said = call.client if call is not None else {}
    client = {key: value for key, value in said.items() if key in ("headers", "auth")}
    draft = draft_of_document(document, names, given.base_url, client)
    reason = _why_not_asked(given, document, source, draft, call)
    if call is None or reason is not None:
        found = unproven(draft, document.source)
        _write(found, path, overwrite=overwrite)
        say(f"The API was not asked: {reason}.")
    else:
        client = draft.config["client"]
        call = replace(call, auth=client.get("auth"), headers=client.get("headers", {}))
        say(f"Asking {call.base_url} for {len(draft.outlines)} listings ...", to_stderr=True)
        proving = Proving(draft, call, max_requests, say_request, _say_listing)
        found = proving.proven(document.source)
        _write(found, path, overwrite=overwrite)
    if not found.is_proven:
        raise typer.Exit(FAILED)


def _say_listing(name: str) -> None:
    say(f"{name}:", to_stderr=True)


def _source(given: GivenDocument) -> Source:
    """The text of the document; who asks is said where nobody is taken in without."""
    from headrace.core.exceptions import ResponseStatusError
    from headrace.discovery.openapi.sources import source_of

    try:
        return source_of(given.place)
    except ResponseStatusError as error:
        if error.status not in _NOBODY or not _says_who(given.who):
            raise
    call = replace(given.who, url=given.place).taken_apart()
    return source_of(given.place, call)


def _says_who(who: GivenCall) -> bool:
    return any(each is not None for each in (who.headers, who.bearer, who.api_key, who.basic))


def _picked(document: OpenApiDocument, given: GivenDocument) -> list[str]:
    """The names of the listings that somebody picks; where nobody can, what there is to name."""
    if not document.listings:
        return ["*"]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        _say_listings(document, given)
        raise typer.Exit(CALL_OR_CONFIG_WRONG)
    from headrace.cli.picking import picked

    lines = {
        each.name: _line(each.name, each.method, each.path, each.summary)
        for each in document.listings
    }
    names = picked(f"Which listings of {document.title or document.source}?", lines)
    if not names:
        say("Nothing was picked, and nothing is written.", to_stderr=True)
        raise typer.Exit(CALL_OR_CONFIG_WRONG)
    return names


def _say_listings(document: OpenApiDocument, given: GivenDocument) -> None:
    say(f"The listings of {document.title or document.source}:")
    for each in document.listings:
        needs = f"  (needs {', '.join(own.name for own in each.needs)})" if each.needs else ""
        say(f"  {_line(each.name, each.method, each.path, each.summary)}{needs}")
    for left_out in document.left_out[:_SHOWN]:
        say(f"Left out: {left_out.method} {left_out.path}: {left_out.reason}", to_stderr=True)
    where = shlex.quote(given.place)
    base = f" --base-url {shlex.quote(given.base_url)}" if given.base_url else ""
    first = document.listings[0].name
    say(
        "Say which: headrace init --openapi "
        f"{where}{base} --resource {first}, or --resource '*' for all that need no value of yours.",
        to_stderr=True,
    )


def _line(name: str, method: str, path: str, summary: str) -> str:
    short = summary if len(summary) <= _LONGEST_SUMMARY else f"{summary[:_LONGEST_SUMMARY]}…"
    return "  ".join(filter(None, [f"{name:28}", f"{method} {path}", short]))


def _why_not_asked(
    given: GivenDocument,
    document: OpenApiDocument,
    source: Source,
    draft: Draft,
    call: Call | None,
) -> str | None:
    """Why the API is not asked, as half a line; None where it is."""
    from headrace.config.secrets.substitution import substitute_secrets
    from headrace.discovery.openapi.security import token_url_elsewhere
    from headrace.discovery.trials import lookup_of
    from headrace.http.url import origin

    if call is None:
        return "nobody says where it is"
    base_url = document.base_url
    if given.base_url is None and base_url is not None:
        # A document may name any host, and who asks is told to it.
        is_its_own = source.url is not None and origin(source.url) == origin(base_url)
        if not is_its_own:
            return f"the document names {base_url}; to ask there, say --base-url {base_url}"
    elsewhere = token_url_elsewhere(draft.config)
    if elsewhere is not None:
        return f"the document names {elsewhere} for tokens: see whether that is right, or --bearer"
    *_, missing = substitute_secrets(draft.config["client"], lookup_of(call.secrets))
    if missing:
        return f"{missing[0].message}"
    return None


def _write(found: Discovery, path: Path, *, overwrite: bool) -> None:
    from headrace.cli.plurals import counted
    from headrace.config.starter import write_config
    from headrace.discovery.commented_yaml import subject

    names = write_config(path, found.as_yaml(str(path)), overwrite=overwrite)
    resources = counted(len(found.config["resources"]), "resource")
    say(f"Wrote {path} with {resources}, after {counted(len(found.requests), 'request')}.")
    told = 0
    for each in found.evidence:
        if each.verdict == "unknown" and each.path.endswith(_HOLDS_BACK):
            say(f"Not known: {subject(each.path, found.config)}: {each.text}")
        elif each.verdict == "ruled out" and not each.path:
            say(each.text[:1].upper() + each.text[1:])
        told += each.verdict == "unknown" and not each.path.endswith(_HOLDS_BACK)
    if told:
        say(f"{counted(told, 'thing')} besides that nobody knows, as keys and types: see {path}")
    settings = "".join(f"{each}=... " for each in names)
    say(f"Try it: {settings}headrace check {path}")
