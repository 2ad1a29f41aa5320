"""Whether a listing that ends is whole: what came is held against what the API says there is."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from headrace.core.events import Event, log_event
from headrace.core.exceptions import PageError, ResponseStatusError
from headrace.core.exchange import ShownRequest
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line
from headrace.http.failures.messages import SLOW_DOWN
from headrace.http.link_header import links_by_relation
from headrace.sansio.paging import Page, SinglePages
from headrace.sansio.paging.signs import by_number, other_way

if TYPE_CHECKING:
    from headrace.reading.fetched_page import FetchedPage
    from headrace.reading.listing import Listing, OpenListing
    from headrace.reading.listing_pass import ListingPass

_LOGGER = logging.getLogger(__name__)
PAST_END = frozenset({400, 404, 410, 416, 422})
"""By these servers answer where they are asked for a page behind the last one."""

_ENDED_FULL = (
    "the last page names its own cursor or link and brings nothing new, and is as long as the "
    "others: it is taken for the end, as the API says of nothing more. See whether the table has "
    "all rows, or say under `endpoint.total` where the API tells their number"
)

_LONGEST_TOLD = 1_000

_EMPTY_PAGES = 2
_ALWAYS_NEXT = (
    "its pages go on naming a next one, though all {:,} rows came that the API tells: pages "
    "without rows are taken for the end"
)

_LEFT_OFF = (
    "the config ends its listing before the API does (`stop_condition`, a maximum, or "
    "`stop_after_empty_page`)"
)
_SKIPPED = (
    "{name} is passed over: {answer}.{meaning} What was loaded before stays. To ask no more, "
    "leave `{resource}` out of --resource, or say `selected: false`"
)
_MEANING = {
    403: " The key, or the licence of the server, does not cover it, in all likelihood.",
    404: " This release of the server does not have it, in all likelihood.",
    410: " The server does not have it any more.",
}
_IGNORED = "`response_actions` pass over an answer of its listing"
_SHORT = "the API tells more rows than came"
_STATUS = "its listing ends with the status {}, and no total says that all rows have come"
_AT_ITSELF = "its last page names itself, and no total says that all rows have come"


@dataclass(frozen=True, slots=True)
class ListingEnd:
    """How a pass through a listing has ended, as far as it tells whether all rows came.

    Args:
        why_partial: Why rows may not have come, to stand behind "since"; None where all came.
        is_one_page: Whether all came with one answer.
        are_distinct: Whether no row came twice; None where their keys are not known.
        is_ignored: Whether an answer ended it that the config ignores.
        is_skipped: Whether that is since the API does not have it here, which has been told.
    """

    why_partial: str | None
    is_one_page: bool
    are_distinct: bool | None
    is_ignored: bool = False
    is_skipped: bool = False


def end_of(walk: ListingPass, *, is_ignored: bool = False, status: int | None = None) -> ListingEnd:
    """Says how a pass has ended.

    Args:
        walk: The pass, at its end.
        is_ignored: Whether an answer ended it that the config ignores.
        status: The error status that ended it; None where a page did.
    """
    account, why = walk.account, None
    if is_ignored:
        why = _IGNORED
    elif walk.paginator.stopped_early:
        why = _LEFT_OFF
    elif not walk.is_proven_whole and account.shortfall(ended_by_config=True) is not None:
        why = _SHORT
    elif status is not None and not account.is_whole:
        why = _STATUS.format(status)
    elif walk.paginator.ended_full and not account.is_whole:
        why = _AT_ITSELF
    return ListingEnd(why, walk.number <= 1, account.are_distinct, is_ignored)


async def ask_for_count(opened: OpenListing, walk: ListingPass) -> None:
    """Asks the API for the number of rows, where that has a path of its own.

    Args:
        opened: The listing.
        walk: The pass that is to know the number.

    Raises:
        RequestError, PageError: As from `RowCount.ask`.
    """
    row_count = opened.listing.row_count
    if row_count is not None:
        walk.account.count(await row_count.ask(opened))


async def refuse_unless_whole(
    opened: OpenListing, walk: ListingPass, last: ShownRequest | None = None
) -> None:
    """Sees at the end of a pass whether all rows came that the API says there are.

    Args:
        opened: The listing.
        walk: The pass, from the top of the listing to its end.
        last: The request for its last page; None where the error need not name it.

    Raises:
        RequestError: The API does not answer when it is asked for their number.
        PageError: Rows are missing.
    """
    account, name = walk.account, opened.listing.name
    if walk.is_proven_whole:
        return
    is_meant = walk.paginator.stopped_by_user
    shortfall = account.shortfall(ended_by_config=is_meant)
    if shortfall is not None:
        await ask_for_count(opened, walk)
        shortfall = account.shortfall(ended_by_config=is_meant)
    if shortfall is not None and opened.listing.falls_short is not None:
        is_meant = opened.listing.falls_short(is_meant)
    if shortfall is not None and not is_meant:
        told = opened.cleaned(f"resource `{name}`: {shortfall}")
        raise PageError(told, resource=name, url=last.url if last else None)
    repetitions = account.repetitions() if walk.paginator.is_numbered else None
    at_itself = _ENDED_FULL if walk.paginator.ended_full and account.total is None else None
    for note in filter(None, (shortfall, repetitions, at_itself)):
        _note(opened, note)


def tell_ignored_end(opened: OpenListing, walk: ListingPass) -> None:
    """Tells where rows are missing from a listing that an answer ended which the config ignores.

    Args:
        opened: The listing.
        walk: The pass; the answer to its last request is the ignored one.
    """
    shortfall = walk.account.shortfall(ended_by_config=True) if walk.number > 1 else None
    if shortfall is not None:
        _note(opened, shortfall)


def is_skipped(opened: OpenListing, walk: ListingPass, error: ResponseStatusError) -> bool:
    """Whether the API does not have a resource here, by its answer to the first page.

    Args:
        opened: The listing.
        walk: The pass.
        error: The answer.
    """
    # By 403 many an API says that its limit on requests is reached, which passes.
    passes = SLOW_DOWN in str(error)
    return walk.number == 1 and error.status in opened.listing.skipped and not passes


def tell_skipped(opened: OpenListing, error: ResponseStatusError) -> None:
    """Tells that the API does not have a resource, as far as its answer to the first page says.

    Where that belongs to one row of a parent, the first answer is told, and the others are counted.

    Args:
        opened: The listing.
        error: The answer, as an error with the server's words.
    """
    opened.figures.skipped += 1
    if opened.figures.skipped > 1:
        return
    name, whose = opened.listing.name, ""
    if opened.listing.is_one_of_many:
        # Of tenants each has a whole listing, which is judged by itself.
        is_of_tenant = opened.listing.single_pages is None
        whose = ", of a tenant," if is_of_tenant else ", of a row of its parent,"
    told = _SKIPPED.format(
        name=f"`{name}`{whose}",
        answer=error.answer or error,
        meaning=_MEANING.get(error.status, ""),
        resource=name,
    )
    text = one_line(opened.cleaned(told), _LONGEST_TOLD)
    about = {"status": error.status, "url": error.url}
    log_event(_LOGGER, logging.WARNING, text, Event("resource skipped", name, about))
    opened.figures.note(text)


def _note(opened: OpenListing, text: str) -> None:
    told = opened.cleaned(f"`{opened.listing.name}`: {text}")
    _LOGGER.warning("%s", told)
    opened.figures.note(told)


def judge_single_page(listing: Listing, walk: ListingPass, page: FetchedPage) -> None:
    """Refuses a page that is taken for the only one and has as many rows as one that was cut.

    Args:
        listing: The listing; where the resource has many, the page is only noted.
        walk: The pass.
        page: Its last page.

    Raises:
        PageError: There is hardly just one page.
    """
    looks_full = walk.paginator.looks_full
    if looks_full is None:
        return
    rows = len(page.rows) + len(page.unreadable)
    if listing.single_pages is not None:
        listing.single_pages.see(rows, looks_full=looks_full)
    elif looks_full:
        raise PageError(
            f"resource `{listing.name}`, {page.request}: no paginator is named, and the only page "
            f"has {rows:,} rows, as many as one that was cut. Say how the API goes on, under "
            f"`endpoint.paginator`: {by_number(rows)}, `{{type: cursor, ...}}`; or `paginator: "
            "single_page` if there is nothing more.",
            resource=listing.name,
            url=page.request.url,
        )


def leads_nowhere(opened: OpenListing, walk: ListingPass, page: FetchedPage) -> bool:
    """Whether a listing has ended though its pages name a next one, which some APIs always do.

    Args:
        opened: The listing.
        walk: The pass.
        page: Its last page.

    Returns:
        True where several pages in a row were empty, and all rows came that the API tells.
    """
    walk.empty_pages = 0 if page.rows or page.unreadable else walk.empty_pages + 1
    if walk.empty_pages < _EMPTY_PAGES or not walk.account.is_whole:
        return False
    _note(opened, _ALWAYS_NEXT.format(walk.account.total))
    return True


def refuse_other_way(page: Page) -> None:
    """Refuses to end a listing at its first page where the config looks in the wrong place.

    Args:
        page: The first page, which has nothing where the paginator looks for what follows.

    Raises:
        PageError: The page leads on in another way.
    """
    seen = other_way(page, links_by_relation)
    if seen is not None:
        raise PageError(
            f"page 1 has nothing where `paginator` looks for the next one, but {seen}: check "
            "`endpoint.paginator`. If the listing ends there, say so by its `stop_condition`."
        )


def refuse_unless_past_end(error: ResponseStatusError, walk: ListingPass) -> None:
    """Takes an error status for the end of a listing where all rows came.

    Args:
        error: The answer to the page behind the last one that came.
        walk: The pass.

    Raises:
        ResponseStatusError: It is not known to be the end.
    """
    is_beyond = error.status in PAST_END and walk.number > 1
    if not (is_beyond and walk.paginator.is_numbered):
        raise error
    if walk.paginator.may_be_past_end or walk.account.is_whole:
        return
    raise error.located(
        f"{error}\nIt is the answer to page {walk.number:,}. Some APIs tell so that there is no "
        "such page: if the listing ends there, say `response_actions: [{status_code: "
        f"{error.status}, action: ignore}}]`, or name the number of all rows as `endpoint.total`."
    )


def judge_single_pages(pages: SinglePages, name: str, figures: ResourceFigures) -> None:
    """Sees whether listings of one resource are cut that seem to be one page each.

    Args:
        pages: The sizes of those pages.
        name: The name of the resource.
        figures: Where to note that some may be.

    Raises:
        PageError: They are, in all likelihood.
    """
    suspicion = pages.suspicion
    if suspicion is None:
        return
    if pages.is_likely:
        raise PageError(
            f"resource `{name}`: no paginator is named, and {suspicion}.", resource=name
        )
    figures.note(f"`{name}`: {suspicion}")
