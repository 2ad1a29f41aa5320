"""A sample API like release 2.41: what it lists beside executions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headrace.simulator import Simulator
from headrace.simulator.surroundings.versions import PINNED_TOKEN

from .asking import all_rows, ask, send
from .newer import recorded, shape


@pytest.fixture(scope="module")
def newer() -> Iterator[Simulator]:
    with Simulator(rows=50, like="2.41") as running:
        yield running


def first(simulator: Simulator, path: str, **query: str | int) -> dict[str, Any]:
    row: dict[str, Any] = ask(simulator, path, **query).body["data"][0]
    return row


def test_tags_and_users_are_listed_as_recorded(newer: Simulator) -> None:
    page = ask(newer, "/tags", limit=2).body
    assert shape(page) == shape(recorded("tags"))
    assert page["nextCursor"] == recorded("tags")["nextCursor"]
    assert shape(first(newer, "/users", includeRole="true")) == shape(recorded("users")["data"][0])
    assert "role" not in first(newer, "/users")
    assert all(row["email"].endswith("@example.com") for row in all_rows(newer, "/users"))
    assert len(all_rows(newer, "/users", limit=2)) == 5


def test_workflows_are_listed_as_recorded(newer: Simulator) -> None:
    row = first(newer, "/workflows", excludePinnedData="true")
    told = recorded("workflows")["data"][0]
    rows = all_rows(newer, "/workflows", limit=5)

    assert list(row) == list(told)
    assert list(row["activeVersion"]) == list(told["activeVersion"])
    assert list(row["shared"][0]) == list(told["shared"][0])
    unsaved = [each for each in rows if each["settings"] == told["settings"]]
    assert len(rows) == 13
    assert len(unsaved) == 1
    tags = {(tag["id"], tag["name"]) for each in rows for tag in each["tags"]}
    assert tags == {(each["id"], each["name"]) for each in all_rows(newer, "/tags")}
    runs = {each["workflowId"] for each in newer.truth()}
    assert runs <= {each["id"] for each in rows} - {each["id"] for each in unsaved}


def test_each_workflow_has_its_versions(newer: Simulator) -> None:
    for workflow in all_rows(newer, "/workflows"):
        versions = all_rows(newer, f"/workflows/{workflow['id']}/history", limit=2)
        assert versions[0]["versionId"] == workflow["versionId"]
        assert len({each["versionId"] for each in versions}) == len(versions) > 2
        made = [each["createdAt"] for each in versions]
        assert made == sorted(made, reverse=True)
    assert ask(newer, "/workflows/nobody/history").status == 404


def test_data_tables_are_listed_with_their_rows(newer: Simulator) -> None:
    tables = all_rows(newer, "/data-tables", limit=2)
    told = recorded("data tables")["data"][0]

    assert shape(tables[0]) == shape(told)
    for table in tables:
        columns = sorted(table["columns"], key=lambda each: int(each["index"]))
        rows = all_rows(newer, f"/data-tables/{table['id']}/rows", limit=250)
        names = ["id", "createdAt", "updatedAt", *(each["name"] for each in columns)]
        assert all(list(row) == names for row in rows)
    assert [len(all_rows(newer, f"/data-tables/{each['id']}/rows")) for each in tables] == [
        620,
        9,
        0,
    ]
    assert ask(newer, "/data-tables/nobody/rows").status == 404


@pytest.mark.parametrize("path", ["/variables", "/projects"])
def test_what_needs_a_licence_is_refused(newer: Simulator, path: str) -> None:
    answer = ask(newer, path)
    messages = [
        recorded("needs a licence")["message"].replace("feat:variables", feature)
        for feature in ("feat:variables", "feat:projectRole:admin")
    ]

    assert (answer.status, answer.body) == (403, {"message": messages[path == "/projects"]})


@pytest.mark.parametrize("path", ["/tags", "/users", "/data-tables", "/workflows", "/projects"])
def test_they_want_the_key_too(newer: Simulator, path: str) -> None:
    assert send(newer, path, headers={}).status == 401
    if path != "/projects":
        assert ask(newer, path, limit=300).status == 200
        assert ask(newer, path, cursor="nonsense").body == recorded("bad cursor")


def test_with_a_licence_projects_and_variables_are_listed() -> None:
    for like in ("2.20", "2.41"):
        with Simulator(rows=5, like=like, licensed=True) as simulator:
            projects = {row["id"]: row["name"] for row in all_rows(simulator, "/projects", limit=2)}
            assert len(projects) == 3
            variables = all_rows(simulator, "/variables", limit=2)
            assert [row["key"] for row in variables] == ["region", "webhook_secret", "ledger_url"]
            of_projects = [row["project"] for row in variables if row["project"]]
            assert [(each["id"], each["name"]) for each in of_projects] == [
                (each["id"], projects[each["id"]]) for each in of_projects
            ]


def test_pinned_data_comes_where_it_is_not_excluded(newer: Simulator) -> None:
    without = all_rows(newer, "/workflows", excludePinnedData="true")
    pinned = all_rows(newer, "/workflows", limit=5)
    assert [{k: v for k, v in row.items() if k != "pinData"} for row in pinned] == without
    assert 0 < sum(row["pinData"] is not None for row in pinned) < len(pinned)
    assert all(PINNED_TOKEN in str(row["pinData"]) for row in pinned if row["pinData"])


def test_the_older_release_has_neither_data_tables_nor_versions() -> None:
    with Simulator(rows=5) as simulator:
        workflows = all_rows(simulator, "/workflows")
        for path in ("/data-tables", f"/workflows/{workflows[0]['id']}/history"):
            assert ask(simulator, path).status == 404
        for path in ("/variables", "/projects"):
            assert ask(simulator, path).status == 403
        assert len(workflows) == 12
        assert all_rows(simulator, "/tags")
        assert all_rows(simulator, "/users")
        assert ask(simulator, "/tags", limit=300).status == 400
