"""What a mirror promises after a sync without an error, and how many requests it may take.

`docs/keeping-up.md` makes that promise to users. Here it is worked out from what happened to the
rows of the API, and not from the ledger, whose mistakes the tests are to find.
"""

from __future__ import annotations

from math import ceil

from tests.unit.reading.keep_up.held_client import Row
from tests.unit.reading.keep_up.living_mirror import GRACE, SETTLED, EndedSync, LivingMirror


def broken_promises(mirror: LivingMirror, sync: EndedSync) -> list[str]:
    """Says what is wrong with the table after a sync that ended without an error.

    It is about each row that was there when the sync began, that still is, and whose key lies
    between the oldest and the newest that the listing has shown. Of each the table must have the
    version of some moment since the sync began. The first sync must have listed all rows.

    Args:
        mirror: The mirror, with all that the sync brought.
        sync: The sync.

    Returns:
        A sentence for each row that is missing or old; nothing when the promise is kept.
    """
    there = {int(row["id"]) for row in mirror.world.truth()}
    shown = {key for key in (mirror.seen.low, mirror.seen.high) if key is not None}
    if sync.is_first:
        # The listing showed the rows that had ended from the beginning of the sync to its end.
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
    """Whether the table lacks a row for a good reason.

    The listing has passed over its key, and this sync did not ask for it. Either an earlier sync
    asked more than ten minutes after that, and the row was not there yet, or other missing keys
    took all the probes of this sync. The remaining case is a listing that is suddenly empty: that
    is reported, and no row counts as gone because of it.

    Args:
        mirror: The mirror, with all that the sync brought.
        sync: The sync.
        key: The key of the row.
    """
    if key not in mirror.seen.passed:
        return sync.saw_nothing
    appeared = mirror.world.notes.appeared.get(key, 0.0)
    if mirror.settings.heeds_status and appeared >= mirror.seen.passed[key] + GRACE:
        # With a listing of hidden rows no sync needs to have asked for the key.
        return True
    was_shown = sync.before[key]["status"] in ("waiting", "new")
    if was_shown and mirror.settings.heeds_status and mirror.seen.passed[key] >= sync.started:
        # It was hidden between the listing of hidden rows and its page: it comes with the next.
        return key not in sync.probed
    has_probed_enough = len(sync.probed) >= mirror.settings.max_probes
    return key in mirror.seen.given_up or (has_probed_enough and key not in sync.probed)


def lacks_a_late_mark(mirror: LivingMirror, sync: EndedSync, before: Row, found: Row) -> bool:
    """Whether only `retrySuccessId` is old, and no retry that names the row was loaded in time.

    Args:
        mirror: The mirror, with all that the sync brought.
        sync: The sync.
        before: The row when the sync began.
        found: The row as the table has it.
    """
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
    """Whether a retry was loaded in time for the mirror to ask again for the row that it retried.

    The retried row must have changed at most ten minutes after the end of the retry; or, where the
    retry was last loaded before its end, at most ten minutes after that.

    Args:
        mirror: The mirror, with all that the sync brought.
        retry: The key of the retry.
    """
    mark, loaded = mirror.world.notes.marks[retry], mirror.seen.retries.get(retry)
    if loaded is None:
        return False
    return mark.written <= (mark.ended if loaded >= mark.ended else loaded) + GRACE


def most_requests(mirror: LivingMirror) -> int:
    """The largest number of requests that the next sync may make, if nothing happens meanwhile.

    Args:
        mirror: The mirror, whose last sync, if there was one, ended without an error.

    Returns:
        ceil(new rows / limit) + 1 pages; the cheapest mix of further pages and single requests for
        the open and the touched rows; the probes; and one request to check that single rows can be
        found by their path.
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
    # Rows that are fetched singly may name older ones, after all pages have been listed.
    named, more = due, retried(mirror, due | gaps) - due
    while more:
        named, more = named | more, retried(mirror, more) - named - more
    # That a hidden row has become listed, or a listed one hidden, shows only when the planner has
    # chosen its pages.
    unforeseen = mirror.open_rows() & seen.alone
    in_vain = mirror.open_rows().difference(seen.alone, listed)
    pages = ceil(len(new) / limit)
    cheapest = min(
        extra + len(due.difference(set(listed[: (pages + extra) * limit]) - unforeseen))
        for extra in range(len(listed) // limit + 2)
    )
    probes = min(len(gaps), mirror.settings.max_probes)
    return (
        pages_of(mirror, "running")
        + pages_of(mirror, "waiting")
        + pages
        + 1
        + pages_again(mirror, listed, max(listed, default=0))
        + cheapest
        + len(in_vain)
        + len(named - due)
        + probes
        + 1
    )


def pages_of(mirror: LivingMirror, status: str) -> int:
    """How many pages the listing of rows of one status has: one, where there is none.

    Args:
        mirror: The mirror.
        status: The status.
    """
    world = mirror.world
    # A server that takes no notice shows the plain listing, which tells itself by a settled row.
    rows = world.truth(status=status) if mirror.settings.heeds_status else world.listed()
    return max(1, ceil(len(list(rows)) / mirror.settings.limit))


def pages_again(mirror: LivingMirror, listed: list[int], newest: int) -> int:
    """How many pages go down to the oldest key that was passed over in ten minutes before a look.

    Args:
        mirror: The mirror.
        listed: The keys that the listing shows now, newest first.
        newest: The newest of them; 0 for none.
    """
    looked = mirror.last_started
    if looked is None:
        return 0
    late = [key for key, at in mirror.seen.passed.items() if looked < at + GRACE]
    oldest = min(late, default=newest)
    return ceil(sum(oldest <= key <= newest for key in listed) / mirror.settings.limit) + 1


def missing_keys(mirror: LivingMirror, listed: list[int]) -> set[int]:
    """The keys that the listing has passed over, or may pass over in the next sync.

    Args:
        mirror: The mirror.
        listed: The keys that the listing shows now, newest first.
    """
    seen = mirror.seen
    known = seen.passed.keys() - seen.given_up - mirror.table.keys()
    if not listed:
        return known
    if seen.low is None or seen.high is None:
        return known | set(range(listed[-1], listed[0])).difference(listed)
    # A row that appears below the oldest listed one makes the keys between the two missing ones.
    above, below = range(seen.high + 1, listed[0]), range(listed[-1] + 1, seen.low)
    return known | {*above, *below}.difference(listed)


def retried(mirror: LivingMirror, retries: set[int]) -> set[int]:
    """The keys of the older rows that retries name.

    Args:
        mirror: The mirror.
        retries: The keys of rows, retries or not.
    """
    named = mirror.world.notes.retries
    return {named[retry] for retry in retries & named.keys()}
