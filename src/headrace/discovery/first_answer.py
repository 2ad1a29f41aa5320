"""Asks a URL for the first time, and finds the rows in what it answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from headrace.core.exceptions import PageError, ResponseStatusError
from headrace.core.exchange import Response
from headrace.discovery.survey import Survey
from headrace.discovery.trials import Trials, rows_of
from headrace.sansio.discovery.parameters import OFFSETS, PAGES, names_given
from headrace.sansio.discovery.row_places import (
    RowPlace,
    is_as_likely,
    is_rival,
    row_places,
)
from headrace.sansio.discovery.sameness import sameness_of

_UNAUTHORIZED = (401, 403)
_NOT_FOUND = 404
_IS_IT_RIGHT = (
    "The URL is taken apart into those two: is it that of a listing, as the API's documentation "
    "names it?"
)
_MOST_KEYS = 12
_MOST_OTHERS = 3
_WHO_ASKS = (
    "Say who asks: --bearer, --api-key NAME=..., --basic USER:PASSWORD, or --header 'NAME: VALUE'; "
    "each takes ${NAME} for a secret in the environment or in .dlt/secrets.toml"
)


async def first_answer(
    trials: Trials,
    endpoint: Mapping[str, Any],
    name: str,
    selector: str | None = None,
    *,
    keeps_page: bool = False,
) -> Survey:
    """Asks for a listing twice, and finds its rows.

    Args:
        trials: Asks.
        endpoint: What the call asks for.
        name: The name of the listing.
        selector: Where its rows are; the likeliest place when None.
        keeps_page: Whether the first page is asked for by its number, where the call has one.

    Raises:
        HeadraceError: The API does not answer, or with something that has no rows.
        AskedEnough: No more may be asked.
    """
    begun, dropped = from_the_beginning(endpoint)
    if keeps_page:
        begun, dropped = at_the_first_page(endpoint), []
    try:
        answer = await trials.answer(begun, "what the URL answers with")
    except ResponseStatusError as error:
        if error.status in _UNAUTHORIZED:
            raise error.located(f"{error}\n{_WHO_ASKS}.") from None
        if error.status == _NOT_FOUND:
            raise error.located(f"{error}\n{_IS_IT_RIGHT}") from None
        raise
    place, others = _place(answer, name, selector)
    found: dict[str, Any] = dict(begun)
    if place.why:
        found["data_selector"] = place.selector
    if place.rows is not None:
        found["rows"] = dict(place.rows)
    page = await trials.page(found, "what the URL answers with")
    survey = Survey(trials, found, place, page, rows_of(page.rows))
    trials.client.forget()
    again = await trials.page(found, "whether it answers alike when it is asked again")
    survey.same = sameness_of(survey.rows, rows_of(again.rows))
    survey.again = rows_of(again.rows)
    if place.why:
        survey.note("data_selector", "proven", place.why, place.selector)
    rivals = (each.selector for each in others if is_rival(page.document, place, each))
    survey.rival = next(rivals, None)
    survey.as_likely = [each.selector for each in others if is_as_likely(place, each)]
    survey.places_dropped = dropped
    for param in dropped:
        survey.note("params", "ruled out", f"`{param}` is left out, to begin at the first page")
    for other in others[:_MOST_OTHERS]:
        survey.note("data_selector", "ruled out", f"{other.why} (`{other.selector}`)")
    return survey


def from_the_beginning(endpoint: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """An endpoint without the number of a page, as a URL of a later page has it.

    Args:
        endpoint: The endpoint.

    Returns:
        The endpoint, and the parameters that are left out.
    """
    params = endpoint.get("params") or {}
    dropped = [
        name
        for name, value in params.items()
        if name in (*PAGES, *OFFSETS) and isinstance(value, str) and value.isdigit()
    ]
    if not dropped:
        return dict(endpoint), []
    kept = {name: value for name, value in params.items() if name not in dropped}
    begun = {key: value for key, value in endpoint.items() if key != "params"}
    return ({**begun, "params": kept} if kept else begun), dropped


def at_the_first_page(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """An endpoint that asks for the first page by its number, where the call asks for any so.

    Args:
        endpoint: The endpoint.
    """
    params = endpoint.get("params") or {}
    numbers = {name: "1" for name in names_given(params, PAGES) if _is_after_first(params[name])}
    return {**endpoint, "params": {**params, **numbers}} if numbers else dict(endpoint)


def _is_after_first(value: Any) -> bool:
    return str(value).isdigit() and int(value) > 0


def _place(
    answer: Response, name: str, selector: str | None
) -> tuple[RowPlace, Sequence[RowPlace]]:
    try:
        document = msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        # Whatever else it is written in, the reader finds out, or says what came instead.
        return RowPlace((), 0, None, "", 0), ()
    if _is_openapi(document):
        told = "describes an API: `headrace init --openapi` with this URL makes a config of it"
        raise PageError(f"{answer.request}: the answer is an OpenAPI document, which {told}.")
    places = row_places(document, name)
    if not places:
        raise PageError(f"{answer.request}: {_no_rows(document)}")
    best = next((each for each in places if each.selector == selector), places[0])
    places.remove(best)
    return best, [each for each in places if each.count and each.score > best.score - 5]


def _is_openapi(document: Any) -> bool:
    """Whether it says of itself that it describes an API."""
    return (
        isinstance(document, Mapping)
        and ("openapi" in document or "swagger" in document)
        and isinstance(document.get("paths"), Mapping)
    )


def _no_rows(document: Any) -> str:
    advice = "Ask for the URL of a listing, as the API's documentation names it."
    if not isinstance(document, Mapping):
        kind = "nothing" if document is None else f"a {type(document).__name__}"
        return f"the answer is {kind}, and no list of rows. {advice}"
    keys = ", ".join(f"`{_shown(key)}`" for key in list(document)[:_MOST_KEYS]) or "none"
    links = [
        key
        for key, value in document.items()
        if isinstance(value, str) and value.startswith(("http://", "https://", "/"))
    ]
    if links:
        advice = (
            f"Some are links ({', '.join(map(_shown, links[:_MOST_KEYS]))}): ask for one of those."
        )
    return f"the answer is an object without a list of rows; its keys are {keys}. {advice}"


def _shown(key: str) -> str:
    """A name that a server gave, without what a terminal might obey."""
    return "".join(each if each.isprintable() else "?" for each in key)
