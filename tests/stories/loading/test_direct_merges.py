"""The same tables whether a merge takes the rows from their file or from a copy of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from headrace import rest_api_source
from tests.support.postgres import PostgresDatabase, PostgresServer, fresh_database
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

Rows = list[dict[str, Any]]
Loaded = tuple[list[tuple[Any, ...]], list[bool]]

BY_ID: dict[str, Any] = {"primary_key": "id", "write_disposition": "merge"}
# What is asked of the merge, and whether all that it does is to put rows in the place of others.
MERGES: dict[str, tuple[dict[str, Any], bool]] = {
    "by one key": (BY_ID, True),
    "by a text": ({**BY_ID, "primary_key": "name"}, True),
    "by two keys": ({**BY_ID, "primary_key": ["id", "part"]}, False),
    "by a merge key": ({**BY_ID, "merge_key": "part"}, False),
    "with deleted rows": ({**BY_ID, "columns": {"gone": {"hard_delete": True}}}, False),
    "upsert": (
        {**BY_ID, "write_disposition": {"disposition": "merge", "strategy": "upsert"}},
        False,
    ),
    "by versions": (
        {**BY_ID, "write_disposition": {"disposition": "merge", "strategy": "scd2"}},
        False,
    ),
    "claimed by the user": (
        {
            "primary_key": ["id", "part"],
            "write_disposition": {"disposition": "merge", "deduplicated": True},
        },
        True,
    ),
}


def listings(seed: int) -> list[Rows]:
    """What an API lists in turn: rows come, change and go; columns come and are left out."""
    draw = random.Random(seed)
    listed: list[Rows] = []
    for turn in range(4):
        ids = sorted(draw.sample(range(1, 120), draw.randint(1, 90)))
        fields = [f"field{number}" for number in range(4) if draw.random() < 0.6]
        listed.append(
            [
                {
                    "id": number,
                    "name": f"n{number:04}",
                    "part": number % 3,
                    "gone": draw.random() < 0.1,
                    "turn": turn,
                    **{field: draw.choice([None, 1.5, draw.random()]) for field in fields},
                }
                for number in ids
            ]
        )
    return listed


Database = Warehouse | PostgresDatabase


@contextmanager
def database(folder: Path, server: PostgresServer | None) -> Iterator[Database]:
    folder.mkdir()
    if server is None:
        yield Warehouse(folder)
        return
    with fresh_database(server, folder) as postgres:
        yield postgres


def loaded(into: Database, server: JsonServer, hints: dict[str, Any], turns: list[Rows]) -> Loaded:
    """The table after listings were loaded in turn, and which of the merges were direct."""
    direct = []
    resource = {"name": "items", "endpoint": {"paginator": "single_page"}, **hints}
    for rows in turns:
        server.answers(rows)
        pipeline = into.pipeline()
        info = pipeline.run(
            rest_api_source({"client": {"base_url": server.base_url}, "resources": [resource]})
        )
        jobs = [job for package in info.load_packages for job in package.jobs["completed_jobs"]]
        direct.append(not any(job.job_file_info.file_format == "sql" for job in jobs))
    names = sorted(into.columns("test_data.items"))
    shown = ", ".join(f'"{name}"' for name in names if not name.startswith("_dlt"))
    return sorted(into.query(f"SELECT {shown} FROM test_data.items"), key=repr), direct


@pytest.fixture(params=["duckdb", "postgres"])
def postgres_or_none(request: pytest.FixtureRequest) -> PostgresServer | None:
    """The server to load into; None for DuckDB."""
    if request.param == "duckdb":
        return None
    running: PostgresServer = request.getfixturevalue("postgres_server")
    return running


@pytest.mark.parametrize("merge", MERGES)
def test_the_table_is_the_same_by_both_roads(
    merge: str,
    postgres_or_none: PostgresServer | None,
    server: JsonServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hints, may_be_direct = MERGES[merge]
    monkeypatch.setenv("HEADRACE_ROWS_WORTH_A_CLAIM", "0")
    found: dict[str, Loaded] = {}
    for road, without in (("direct", ""), ("staged", "direct_merges")):
        monkeypatch.setenv("HEADRACE_WITHOUT", without)
        with database(tmp_path / road, postgres_or_none) as into:
            found[road] = loaded(into, server, hints, listings(seed=len(merge)))

    assert found["direct"][0] == found["staged"][0]
    assert not any(found["staged"][1])
    first, *later = found["direct"][1]
    assert first is may_be_direct
    # PostgreSQL takes files with new keys only.
    assert all(each is (may_be_direct and postgres_or_none is None) for each in later)


def ids(first: int, end: int, note: str = "") -> Rows:
    return [{"id": number, "part": 0, "note": note} for number in range(first, end)]


# What is listed in turn, and which of the loads go into the table itself.
RANGES: dict[str, tuple[list[Rows], list[bool]]] = {
    "below all before": ([ids(200, 300), ids(100, 200), ids(0, 100)], [True, True, True]),
    "above all before": ([ids(-50, 50), ids(50, 90)], [True, True]),
    "one key again": ([ids(100, 200), ids(50, 101, "new")], [True, False]),
    "between others": ([ids(0, 10) + ids(90, 99), ids(20, 30), ids(5, 95)], [True, True, False]),
    "a gap with a row in it": ([ids(0, 10) + ids(50, 51), ids(40, 60, "new")], [True, False]),
    "far apart": ([ids(0, 10), ids(2**40, 2**40 + 3), ids(11, 12)], [True, True, True]),
}


@pytest.mark.parametrize("case", RANGES)
def test_files_with_new_keys_alone_go_into_the_table_itself(
    case: str,
    server: JsonServer,
    postgres: PostgresDatabase,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns, direct = RANGES[case]
    monkeypatch.setenv("HEADRACE_ROWS_WORTH_A_CLAIM", "0")
    rows, found = loaded(postgres, server, BY_ID, turns)

    monkeypatch.setenv("HEADRACE_WITHOUT", "direct_merges")
    assert rows == loaded(warehouse, server, BY_ID, turns)[0]
    assert len(rows) == len({each["id"] for turn in turns for each in turn})
    assert found == direct


def test_keys_that_are_no_whole_numbers_are_merged(
    server: JsonServer, postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_ROWS_WORTH_A_CLAIM", "0")
    turns = [[{"id": f"b{number}"} for number in range(9)], [{"id": "a1"}, {"id": "b2"}]]
    rows, direct = loaded(postgres, server, BY_ID, turns)

    assert len(rows) == 10
    assert direct == [True, False]
