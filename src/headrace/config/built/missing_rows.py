"""What a config wants to be done with rows that the API has no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from headrace.config.built.parents import ParentConfig, parent_fields
from headrace.config.built.tail import primary_key_columns
from headrace.config.format.missing_rows import MOST, MissingRowsModel


@dataclass(frozen=True, slots=True)
class MissingRows:
    """What becomes of loaded rows that a whole listing shows no more.

    Args:
        action: Whether they are marked or deleted.
        most: The share of the table's rows that may be missing, above 0 and up to 1.
        confirm: Whether a listing of several pages is read once more before.
        parent_columns: The fields of the rows that tell to which row of the parent they belong, and
            are part of the primary key; empty where nothing does.
    """

    action: Literal["mark", "delete"]
    most: float = MOST
    confirm: bool = True
    parent_columns: tuple[str, ...] = ()


def build_missing_rows(
    written: str | MissingRowsModel | None, keys: Mapping[str, Any]
) -> MissingRows | None:
    """What a resource wants to be done with such rows.

    Args:
        written: The typed key `missing_rows`.
        keys: The merged keys of the resource, without faults.

    Returns:
        None where they stay as they are.
    """
    model = MissingRowsModel(action=written) if isinstance(written, str) else written  # type: ignore[arg-type]
    if model is None or model.action == "keep":
        return None
    return MissingRows(model.action, model.most, model.confirm, parent_columns(keys))


def parent_columns(keys: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of rows that tell to which row of a parent they belong, and are part of their key.

    Args:
        keys: The merged keys of a resource as written; they may be wrong in any way.

    Returns:
        Nothing where the fields that requests hold are not all among those.
    """
    include, columns = keys.get("include_from_parent"), primary_key_columns(keys) or ()
    asked = parent_fields(keys.get("endpoint") or {})
    names = [each.path.steps[0] for each in asked if each.path.steps and not each.path.steps[1:]]
    added = (
        tuple(ParentConfig(asked[0].resource, asked).added(name) for name in names) if asked else ()
    )
    is_known = isinstance(include, (list, tuple)) and set(names) <= set(include)
    is_all = len(names) == len(asked) and set(added) <= set(columns)
    return added if is_known and is_all else ()


def action_of(written: Any) -> str | None:
    """What the key asks for.

    Args:
        written: The key as written; it may be wrong in any way.

    Returns:
        `mark` or `delete`; None where rows stay, or where that cannot be read.
    """
    action = written.get("action") if isinstance(written, Mapping) else written
    return cast(str, action) if action in ("mark", "delete") else None
