"""What a mirror promises after a sync that ended well, and what it may cost.

Written from what an API's rows went through, and not from what the ledger holds.
"""

from __future__ import annotations

from math import ceil

from tests.unit.reading.keep_up.held_client import Row
from tests.unit.reading.keep_up.living_mirror import GRACE, SETTLED, EndedSync, LivingMirror


def broken_promises(mirror: LivingMirror, sync: EndedSync) -> list[str]:
    """What is wrong with the table after a sync that ended well; nothing when all is right.

    Of each row that was there when the sync began, and still is, between the oldest and the newest
    key that the listing has shown, the table must have the version of some moment since. The first
    sync must have listed all.
    """
    there = {int(row["id"]) for row in mirror.world.truth()}
    shown = {key for key in (mirror.seen.low, mirror.seen.high) if key is not None}
    if sync.is_first:
        # Those that have ended were listed all the time.
        ended = {key for key, row in sync.before.items() if row["status"] in SETTLED}
        shown |= ended & there
    wrong = []
    for key, before in sync.before.items():
        if key not in there or not shown or not min(shown) <= key <= max(shown):
            continue
        found = mirror.table.get(key)
        if found is None:
            if not is_unfindable(mirror, sync, key):
                wrong.append(f"row {key} is missing: {before}")
        elif (
            found != before
            and found not in sync.served.get(key, ())
            and not lacks_a_late_mark(mirror, sync, before, found)
        ):
            wrong.append(f"row {key} is old: {found}, and was {before}")
    return wrong


def is_unfindable(mirror: LivingMirror, sync: EndedSync, key: int) -> bool:
    """A row that the table lacks with good reason.

    The listing has passed over its key, and this sync did not ask for it: because it was not there
    yet when asked for more than ten minutes after that, or because other missing keys took all the
    probes of this sync. Or the listing was empty all at once: that is told, and believed of no row.
    """
    if key not in mirror.seen.passed:
        return sync.saw_nothing
    has_probed_enough = len(sync.probed) >= mirror.settings.max_probes
    return key in mirror.seen.given_up or (has_probed_enough and key not in sync.probed)


def lacks_a_late_mark(mirror: LivingMirror, sync: EndedSync, before: Row, found: Row) -> bool:
    """Only `retrySuccessId` is old, and no retry that should have told so was loaded in time."""
    if found | {"retrySuccessId": None} != before | {"retrySuccessId": None}:
        return False
    marks = mirror.world.notes.marks
    known = marks.get(int(found["retrySuccessId"] or 0))
    return not any(
        mark.retried == int(before["id"])
        and mark.written <= sync.started
        and (known is None or mark.written > known.written)
        and is_told(mirror, retry)
        for retry, mark in marks.items()
    )


def is_told(mirror: LivingMirror, retry: int) -> bool:
    """A retry was loaded in time to tell that the row which it retried has changed.

    That row must have changed within ten minutes of the retry's end, or of when the retry was last
    loaded if that was before its end and never since.
    """
    mark, loaded = mirror.world.notes.marks[retry], mirror.seen.retries.get(retry)
    if loaded is None:
        return False
    return mark.written <= (mark.ended if loaded >= mark.ended else loaded) + GRACE


def most_requests(mirror: LivingMirror) -> int:
    """What the next sync may cost, if nothing happens meanwhile.

    Args:
        mirror: whose last sync ended well, if there was one.

    Returns:
        ceil(new rows / limit) + 1 pages; the cheapest mix of further pages and single requests for
        the open and the touched rows; the probes; and one to see that single requests find
        anything at all.
    """
    limit, seen = mirror.settings.limit, mirror.seen
    listed = [int(row["id"]) for row in mirror.world.listed()]
    new = [key for key in listed if seen.high is None or key > seen.high]
    gaps = missing_keys(mirror, listed)
    lately = {
        retry
        for retry, loaded in seen.retries.items()
        if mirror.last_started is None or mirror.last_started < loaded + GRACE
    }
    due = mirror.open_rows() | retried(mirror, {*lately, *new})
    # Those show only once the listing has been read: what rows name that came alone.
    named, more = due, retried(mirror, due | gaps) - due
    while more:
        named, more = named | more, retried(mirror, more) - named - more
    # Whether a row that was hidden is still so, and one that was listed still is, shows too late.
    unforeseen = mirror.open_rows() & seen.alone
    in_vain = mirror.open_rows().difference(seen.alone, listed)
    pages = ceil(len(new) / limit)
    cheapest = min(
        extra + len(due.difference(set(listed[: (pages + extra) * limit]) - unforeseen))
        for extra in range(len(listed) // limit + 2)
    )
    probes = min(len(gaps), mirror.settings.max_probes)
    return pages + 1 + cheapest + len(in_vain) + len(named - due) + probes + 1


def missing_keys(mirror: LivingMirror, listed: list[int]) -> set[int]:
    """Keys that the listing passed over, or may pass over now."""
    seen = mirror.seen
    known = seen.passed.keys() - seen.given_up - mirror.table.keys()
    if not listed:
        return known
    if seen.low is None or seen.high is None:
        return known | set(range(listed[-1], listed[0])).difference(listed)
    # A row that shows up below all that was listed puts those between them in question, too.
    above, below = range(seen.high + 1, listed[0]), range(listed[-1] + 1, seen.low)
    return known | {*above, *below}.difference(listed)


def retried(mirror: LivingMirror, retries: set[int]) -> set[int]:
    """The older rows that retries name."""
    named = mirror.world.notes.retries
    return {named[retry] for retry in retries & named.keys()}
