"""Lanes over windows of time that could pass over rows, although each key is right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from headrace.config.built.cursor import window_settings, with_step_of_lanes
from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import parent_fields
from headrace.config.built.tail import is_tail, primary_key_columns
from headrace.config.built.written_lanes import LANES, OF_PARENT, written_lanes
from headrace.config.format.fields import OBJECT
from headrace.config.format.incremental import IncrementalConfig
from headrace.config.format.paginators import paginator_kind
from headrace.config.format.places import Path
from headrace.sansio.windows import ScaleFault, ScaleKind

_UNCHANGING = (
    "or say `unchanging: true`, if the time of a row never changes and none is deleted while it is "
    "read"
)
_NO_WINDOWS = (
    "reads windows of time at once, and needs an `incremental` that asks for them: `cursor_path`, "
    "`initial_value`, `start_param`, `end_param` and `range_end`, see docs/incremental.md#windows"
)
_TAIL = (
    "does not go with a listing that is kept up with: that goes from the newest row down, and asks "
    "only for what is new; leave `lanes` out"
)
_NO_STEP = (
    "needs a `step`, the length of the windows that are read at once: a duration as `1d`, here or "
    "as `incremental.step`"
)
_TWO_STEPS = "is {} here, and {} as `incremental.step`: say it once"
_ONE_WINDOW = (
    "parts the range from `initial_value` to `end_value` into one window, so there is nothing to "
    "read at once: make it smaller, or leave `lanes` out"
)
_NUMBERS = (
    "parts numbers, and no clock tells which of them have changed meanwhile: leave "
    f"`lanes` out, {_UNCHANGING}"
)
_SHIFTING = {
    "offset": "each row that moves out of its window shifts another one past the client",
    "page_number": "each row that moves out of its window shifts another one past the client",
    "auto": "what is guessed may be pages that rows shift in: name the paginator",
    OBJECT: "nobody can see whether rows shift in pages of your own",
}
_PAGES = f"cannot be exact with `{{}}` pages: {{}}; take a cursor, {_UNCHANGING}"
_MERGE = (
    "lanes ask once more for what has changed while they read, and a row that comes twice has to "
    f"take the place of its older version: say `write_disposition: merge` {{}}, {_UNCHANGING}"
)


def lanes_by_time_faults(
    resource: MergedResource, *, has_row_ids: bool
) -> Iterator[tuple[Path, str]]:
    """What is wrong with lanes over windows of time.

    Args:
        resource: The resource; it may be wrong in any other way.
        has_row_ids: Whether its rows get ids.

    Yields:
        The path below the resource, and a message.
    """
    endpoint = resource.endpoint
    lanes = written_lanes(resource, "time")
    if lanes is None:
        return
    if parent_fields(endpoint):
        yield (*LANES, "by"), OF_PARENT
        return
    if is_tail(endpoint):
        yield (*LANES, "by"), _TAIL
        return
    incremental = endpoint.get("incremental")
    if not isinstance(incremental, Mapping) or incremental.get("token_path") is not None:
        yield (*LANES, "by"), _NO_WINDOWS
        return
    own, other = lanes.get("step"), incremental.get("step")
    if own is None and other is None:
        yield (*LANES, "by"), _NO_STEP
        return
    if own is not None and other is not None and own != other:
        yield (*LANES, "step"), _TWO_STEPS.format(own, other)
    is_unchanging = lanes.get("unchanging") in (True, "true")
    place: Path = (*LANES, "step") if own is not None else ("endpoint", "incremental", "step")
    yield from ((place, each) for each in _window_faults(endpoint, is_unchanging=is_unchanging))
    if not is_unchanging:
        yield from _faults_of_changes(resource, has_row_ids=has_row_ids)


def _window_faults(endpoint: Mapping[str, Any], *, is_unchanging: bool) -> Iterator[str]:
    written = with_step_of_lanes(endpoint)
    assert written is not None
    try:
        settings = window_settings(written, IncrementalConfig.model_validate(dict(written)))
    except (ScaleFault, ValidationError):
        return
    if settings is None:
        return
    if settings.scale.kind is ScaleKind.NUMBERS and not is_unchanging:
        yield _NUMBERS
    low = settings.scale.read(written.get("initial_value"))
    end_value = written.get("end_value")
    high = None if end_value is None else settings.end_at(end_value)
    if low is not None and high is not None and high - low <= settings.step:
        yield _ONE_WINDOW


def _faults_of_changes(
    resource: MergedResource, *, has_row_ids: bool
) -> Iterator[tuple[Path, str]]:
    """What does not go with rows whose time changes while they are read."""
    kind = _kind_of(resource.paginator)
    if kind in _SHIFTING:
        shown = "your own" if kind == OBJECT else kind
        yield (*LANES, "by"), _PAGES.format(shown, _SHIFTING[kind])
    written = resource.keys.get("write_disposition")
    disposition = written if isinstance(written, Mapping) else {"disposition": written}
    if disposition.get("disposition") != "merge":
        yield ("write_disposition",), _MERGE.format("with a `primary_key`")
    elif disposition.get("strategy") not in (None, "delete-insert"):
        yield ("write_disposition",), _MERGE.format("with the strategy `delete-insert`")
    elif disposition.get("deduplicated") not in (None, False, "false"):
        yield ("write_disposition",), _MERGE.format("without `deduplicated`")
    if primary_key_columns(resource.keys) is None:
        yield ("primary_key",), _MERGE.format("and name the columns of the primary key")
    if not has_row_ids:
        yield (*LANES, "by"), _MERGE.format("and leave `pipeline.row_ids: false` out")


def _kind_of(paginator: Any) -> str:
    if paginator_kind(paginator) == OBJECT:
        return OBJECT
    kind = paginator.get("type") if isinstance(paginator, Mapping) else paginator
    return "auto" if kind is None else str(getattr(kind, "type", kind))
