"""`skip` among the `response_actions`, where what is loaded would not stay as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.built.cursor import with_step_of_lanes
from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import parent_fields
from headrace.config.built.tail import is_tail
from headrace.config.format.places import Path

_EMPTIES = (
    "`skip` leaves what was loaded before as it is, and `write_disposition: {}` would take an "
    "answer that is passed over for a listing without rows; use `merge` or `append`, or `fail`"
)
_MOVES_ON = (
    "`skip` does not go with {}, which goes on from what was asked for last, so that rows of an "
    "answer that is passed over would never be asked for again; leave one of them out"
)


def skip_faults(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    """Find actions that say `skip` where rows would go, or never come.

    Args:
        resource: The resource; it may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    actions = resource.endpoint.get("response_actions")
    for index, action in enumerate(actions if isinstance(actions, (list, tuple)) else ()):
        if not isinstance(action, Mapping) or action.get("action") != "skip":
            continue
        here: Path = ("endpoint", "response_actions", index, "action")
        disposition = _emptying_disposition(resource.keys.get("write_disposition"))
        if disposition is not None:
            yield here, _EMPTIES.format(disposition)
        goes_on = _what_goes_on(resource.endpoint)
        if goes_on is not None:
            yield here, _MOVES_ON.format(goes_on)


def _emptying_disposition(written: Any) -> str | None:
    strategy = written.get("strategy") if isinstance(written, Mapping) else None
    disposition = written.get("disposition") if isinstance(written, Mapping) else written
    if disposition == "replace" or strategy == "scd2":
        return str(strategy if strategy == "scd2" else disposition)
    return None


def _what_goes_on(endpoint: Mapping[str, Any]) -> str | None:
    incremental = with_step_of_lanes(endpoint)
    if incremental is None:
        return None
    if is_tail(endpoint):
        return "a listing that is kept up with"
    for key, what in (("step", "windows (`step`)"), ("token_path", "a `token_path`")):
        if incremental.get(key) is not None:
            return what
    if parent_fields(endpoint) and incremental.get("per_parent") not in (True, "true"):
        return "one `incremental` for all rows of a parent (`per_parent: true` has one for each)"
    return None
