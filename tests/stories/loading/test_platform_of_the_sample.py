"""What the connector `executions` loads beside executions: exact, or told where it is missing."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from headrace import SyncReport, sync, verify
from headrace.config import SourceConfig, load_config
from headrace.config.selection import select_resources
from headrace.core.exceptions import ConfigError, ResponseStatusError
from headrace.dlt_source.source import build_source
from headrace.simulator import Simulator
from headrace.simulator.surroundings.versions import PINNED_TOKEN
from tests.support.command_line import headrace
from tests.support.tables import Warehouse
from tests.unit.simulator.asking import all_rows

OPTIONAL = (
    *("workflows", "workflow_history", "tags", "users", "data_tables", "data_table_rows"),
    *("projects", "variables"),
)
PATHS = {
    "workflows": "/workflows",
    "tags": "/tags",
    "users": "/users",
    "data_tables": "/data-tables",
    "projects": "/projects",
    "variables": "/variables",
}
LEFT_OUT = {"workflows": {"staticData", "pinData"}, "variables": {"value"}}


@pytest.fixture(scope="module")
def licensed() -> Iterator[Simulator]:
    with Simulator(rows=20, like="2.41", licensed=True) as running:
        yield running


def config(simulator: Simulator, *names: str, key: str | None = None) -> SourceConfig:
    lookup = {"API_KEY": key or simulator.api_key, "EXECUTIONS_BASE_URL": simulator.base_url}
    return select_resources(load_config("executions", lookup=lookup.get), names)


def load(simulator: Simulator, warehouse: Warehouse, *names: str) -> SyncReport:
    return sync(warehouse.pipeline(), build_source(config(simulator, *names)))


def listed(simulator: Simulator, resource: str) -> list[dict[str, Any]]:
    """What the server shows, with the fields that rows get from their parent."""
    if resource == "workflow_history":
        parents = all_rows(simulator, "/workflows")
        paths = [f"/workflows/{each['id']}/history" for each in parents]
        return [row for path in paths for row in all_rows(simulator, path)]
    if resource == "data_table_rows":
        return [
            {**row, "_data_tables_id": each["id"], "_data_tables_name": each["name"]}
            for each in all_rows(simulator, "/data-tables")
            for row in all_rows(simulator, f"/data-tables/{each['id']}/rows")
        ]
    query = {"includeRole": "true"} if resource == "users" else {}
    return all_rows(simulator, PATHS[resource], **query)


def plain(value: Any) -> Any:
    """A value of a row or of a table, as both can be compared."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, str):
        if value[:1] in ("{", "["):
            return json.dumps(json.loads(value), sort_keys=True)
        if value[4:5] == "-" and value.endswith("Z"):
            return datetime.fromisoformat(value).timestamp()
    return value


def as_listed(row: dict[str, Any], left_out: set[str]) -> frozenset[tuple[str, Any]]:
    """A row without what is null or left out, its names as they stand in the table."""
    named = {
        "".join("_" + each.lower() if each.isupper() else each for each in name): value
        for name, value in row.items()
        if name not in left_out
    }
    return frozenset((name, plain(each)) for name, each in named.items() if each is not None)


def test_all_of_them_load_as_they_are_listed(licensed: Simulator, warehouse: Warehouse) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = load(licensed, warehouse, *OPTIONAL)
        load(licensed, warehouse, *OPTIONAL)

    assert report.figures.total.notes == []
    for name in OPTIONAL:
        rows = warehouse.rows(f"test_data.{name}", order="_dlt_id")
        expected = [as_listed(row, LEFT_OUT.get(name, set())) for row in listed(licensed, name)]
        assert sorted(map(sorted, (as_listed(row, set()) for row in rows))) == sorted(
            map(sorted, expected)
        ), name
    assert verify(warehouse.pipeline(), build_source(config(licensed, *OPTIONAL))).ok


def test_no_column_is_without_a_type(
    licensed: Simulator, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    load(licensed, warehouse, *OPTIONAL)
    assert "did not receive any data" not in caplog.text


def test_pinned_data_and_values_are_nowhere(
    licensed: Simulator, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the server does not know the param that leaves pinned data out."""
    chosen = config(licensed, "workflows", "variables")
    monkeypatch.setitem(chosen.resources[0].endpoint.params, "excludePinnedData", "false")  # type: ignore[union-attr]
    assert PINNED_TOKEN in str(all_rows(licensed, "/workflows", excludePinnedData="false"))
    sync(warehouse.pipeline(), build_source(chosen))
    everything = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert b"Transcribe calls" in everything
    for hidden in (PINNED_TOKEN, "not-a-real-secret", licensed.api_key + '"'):
        assert hidden.encode() not in everything


def test_without_a_name_executions_alone_are_asked_for(
    licensed: Simulator, warehouse: Warehouse
) -> None:
    licensed.requests.clear()
    load(licensed, warehouse)
    assert {each.path.partition("?")[0] for each in licensed.requests} == {"/executions"}


def test_what_is_not_named_stands_in_no_ones_way(licensed: Simulator) -> None:
    """Row ids may be left out where executions alone are loaded, but not beside deletions."""
    lookup = {"API_KEY": "any", "EXECUTIONS_BASE_URL": licensed.base_url}
    loaded = load_config("executions", ["pipeline.row_ids=false"], lookup=lookup.get)
    assert select_resources(loaded, []) is loaded
    assert select_resources(loaded, ["executions", "workflows"]).chosen == (
        "executions",
        "workflows",
    )
    with pytest.raises(ConfigError, match=r"resources.tags.missing_rows: tells missing rows by"):
        select_resources(loaded, ["tags", "workflows"])


@pytest.mark.parametrize(
    ("like", "missing"),
    [
        (
            "2.20",
            {
                **{"workflow_history": 404, "data_tables": 404},
                **{"projects": 403, "variables": 403},
            },
        ),
        ("2.41", {"projects": 403, "variables": 403}),
    ],
)
def test_what_a_server_does_not_have_is_told_once_and_the_others_load(
    like: str, missing: dict[str, int], warehouse: Warehouse
) -> None:
    with Simulator(rows=20, like=like) as simulator:
        report = load(simulator, warehouse, "executions", *OPTIONAL)

    told = [note for note in report.figures.total.notes if "is passed over: GET" in note]
    assert len(told) == len(report.figures.total.notes) == len(missing)
    for name, status in missing.items():
        (note,) = [each for each in told if each.startswith(f"`{name}`")]
        assert f"the server answers {status}" in note
    there = {name for name in OPTIONAL if name not in missing}
    there -= {"data_table_rows"} if "data_tables" in missing else set()
    # A table with declared columns may be there without rows.
    filled = {
        name
        for name in warehouse.tables("test_data")
        if not name.startswith("_") and warehouse.rows(f"test_data.{name}", order="_dlt_id")
    }
    assert filled == {*there, "executions"}


def test_rows_stay_where_a_licence_ends(warehouse: Warehouse) -> None:
    with Simulator(rows=5, like="2.41", licensed=True) as simulator:
        load(simulator, warehouse, "projects", "data_table_rows")
        port = int(simulator.base_url.split(":")[2].partition("/")[0])
    before = warehouse.rows("test_data.projects")
    assert len(before) == 3
    for like in ("2.41", "2.20"):
        with Simulator(rows=5, like=like, port=port) as simulator:
            for _ in range(2):
                report = load(simulator, warehouse, "projects", "data_table_rows")
        assert report.missing_rows == ()
        assert warehouse.rows("test_data.projects") == before
        assert warehouse.query("SELECT count(*) FROM test_data.data_table_rows") == [(629,)]


def test_a_wrong_key_fails(licensed: Simulator, warehouse: Warehouse) -> None:
    chosen = config(licensed, "tags", "projects", key="wrong")
    with pytest.raises(ResponseStatusError, match="401 Unauthorized"):
        sync(warehouse.pipeline(), build_source(chosen))


def test_the_command_ends_well_and_says_what_was_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Simulator(rows=5, like="2.20") as simulator:
        monkeypatch.setenv("API_KEY", simulator.api_key)
        monkeypatch.setenv("EXECUTIONS_BASE_URL", simulator.base_url)
        ran = headrace("run", "executions", "--resource", "tags", "--resource", "data_table_rows")
    assert ran.returncode == 0, ran.stderr
    assert "Note: `data_tables` is passed over: GET " in ran.stdout
    assert "Loaded 8 rows" in ran.stdout
