"""A sample API like release 2.41: what it lists beside executions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headrace.simulator import Simulator

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


def test_the_older_release_has_none_of_them() -> None:
    with Simulator(rows=5) as simulator:
        for path in ("/tags", "/users", "/data-tables", "/variables", "/projects"):
            assert ask(simulator, path).status == 404
        assert len(all_rows(simulator, "/workflows")) == 12
