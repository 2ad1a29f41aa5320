"""Checks in every story that no row got lost on the way; what several stories begin with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from headrace.cli import progress
from headrace.dlt_source import children, extraction
from headrace.dlt_source.current_sync import RunningSync
from headrace.dlt_source.handover import hand_over
from headrace.dlt_source.page_sources import PageStream
from headrace.dlt_source.running_resource import RunningResource
from tests.support.canaries import canary, log_everything, secrets_file
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse

# The folders whose stories `scripts/test` tells within minutes; `scripts/stories` tells all others.
_TOLD_FIRST = ("loading",)
_BY_A_COMMAND_OF_THEIR_OWN = ("comparison", "package", "real_servers")


# Which of how many parts of those stories are told: `1/2`, by their files.
_PART, _PARTS = map(int, os.environ.get("HEADRACE_PART", "1/1").split("/"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks the stories that are left to `scripts/stories`: all of a folder not named above."""
    stories = Path(__file__).parent
    others = [
        item
        for item in items
        if stories in item.path.parents
        and crc32(str(item.path.relative_to(stories)).encode()) % _PARTS != _PART - 1
    ]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in set(others)]
    for item in items:
        if stories in item.path.parents:
            is_told_first = item.path.relative_to(stories).parts[0] in _TOLD_FIRST
            is_apart = any(item.get_closest_marker(name) for name in _BY_A_COMMAND_OF_THEIR_OWN)
            if not is_told_first and not is_apart:
                item.add_marker("long")


@pytest.fixture(autouse=True)
def every_row_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rows received are rows loaded, quarantined, or cut off by a limit that the test set."""
    seen: list[tuple[str, RunningSync]] = []
    broken_off: list[tuple[str, RunningSync]] = []

    def watched(resource: RunningResource, stream: PageStream) -> Iterator[Any]:
        this = (resource.name, resource.sync)
        seen.append(this)
        broken_off.append(this)
        yield from hand_over(resource, stream)
        broken_off[:] = [each for each in broken_off if each is not this]

    monkeypatch.setattr(extraction, "hand_over", watched)
    monkeypatch.setattr(children, "hand_over", watched)
    yield
    for name, sync in seen:
        counts = sync.figures.of(name)
        # A listing that was left before its end has rows that nobody wanted.
        is_whole = not any(name == each and sync is other for each, other in broken_off)
        if is_whole and counts.listings_ended:
            told = counts.loaded_rows + counts.quarantined + counts.discarded + counts.replaced
            assert counts.rows == told + counts.known + counts.passed_on, name


@pytest.fixture(autouse=True)
def no_progress_on_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that takes five seconds says how far it is: here that tells of the machine."""
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 300.0)


@pytest.fixture
def canaries_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything is logged; two secrets come from outside, and dlt reads its files afresh."""
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    # What was written to a file is searched, and not deleted behind the load.
    monkeypatch.setenv("LOAD__DELETE_COMPLETED_JOBS", "false")
    monkeypatch.setenv("SHOP_KEY", canary("variable"))
    secrets_file(tmp_path).parent.mkdir()
    # Under a name that does not tell.
    secrets_file(tmp_path).write_text(f"shop = '{canary('file')}'\n")
    context = Container()[PluggableRunContext]
    context.reload(str(tmp_path))
    yield from log_everything(tmp_path / "everything.log")
    monkeypatch.undo()
    context.reload(".")


@pytest.fixture(params=["duckdb", "postgres"])
def into(request: pytest.FixtureRequest, warehouse: Warehouse) -> Warehouse | PostgresDatabase:
    """The destinations that what is done by SQL is tried in."""
    if request.param == "duckdb":
        return warehouse
    database: PostgresDatabase = request.getfixturevalue("postgres")
    return database
