"""Batches of a parent's values that cannot be asked for."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import parent_fields
from headrace.config.format.places import Path
from headrace.config.format.wording import listed
from headrace.core.nearest import did_you_mean

_HERE: Path = ("endpoint", "batch")


def batch_faults(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    """Find what is wrong between `endpoint.batch` and the other keys of a resource.

    Args:
        resource: The resource; it may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    batch = resource.endpoint.get("batch")
    if batch is None:
        return
    keys = batch if isinstance(batch, dict) else {}
    fields = list(dict.fromkeys(str(each.path) for each in parent_fields(resource.endpoint)))
    if not fields:
        yield (
            _HERE,
            (
                "puts values of a parent together, but the resource depends on none: name one with "
                "`{resources.NAME.FIELD}`, for example as a param"
            ),
        )
        return
    field = keys.get("field")
    if field is None and len(fields) > 1:
        yield (
            _HERE,
            (
                f"requests hold {listed(fields)}: say with `batch.field` which of them is put "
                "together; rows that differ in the others are asked for apart"
            ),
        )
    elif isinstance(field, str) and field not in fields:
        hint = did_you_mean(field, fields).strip() or f"they hold: {listed(fields)}"
        yield (*_HERE, "field"), f"requests hold no field `{field}` of the parent; {hint}"
    if resource.keys.get("include_from_parent") and keys.get("parent_key") is None:
        yield (
            _HERE,
            (
                "`include_from_parent` needs to know to which row of the parent a row belongs: "
                "name the field that says it, as in `batch: {size: 100, parent_key: user_id}`"
            ),
        )
    incremental = resource.endpoint.get("incremental")
    if isinstance(incremental, dict) and incremental.get("per_parent"):
        yield (
            _HERE,
            (
                "does not go together with `incremental.per_parent`: one request asks for many "
                "rows of the parent, and can begin at one value only. Leave one of the two out"
            ),
        )
