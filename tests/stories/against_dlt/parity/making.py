"""What many configs have in common."""

from __future__ import annotations

from typing import Any

from tests.stories.against_dlt.parity.case import Case, listing

PAGES: dict[str, Any] = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
DATA: dict[str, Any] = {"data_selector": "data"}
LISTED: dict[str, Any] = {"endpoint": {**DATA, "paginator": PAGES}}
SINGLE: dict[str, Any] = {"paginator": "single_page"}
MERGED: dict[str, Any] = {"primary_key": "id", "write_disposition": "merge"}


def since(name: str, incremental: Any, *, params: Any = None, runs: int = 2, **keys: Any) -> Case:
    """A listing of what changed, asked for twice."""
    endpoint = {**DATA, "incremental": {"cursor_path": "updated_at", **incremental}}
    if params:
        endpoint["params"] = params
    return Case(name, [listing("since", endpoint=endpoint, **keys)], SINGLE, runs=runs)
