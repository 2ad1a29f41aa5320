"""Windows of an incremental that cannot tile its range, although each key is right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from headrace.config.built.cursor import window_settings, with_step_of_lanes
from headrace.config.built.parents import placeholders_in
from headrace.config.format.incremental import IncrementalConfig
from headrace.config.format.placeholders import INCREMENTAL_CONTEXT
from headrace.config.format.places import Path
from headrace.sansio.windows import ScaleFault, ScaleKind

_OF_WINDOWS = ("smallest_step", "value_format", "most_rows")
_SAY_THE_END = (
    "needs `range_end` beside it: `open` where the API leaves out what lies at the end that it is "
    "asked for (from <= day < to), or `closed` where it counts it in (from <= day <= to). Ask it "
    "for one day that has rows, `from` and `to` both that day: no rows mean `open`. Said wrongly, "
    "each window would miss a day or have it twice, so it is not guessed"
)
_STARTS = ("start_value", "last_value")


def window_faults(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What is wrong between the keys of an incremental that asks window by window.

    Args:
        endpoint: The merged keys as written; they may be wrong in any other way.

    Yields:
        The path below the endpoint, and a message.
    """
    written = with_step_of_lanes(endpoint)
    step = None if written is None else written.get("step")
    if step is None:
        yield from _halved_without_windows(endpoint)
    if written is None or written.get("token_path") is not None:
        return
    here: Path = ("incremental",)
    if step is None:
        for key in _OF_WINDOWS:
            if written.get(key) is not None:
                yield (*here, key), "is of windows, and needs a `step`: their length, as `1d`"
        return
    if written.get("range_end") not in ("open", "closed"):
        yield (*here, "step"), _SAY_THE_END
    if written.get("last_value_func") not in (None, "max", max):
        yield (
            (*here, "last_value_func"),
            "does not go with `step`: windows go from the start upwards, so the greatest value is "
            "the last one; leave it out",
        )
    if written.get("row_order") is not None:
        yield (
            (*here, "row_order"),
            "does not go with `step`: windows go from the oldest to the newest, and each is read "
            "to its end, whatever the order of its rows; leave it out",
        )
    yield from (((*here, *below), message) for below, message in _unsent(endpoint, written))
    yield from (((*here, *below), message) for below, message in _off_the_scale(written))


def _unsent(endpoint: Mapping[str, Any], written: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Ends of a window that no request carries."""
    sent = {name.removeprefix(INCREMENTAL_CONTEXT) for _, name in placeholders_in(endpoint)}
    for key, placeholders in (("start_param", _STARTS), ("end_param", ("end_value",))):
        if written.get(key) is None and sent.isdisjoint(placeholders):
            yield (
                ("step",),
                f"needs both ends of a window in the request: give `{key}`, or the placeholder "
                f"`{{incremental.{placeholders[0]}}}`",
            )


def _off_the_scale(written: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Values that windows cannot be measured by."""
    if written.get("initial_value") is None:
        yield ("step",), "needs an `initial_value`: where the first window begins"
        return
    try:
        settings = window_settings(written, IncrementalConfig.model_validate(dict(written)))
    except ScaleFault as error:
        yield (error.key,), error.message
        return
    except ValidationError:
        return
    if settings is None:
        return
    if settings.smallest > settings.step:
        yield ("smallest_step",), "is larger than `step`"
    end_value = written.get("end_value")
    if end_value is None and settings.scale.kind is ScaleKind.NUMBERS:
        yield (
            ("step",),
            "is a number, so nothing tells where the last window ends: give an `end_value`. Times "
            "end at the present",
        )
    elif end_value is not None and settings.end_at(end_value) is None:
        yield ("end_value",), f"cannot be read as one of the {settings.scale.kind} of the windows"


def _halved_without_windows(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    actions = endpoint.get("response_actions")
    for place, action in enumerate(actions if isinstance(actions, (list, tuple)) else ()):
        if isinstance(action, Mapping) and action.get("action") == "halve":
            yield (
                ("response_actions", place, "action"),
                "`halve` makes the window smaller that was asked for, and the endpoint has none: "
                "give `incremental.step`",
            )
