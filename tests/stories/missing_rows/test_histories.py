"""Random histories of a listing whose rows come and go while it is read, with `missing_rows`.

Whatever happens, no row goes that the API still has. All that it deleted before a complete sync is
gone after it, or it is told that a later one looks again. This makes more of them:

    HEADRACE_EXAMPLES=500 scripts/test tests/stories/missing_rows/test_histories.py
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import headrace
from headrace.config import parse_config
from headrace.core.exceptions import HeadraceError
from headrace.dlt_source.source import build_source
from tests.stories.missing_rows.deleting_server import PAGINATORS, DeletingServer
from tests.support.clocks import LoadClock
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "6"))

CHANGE = st.tuples(st.lists(st.integers(0, 20), max_size=2).map(tuple), st.integers(0, 2))


@dataclass(frozen=True)
class Step:
    """What happens before a load, and while it is under way.

    Args:
        before: What goes and comes before it.
        meanwhile: What goes and comes in front of each of its requests.
        fails_at: The request that fails; None where none does.
        kind: A sync, one with a limit, a run by dlt alone, or a sync that may remove all.
        ahead: By how many hours the clock is ahead.
    """

    before: tuple[tuple[int, ...], int]
    meanwhile: tuple[tuple[tuple[int, ...], int], ...]
    fails_at: int | None
    kind: str
    ahead: int = 0


STEPS = st.lists(
    st.builds(
        Step,
        before=CHANGE,
        meanwhile=st.lists(CHANGE, max_size=8).map(tuple),
        fails_at=st.none() | st.integers(1, 8),
        kind=st.sampled_from(["sync", "sync", "sync", "limit", "dlt"]),
        ahead=st.sampled_from([0, 0, 0, -1, 2, 3]),
    ),
    min_size=1,
    max_size=4,
)


def config_of(url: str, way: str, **more: Any) -> dict[str, Any]:
    return {
        "client": {"base_url": url, "retry": {"max_attempts": 1}},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "missing_rows": {"action": "delete", "most": 1},
                "endpoint": {"data_selector": "data", "paginator": PAGINATORS[way]},
                **more,
            }
        ],
    }


def keys_in(warehouse: Warehouse) -> set[int]:
    if not warehouse.file.exists() or "items" not in warehouse.tables("test_data"):
        return set()
    return {key for (key,) in warehouse.query("SELECT id FROM test_data.items")}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # Each step is a load: to shrink a failing history would take longer than to read it.
    phases=[Phase.generate],
    derandomize="HEADRACE_EXAMPLES" not in os.environ,
)
@given(
    way=st.sampled_from(sorted(PAGINATORS)),
    newest_first=st.booleans(),
    lie=st.none() | st.just(0) | st.integers(-4, 2),
    rows=st.integers(0, 12),
    steps=STEPS,
)
def test_what_the_api_has_stays_and_what_it_deleted_goes(
    way: str,
    newest_first: bool,
    lie: int | None,
    rows: int,
    steps: list[Step],
    tmp_path_factory: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = LoadClock()
    clock.set_up(monkeypatch)
    if "total" in way and lie is None:
        lie = 0
    folder: Path = tmp_path_factory.mktemp("history")
    warehouse, api = Warehouse(folder), DeletingServer(way, newest_first, lie)
    api.add(rows)
    with JsonServer() as server:
        server.handler = api
        quiet = Step(((), 0), (), None, "sync")
        for step in [*steps, quiet, quiet]:
            before, clock.ahead = keys_in(warehouse), step.ahead
            api.delete(step.before[0])
            api.add(step.before[1])
            api.begin_watch()
            api.to_come = deque(step.meanwhile)
            api.fails_at = {step.fails_at} if step.fails_at else set()
            notes = run(server.base_url, way, step.kind, warehouse)
            after = keys_in(warehouse)
            lost = (before & api.rows.keys()) - after
            assert not lost, f"the API still has {lost}"
            if notes is not None and not is_left_open(notes, lie):
                left = after - api.had
                assert not left, f"{left} were deleted before the sync began"
        if not lie:
            assert after == api.rows.keys()
            lists = [(row["id"],) for row in api.rows.values() if "tags" in row]
            if lists:
                found = warehouse.query("SELECT name FROM test_data.items__tags ORDER BY name")
                assert found == sorted(lists)


def is_left_open(notes: list[str], lie: int | None) -> bool:
    """Whether a sync has told that it does not know which rows are gone, for a reason."""
    may_be_partial = bool(lie)
    return any(
        "the next sync looks again" in note
        or (may_be_partial and "no row is taken for gone" in note)
        for note in notes
    )


def run(url: str, way: str, kind: str, warehouse: Warehouse) -> list[str] | None:
    """Loads; gives what a complete sync told, None where it was none."""
    config = parse_config(config_of(url, way))
    source = build_source(config, limit_rows=2 if kind == "limit" else None)
    failed = HeadraceError if kind != "dlt" else (HeadraceError, PipelineStepFailed)
    try:
        if kind == "dlt":
            warehouse.pipeline().run(source)
            return None
        report = headrace.sync(warehouse.pipeline(), source)
    except failed:
        return None
    return report.figures.total.notes if kind == "sync" else None
