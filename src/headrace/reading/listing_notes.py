"""What is told of a listing while it is read: what was guessed, and which pages came."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.core.events import Event, log_event
from headrace.core.secrets.redaction import one_line
from headrace.reading.fetched_page import FetchedPage

if TYPE_CHECKING:
    from headrace.reading.listing import OpenListing
    from headrace.reading.listing_pass import ListingPass

_LOGGER = logging.getLogger(__name__)
_LONGEST_GUESS = 200


def guessed(paginator: str) -> str:
    """Says what was guessed, and how to make it last.

    Args:
        paginator: The paginator that was guessed, by the keys that it would have in a config.
    """
    return f"the paginator is guessed (`{paginator}`); write it into the config to be sure of it"


def with_told_paginator(opened: OpenListing, walk: ListingPass, page: FetchedPage) -> FetchedPage:
    """Tells, at its first page, how a listing goes on where that was guessed.

    Args:
        opened: The listing.
        walk: The pass that the page is part of.
        page: The page.

    Returns:
        The page, with what was guessed from it.
    """
    if walk.number != 1 or walk.paginator.guess is None:
        return page
    # There are keys of the answer in it.
    guess = one_line(opened.cleaned(walk.paginator.guess), _LONGEST_GUESS)
    name = opened.listing.name
    told = f"resource `{name}`: {guessed(guess)}"
    log_event(_LOGGER, logging.INFO, told, Event("paginator guessed", name))
    return replace(page, guess=guess)


def with_told_decoder(opened: OpenListing, walk: ListingPass, page: FetchedPage) -> FetchedPage:
    """Tells what the answers are written in, where another thing was guessed from a page.

    Args:
        opened: The listing.
        walk: The pass that the page is part of.
        page: The page.

    Returns:
        The page, with what was guessed from it.
    """
    if walk.slicer.guess is None or walk.slicer.guess == walk.told_guess:
        return page
    walk.told_guess = walk.slicer.guess
    written = opened.cleaned(walk.slicer.guess)
    name = opened.listing.name
    note = f"`{name}`: {written}"
    # Of the listings of many parents one tells it.
    if note not in opened.figures.notes:
        opened.figures.note(note)
        told = f"resource {note}"
        log_event(_LOGGER, logging.INFO, told, Event("decoder guessed", name))
    return replace(page, written=written)


def tell_page(opened: OpenListing, walk: ListingPass, page: FetchedPage) -> None:
    """Tells that a page came, to who asked for that much.

    Args:
        opened: The listing.
        walk: The pass that the page is part of.
        page: The page.
    """
    if not _LOGGER.isEnabledFor(logging.DEBUG):
        return
    name, count = opened.listing.name, len(page.rows) + len(page.unreadable)
    told = f"resource `{name}`: {page.request} answers with {count:,} rows"
    about = {"page": walk.number, "rows": count, "bytes": page.size}
    log_event(_LOGGER, logging.DEBUG, told, Event("page", name, about))
