"""Holds what a document says of rows against rows that came: documents are often wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from headrace.discovery.openapi.listings import ListingOutline
from headrace.discovery.trials import Row
from headrace.sansio.discovery.evidence import Evidence


def without_refuted(
    resource: Mapping[str, Any],
    outline: ListingOutline,
    known: Iterable[Evidence],
    rows: Sequence[Row],
) -> tuple[dict[str, Any], list[Evidence]]:
    """A resource without what rows refute.

    Args:
        resource: The resource.
        outline: Its listing.
        known: What is known of its keys; the paths begin behind that of the resource.
        rows: Rows of one parent, or of all.

    Returns:
        The resource, and what is known of its keys.
    """
    kept, evidence = dict(resource), list(known)
    wrong = {
        name: told
        for name, hint in (resource.get("columns") or {}).items()
        if (told := _against(hint.get("data_type"), [row.get(name) for row in rows])) is not None
    }
    if wrong:
        kept["columns"] = {
            name: hint for name, hint in resource["columns"].items() if name not in wrong
        }
        if not kept["columns"]:
            del kept["columns"], kept["schema_contract"]
        evidence += [
            Evidence("columns", "ruled out", f"`{name}` as the document has it: {told}")
            for name, told in wrong.items()
        ]
    against = _against_key(outline.key.fields, rows) if "primary_key" in resource else None
    if against is not None:
        del kept["primary_key"]
        kept["write_disposition"] = "replace"
        evidence = [
            each for each in evidence if each.path not in ("primary_key", "write_disposition")
        ]
        named = ", ".join(outline.key.fields)
        evidence.append(Evidence("primary_key", "ruled out", f"`{named}`: {against}"))
        evidence.append(
            Evidence("write_disposition", "stated", "the table is written anew each time")
        )
    elif len(rows) > 1 and "primary_key" in resource:
        evidence = [each for each in evidence if each.path != "primary_key"]
        evidence.append(Evidence("primary_key", "proven", f"{len(rows):,} rows, each has another"))
    return kept, evidence


def _against_key(fields: Sequence[str], rows: Sequence[Row]) -> str | None:
    """What speaks against a key; None for nothing."""
    values = [tuple(row.get(field) for field in fields) for row in rows]
    if any(each is None or isinstance(each, dict | list) for value in values for each in value):
        return "some rows have none"
    if len(set(values)) < len(values):
        return "several rows have the same"
    return None


def _against(data_type: str | None, values: Iterable[Any]) -> str | None:
    """A value that is not of a type, as it is shown; None where there is none."""
    for value in values:
        if value is not None and not _fits(data_type, value):
            return f"a row has {value!r:.60}"
    return None


def _fits(data_type: str | None, value: Any) -> bool:
    if isinstance(value, bool | dict | list):
        return False
    try:
        if data_type == "timestamp":
            datetime.fromisoformat(value)
        elif data_type == "date":
            date.fromisoformat(value)
        elif data_type == "bigint":
            return float(value).is_integer()
        else:
            float(value)
    except (ValueError, TypeError, OverflowError):
        return False
    return True
