"""The releases of the platform that the sample API can be like, and what they do differently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Release:
    """How one release behaves, as it was recorded.

    Args:
        name: As `--like` says it.
        parked_hidden: Whether parked executions are left out of listings.
        text_ids: Whether ids are text, whatever is asked for.
        cuts_limit: Whether a `limit` that is too large is cut without a word; else it is refused.
        filters_by_start: Whether `startedAfter` and `startedBefore` are understood.
        queues: Whether rows are listed while they wait for their turn, and may never start.
        touches_crashed: Whether a restart changes rows that crashed before it once more.
        has_details: Whether one row has its sizes and its workflow's version, and `includeData`
            brings what each step did.
    """

    name: str
    parked_hidden: bool
    text_ids: bool
    cuts_limit: bool
    filters_by_start: bool
    queues: bool
    touches_crashed: bool
    has_details: bool


OLDER = Release(
    "2.20",
    parked_hidden=True,
    text_ids=False,
    cuts_limit=False,
    filters_by_start=False,
    queues=False,
    touches_crashed=False,
    has_details=False,
)
NEWER = Release(
    "2.41",
    parked_hidden=False,
    text_ids=True,
    cuts_limit=True,
    filters_by_start=True,
    queues=True,
    touches_crashed=True,
    has_details=True,
)
RELEASES = {each.name: each for each in (OLDER, NEWER)}


def release_like(name: str) -> Release:
    """Return a release by its name.

    Args:
        name: `2.20` or `2.41`.

    Raises:
        ValueError: There is no such release.
    """
    if name not in RELEASES:
        raise ValueError(f"like must be one of {', '.join(RELEASES)}, not {name}")
    return RELEASES[name]
