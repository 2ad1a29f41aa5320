"""What a listing has to be so that it can be followed: the kind of its keys, and their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.core.exceptions import ConfigError, Fault, PageError
from headrace.core.secrets.redaction import one_line
from headrace.sansio.tail.keys import Key, KeyKind, first_disorder
from headrace.sansio.tail.settings import TailSettings


def refuse_unfit_kind(settings: TailSettings, kind: KeyKind) -> None:
    """Refuses settings that do not suit the keys of a listing.

    Args:
        settings: What the config says of the listing.
        kind: The kind of its keys.

    Raises:
        ConfigError: They do not.
    """
    if settings.lanes is not None and settings.lanes.at_once > 1 and kind is KeyKind.TEXT:
        message = (
            "`by: key` makes keys that no row has, but the keys are texts, which nothing can be "
            "computed with: leave `lanes` out"
        )
        raise ConfigError([Fault("lanes", message)])
    if settings.probes and kind is not KeyKind.INTEGER:
        message = (
            f"`probe` asks for the numbers that are missing between the keys, but the keys are "
            f"{kind}s: use `{{lookback: <seconds>}}`"
        )
        raise ConfigError([Fault("late_rows", message)])


def refuse_disorder(
    keys: Sequence[Any], raw: Sequence[Any], highest: Key | None, *, strict: bool
) -> None:
    """Refuses a page that is not newest first.

    Args:
        keys: The keys of its rows.
        raw: The same as they came.
        highest: No key of it may be above this one; None allows any.
        strict: Whether equal keys are out of order too.

    Raises:
        PageError: It is not.
    """
    odd = first_disorder(keys, strict=strict)
    if odd is not None:
        former, latter = raw[odd - 1], raw[odd]
    elif highest is not None and keys[0] > highest:
        former, latter = highest, raw[0]
    else:
        return
    raise PageError(
        f"the listing is not newest first by its key: `{shown(former)}` is followed by "
        f"`{shown(latter)}`. Check `incremental.cursor_path`, and that the API is asked for "
        "the order that `incremental.row_order` claims."
    )


def shown(key: Any) -> str:
    """A key as it may stand in an error."""
    return one_line(str(key), 60)
