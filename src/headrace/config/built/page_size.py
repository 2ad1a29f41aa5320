"""How many rows of a listing come in a page."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.config.built.merging import MergedResource
from headrace.core.defaults import LIMIT_PARAM


def page_size(resource: MergedResource) -> int | None:
    """Rows asked for in a page: by the paginator, or by a param of the usual name.

    Args:
        resource: The resource; it may be wrong in any way.

    Returns:
        None where no number is given.
    """
    params, paginator = resource.endpoint.get("params"), resource.paginator
    limit = paginator.get("limit") if isinstance(paginator, Mapping) else None
    if limit is None and isinstance(params, Mapping):
        limit = params.get(LIMIT_PARAM)
    try:
        return int(limit) if isinstance(limit, (int, str)) else None
    except ValueError:
        return None
