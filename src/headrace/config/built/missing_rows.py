"""What a config wants to be done with rows that the API has no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from headrace.config.format.missing_rows import MOST, MissingRowsModel


@dataclass(frozen=True, slots=True)
class MissingRows:
    """What becomes of loaded rows that a whole listing shows no more.

    Args:
        action: Whether they are marked or deleted.
        most: The share of the table's rows that may be missing, above 0 and up to 1.
        confirm: Whether a listing of several pages is read once more before.
    """

    action: Literal["mark", "delete"]
    most: float = MOST
    confirm: bool = True


def build_missing_rows(written: str | MissingRowsModel | None) -> MissingRows | None:
    """What a resource wants to be done with such rows.

    Args:
        written: The typed key `missing_rows`.

    Returns:
        None where they stay as they are.
    """
    model = MissingRowsModel(action=written) if isinstance(written, str) else written  # type: ignore[arg-type]
    if model is None or model.action == "keep":
        return None
    return MissingRows(model.action, model.most, model.confirm)


def action_of(written: Any) -> str | None:
    """What the key asks for.

    Args:
        written: The key as written; it may be wrong in any way.

    Returns:
        `mark` or `delete`; None where rows stay, or where that cannot be read.
    """
    action = written.get("action") if isinstance(written, Mapping) else written
    return cast(str, action) if action in ("mark", "delete") else None
