"""Says what a later sync asks for, and how a listing is parted."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.config import ResourceConfig
from headrace.config.built.cursor import CursorConfig
from headrace.config.built.tail import TailConfig
from headrace.config.format.response_actions import ResponseAction
from headrace.core.secrets.redaction import one_line
from headrace.explaining.explanation import ExplainedStep
from headrace.explaining.requests import newest_of

_LONGEST_TEXT = 60
_VERDICTS = {
    "ignore": "ends its listing there, without an error",
    "skip": "passes the resource over",
    "fail": "ends the sync with an error",
    "retry": "is asked for again",
}


def sync_steps(resource: ResourceConfig) -> Iterator[ExplainedStep]:
    """What is said of later syncs, of parts, and of special answers.

    Args:
        resource: The resource.
    """
    yield from _parts(resource)
    for action in resource.endpoint.response_actions:
        yield ExplainedStep("answers", _action(action))
    if resource.tail is not None:
        for text in _of_tail(resource.tail):
            yield ExplainedStep("next sync", text)
    elif resource.token is not None:
        statuses = " or ".join(map(str, sorted(resource.token.expired)))
        yield ExplainedStep(
            "next sync",
            f"goes on from what the last page had at `{resource.token.path}`; all is listed anew "
            f"where the API takes that no more ({statuses})",
        )
    elif resource.cursor is not None:
        for text in _of_cursor(resource.cursor, resource):
            yield ExplainedStep("next sync", text)
    else:
        yield ExplainedStep("next sync", "lists all of it again")


def _parts(resource: ResourceConfig) -> Iterator[ExplainedStep]:
    parent, lanes = resource.parent, resource.endpoint.lanes
    if parent is not None and parent.batching is not None:
        size = parent.batching.size
        told = f"one listing for each {size:,} rows of `{parent.resource}`, several at once"
        yield ExplainedStep("parts", f"{told}; a batch that is refused is asked for in halves")
    elif parent is not None:
        told = f"one listing for each row of `{parent.resource}`, several at once"
        yield ExplainedStep("parts", told)
    if lanes is not None:
        told = f"up to {lanes.at_once} pages are asked for at once, where page 1 tells a total"
        if lanes.by_offset and not lanes.is_unchanging:
            told += "; each begins at the last row of the one before it, to miss none"
        yield ExplainedStep("lanes", told)
    by_key = None if resource.tail is None else resource.tail.settings.lanes
    if by_key is not None and by_key.at_once > 1:
        told = f"the first listing is read in up to {by_key.at_once} places at once, by its key"
        yield ExplainedStep("lanes", told)
    by_value = resource.lanes
    if by_value is not None:
        count = len(by_value.values or ())
        values = f"{count:,} values" if count else f"each `{by_value.path}` of {by_value.resource}"
        told = f"one listing for each of the {values}" if count else f"one listing for {values}"
        yield ExplainedStep(
            "lanes", f"{told} as `{by_value.param}`, {by_value.at_once} of them at once"
        )
    cursor = resource.cursor
    windows = None if cursor is None else cursor.windows
    if cursor is not None and windows is not None:
        at_once = "" if cursor.lanes is None else f", {cursor.lanes.at_once} of them at once"
        text = f"its range is asked for in windows{at_once}; page 1 above is of the first one"
        if windows.most_rows is not None:
            text += f"; one with {windows.most_rows:,} rows or more is halved"
        yield ExplainedStep("windows", f"{text}; one that the API refuses as too large is halved")


def _action(action: ResponseAction) -> str:
    told = [f"with the status {action.status}"] if action.status is not None else []
    if action.content is not None:
        told.append(f"with the text {one_line(action.content, _LONGEST_TEXT)!r} in it")
    which = f"an answer {' and '.join(told)}" if told else "each answer"
    done = _VERDICTS.get(action.verdict or "", "is given to a function of yours")
    return f"{which} {done}"


def _of_cursor(cursor: CursorConfig, resource: ResourceConfig) -> Iterator[str]:
    path = cursor.arguments.get("cursor_path", "the cursor")
    if cursor.has_end:
        yield f"asks for the same range again: its end is given, and nothing of `{path}` is kept"
        return
    each = f" each row of `{resource.parent.resource}`" if resource.parent else ""
    apart = f" of{each}" if cursor.per_parent and each else ""
    if cursor.windows is not None:
        yield (
            "goes back by the length of a window, and at least an hour, behind the end of this "
            f"one{apart}: rows may still have come there"
        )
    elif cursor.incremental is not None:
        yield "begins where the incremental of Python says"
    elif cursor.start_param is None and not _is_asked_for(resource):
        yield (
            f"asks for the same, and leaves out rows whose `{path}` is below "
            f"{newest_of(cursor.arguments)}"
        )
    else:
        begins = f"begins, for{each}," if cursor.per_parent and each else "begins"
        yield f"{begins} at {newest_of(cursor.arguments)}; older rows that come are left out"
    if cursor.end_param is not None and cursor.windows is None:
        yield f"has no end for `{cursor.end_param}`: all that is newer is asked for"


def _is_asked_for(resource: ResourceConfig) -> bool:
    endpoint = resource.endpoint
    texts = (endpoint.path, endpoint.params, endpoint.json, endpoint.data, endpoint.headers)
    return "{incremental." in repr(texts)


def _of_tail(tail: TailConfig) -> Iterator[str]:
    if "hidden" in tail.own_listings:
        yield "reads the listing of hidden rows first, as the first sync does before page 1"
    if tail.settings.keys_move:
        yield (
            f"lists from page 1 on, until a value of `{tail.key}` that was listed before; a row "
            "that changes comes up again"
        )
    else:
        yield (
            f"lists from page 1 on, until a value of `{tail.key}` that was listed before, and what "
            "a sync that was cut short has left out"
        )
    if tail.settled_when is not None:
        one = f"`{tail.refresh_path}`" if tail.refresh_path else "the pages that have them"
        yield (
            f"asks again for each open row, of which `{tail.settled_when.text}` is not true, by "
            f"{one}"
        )
    if "open" in tail.own_listings:
        yield "where many rows are open, reads the API's listing of them instead"
    if tail.settles_after is not None:
        later = tail.settles_after
        which = "" if later.when is None else f" of which `{later.when.text}` is true"
        yield (
            f"asks again for rows{which} until {later.seconds:,.0f} seconds after their "
            f"`{later.since}`"
        )
    if tail.touches:
        names = ", ".join(f"`{name}`" for name in tail.touches)
        yield f"asks for the older row that a new or changed one names in {names}"
    if tail.settings.probes:
        yield (
            f"asks for missing values of `{tail.key}` between new rows one by one, "
            f"{tail.settings.max_probes} at most"
        )
    elif (seconds := tail.settings.lookback(knows_hidden=False)) is not None:
        yield (
            f"lists the last {seconds:,.0f} seconds below the newest row again, for rows that "
            "come late"
        )
    if tail.settings.backfill_until is not None:
        yield f"loads no row below {tail.settings.backfill_until}, nor does the first sync"
