"""`headrace.discover`: from a URL to a config of which each line is proven."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from headrace.core.exceptions import ConfigError, Fault, HeadraceError, PageError
from headrace.core.secrets.redaction import Redactor
from headrace.discovery.calls import Call, call_of
from headrace.discovery.first_answer import first_answer
from headrace.discovery.graphql_calls import paging_of_query, survey_of_query
from headrace.discovery.later_pages import (
    may_be_places,
    places_given,
    places_sent,
    without_places,
)
from headrace.discovery.paging_search import ONE_PAGE, FoundPaging, PagingSearch
from headrace.discovery.probing_client import AskedEnough, AskedRequest, ProbingClient
from headrace.discovery.resource_facts import ResourceFacts
from headrace.discovery.results import Discovery
from headrace.discovery.survey import Survey, listed
from headrace.discovery.trials import Trials, config_of
from headrace.discovery.words_of_server import as_written, literal, shown_places
from headrace.http.client import HttpClient
from headrace.http.settings import ClientSettings
from headrace.reading.client_settings import client_settings

MOST_REQUESTS = 25
MOST_BYTES = 64 * 1024 * 1024
FEWEST_REQUESTS = 4
"""So many requests show a second page at least."""

_NO_WORD = re.compile(r"[^\w-]+")

Made = TypeVar("Made")


def discover(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    auth: Mapping[str, Any] | None = None,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    name: str | None = None,
    single_page: bool = False,
    max_requests: int = MOST_REQUESTS,
    on_request: Callable[[AskedRequest], None] | None = None,
) -> Discovery:
    """Asks an API how it lists its rows, and writes a config of what it has proven.

    The API is asked a bounded number of times, one request at a time, at no other host than its
    own, and never to change anything. What is not proven is left out: the config then says what
    to ask the API's documentation.

    Args:
        url: The URL of a listing, with or without query parameters.
        method: The HTTP method; with `POST` the listing is asked for by `json`.
        headers: Headers to send. One that proves who asks becomes an `auth` of the config.
        auth: What `client.auth` of a config says. In it, as in `headers` and in `params`, `${NAME}`
            stands for a secret; a secret that is given as it is gets such a name in the config.
        params: Query parameters besides those of the URL.
        json: The JSON body of a `POST`.
        name: The name of the resource; the last part of the URL's path when None.
        single_page: Whether one answer has all rows, as you know. Else that is to be proven.
        max_requests: How many requests may be made.
        on_request: Is told of each request that was made.

    Returns:
        The config, what speaks for each line of it, and what was asked.

    Raises:
        ConfigError: The URL, or something else that was given, cannot be used.
        RequestError: The API does not answer, or refuses.
        PageError: What it answers with is no listing.

    Example:
        `headrace simulate` serves the sample API of this example:

        >>> import headrace
        >>> found = headrace.discover(
        ...     "http://127.0.0.1:8080/api/v1/executions",
        ...     headers={"X-API-KEY": "simulator"},
        ... )
        >>> found.config["resources"][0]["endpoint"]["paginator"]["cursor_path"]
        'nextCursor'
    """
    if max_requests < FEWEST_REQUESTS:
        told = f"{max_requests} are too few: {FEWEST_REQUESTS} show a second page at least"
        raise ConfigError([Fault("max_requests", told)])
    call = call_of(url, method=method, headers=headers, auth=auth, params=params, json=json)
    return discover_call(
        call, name=name, single_page=single_page, max_requests=max_requests, on_request=on_request
    )


def discover_call(
    call: Call,
    *,
    name: str | None = None,
    single_page: bool = False,
    max_requests: int = MOST_REQUESTS,
    on_request: Callable[[AskedRequest], None] | None = None,
) -> Discovery:
    """Asks an API how it lists its rows: `discover`, of a call that has been taken apart.

    Args:
        call: The call.
        name: As in `discover`.
        single_page: As in `discover`.
        max_requests: As in `discover`.
        on_request: As in `discover`.

    Raises:
        ConfigError, RequestError, PageError: As from `discover`.
    """
    return run_apart(_discovered(call, name or call.name, single_page, max_requests, on_request))


async def _discovered(
    call: Call,
    name: str,
    single_page: bool,
    max_requests: int,
    on_request: Callable[[AskedRequest], None] | None,
) -> Discovery:
    async with HttpClient(polite_settings(call)) as http:
        client = ProbingClient(http, max_requests, MOST_BYTES, on_request)
        trials = Trials(call, client)
        is_query = "graphql" in call.endpoint
        try:
            survey = await (
                survey_of_query(trials, call.endpoint)
                if is_query
                else first_answer(trials, call.endpoint, name)
            )
        except AskedEnough:
            raise PageError("the answers are too large to look at more of them") from None
        paging = await _paging(survey, single_page=single_page)
        if not single_page and not is_query:
            survey, paging = await _at_the_right_place(survey, paging, name)
            survey, paging = await _by_its_page(survey, paging, name, call)
            survey, paging = await _from_the_first_page(survey, paging, name)
        resource = as_written(await ResourceFacts(survey, paging, name).resource())
        asked = trials.listing(call.endpoint)
        redactor = client.redactor(asked.request, asked.credentials)
        _refuse_secrets(resource, redactor)
        evidence = tuple(
            replace(each, text=redactor.clean(each.text), value=literal(each.value))
            for each in survey.evidence
        )
    config = {
        "pipeline": {"name": _pipeline_name(name)},
        "client": call.client,
        "resources": [resource],
    }
    return Discovery(config, evidence, tuple(client.asked), call.secrets)


def _refuse_secrets(resource: Mapping[str, Any], redactor: Redactor) -> None:
    """Sees that no name that the server gave is a secret of whoever asks."""
    shown = {**shown_places(resource["endpoint"]), **resource, "endpoint": None}
    if redactor.clean(str(shown)) != str(shown):
        raise PageError(
            "a list, a field or a parameter of the answer is called as a secret of the request "
            "is, and no config can name it without telling the secret. Does the server send back "
            "what it was asked with?"
        )


def _pipeline_name(name: str) -> str:
    """The name of a resource as one of a pipeline, which names folders and files."""
    return _NO_WORD.sub("_", name).strip("_") or "listing"


async def _at_the_right_place(
    survey: Survey, paging: FoundPaging, name: str
) -> tuple[Survey, FoundPaging]:
    """Takes another list of the answer where that goes on from page to page, and this one does not.

    Where none does, and their names tell nothing, it is not known which one has the rows.
    """
    if not survey.as_likely or paging.has_pages:
        return survey, paging
    other = survey.as_likely[0]
    try:
        begun = await first_answer(survey.trials, survey.endpoint, name, other)
        found = await _paging(begun, single_page=False)
    except (AskedEnough, HeadraceError):
        found = None
    if found is not None and found.is_proven and found.has_pages:
        return begun, found
    told = f"`{survey.place.selector}` and `{other}` are lists of rows: one resource for each, or "
    survey.note("data_selector", "unknown", f"{told}one of them?")
    return survey, PagingSearch(survey).unknown()


async def _by_its_page(
    survey: Survey, paging: FoundPaging, name: str, call: Call
) -> tuple[Survey, FoundPaging]:
    """Asks by the number of a page from the first one on, where only such a number makes pages."""
    if paging.is_proven or not survey.places_dropped:
        return survey, paging
    try:
        begun = await first_answer(survey.trials, call.endpoint, name, keeps_page=True)
        found = await _paging(begun, single_page=False)
    except (AskedEnough, HeadraceError):
        return survey, paging
    return (begun, found) if found.is_proven and found.has_pages else (survey, paging)


async def _from_the_first_page(
    survey: Survey, paging: FoundPaging, name: str
) -> tuple[Survey, FoundPaging]:
    """Begins anew where the call asks for a later page, as one that is copied from a browser may.

    Only how pages go on shows which of its parameters say so; on the last page nothing does.
    """
    if not paging.is_proven:
        return survey, paging
    is_last = paging.endpoint["paginator"] == ONE_PAGE
    places = (
        may_be_places(survey.endpoint) if is_last else places_given(paging.endpoint, survey.first)
    )
    if not places:
        return survey, paging
    shown = listed([str(each) for each in places])
    try:
        begun = await first_answer(survey.trials, without_places(survey.endpoint, places), name)
        found = await _paging(begun, single_page=False)
    except (AskedEnough, HeadraceError):
        found = None
    if is_last and found is not None and found.is_proven:
        sent = places_sent(found.endpoint, begun.first)
        if not any(each in sent for each in places):
            # They choose among the rows.
            return survey, paging
    elif is_last or found is None:
        told = f"{shown} may ask for a later page, and how it begins without is not proven"
        survey.note("paginator", "unknown", told)
        return survey, PagingSearch(survey).unknown()
    begun.note("params", "ruled out", f"{shown} is left out, to begin at the first page")
    return begun, found


async def _paging(survey: Survey, *, single_page: bool) -> FoundPaging:
    search = PagingSearch(survey)
    if survey.rival is not None:
        told = f"rows alike are at `{survey.place.selector}` and at `{survey.rival}`"
        survey.note("data_selector", "unknown", f"{told}: one resource for each, or one of them?")
        return search.unknown()
    if single_page:
        return search.as_the_user_says()
    try:
        if "graphql" in survey.endpoint:
            return await paging_of_query(survey)
        return await search.find()
    except AskedEnough:
        told = f"{len(survey.trials.client.asked):,} requests were not enough to prove it: allow "
        told += "more, by `--max-requests`"
    except HeadraceError as error:
        told = str(error)
    survey.note("paginator", "unknown", told)
    return search.unknown()


def polite_settings(call: Call) -> ClientSettings:
    """The settings of a client that asks politely, one request at a time.

    Args:
        call: The call of the API.
    """
    settings = client_settings(config_of(call, call.endpoint))
    retry = replace(settings.retry, max_attempts=min(settings.retry.max_attempts, 3))
    return replace(settings, concurrency=1, retry=retry)


def run_apart(made: Coroutine[Any, Any, Made]) -> Made:
    """Runs it on a loop of its own, also where the caller is on one, as in a notebook.

    Args:
        made: What is to be run.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(made)
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(asyncio.run, made).result()
