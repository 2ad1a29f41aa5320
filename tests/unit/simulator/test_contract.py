"""What the sample API answers, point by point, over HTTP."""

from __future__ import annotations

import base64
import json

import pytest

from headrace.simulator import Simulator

from .asking import all_rows, ask, listing, send

LISTED_FIELDS = [
    "id",
    "finished",
    "mode",
    "retryOf",
    "retrySuccessId",
    "status",
    "startedAt",
    "stoppedAt",
    "workflowId",
    "waitTill",
]
DETAILED_FIELDS = [
    "id",
    "finished",
    "mode",
    "retryOf",
    "retrySuccessId",
    "status",
    "createdAt",
    "startedAt",
    "stoppedAt",
    "deletedAt",
    "workflowId",
    "waitTill",
    "storedAt",
    "tracingContext",
    "deduplicationKey",
]
WORKFLOW_FIELDS = [
    "updatedAt",
    "createdAt",
    "id",
    "name",
    "active",
    "isArchived",
    "nodes",
    "connections",
    "settings",
    "versionId",
    "activeVersionId",
    "triggerCount",
    "tags",
]


def cursor(place: object) -> str:
    return base64.b64encode(json.dumps(place, separators=(",", ":")).encode()).decode()


def test_lists_newest_first_with_the_recorded_fields(simulator: Simulator) -> None:
    answer = ask(simulator, "/executions", limit=250)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert [row["id"] for row in answer.body["data"]] == list(range(20_000, 19_750, -1))
    assert all(list(row) == LISTED_FIELDS for row in answer.body["data"])


def test_the_page_size_is_100_unless_asked_for(simulator: Simulator) -> None:
    assert len(ask(simulator, "/executions").body["data"]) == 100


def test_the_cursor_is_the_recorded_one(text_simulator: Simulator) -> None:
    # Recorded: base64 of {"lastId":"8","limit":5}, after a page that ended with id 8.
    answer = ask(text_simulator, "/executions", cursor=cursor({"lastId": "13", "limit": 5}))

    assert [row["id"] for row in answer.body["data"]] == ["12", "11", "10", "9", "8"]
    assert answer.body["nextCursor"] == "eyJsYXN0SWQiOiI4IiwibGltaXQiOjV9"


@pytest.mark.parametrize(("last_id", "ids"), [(6, [5, 4, 3, 2, 1]), (3, [2, 1]), (1, [])])
def test_the_last_page_has_no_cursor(simulator: Simulator, last_id: int, ids: list[int]) -> None:
    answer = ask(simulator, "/executions", cursor=cursor({"lastId": str(last_id), "limit": 5}))

    assert [row["id"] for row in answer.body["data"]] == ids
    assert answer.body["nextCursor"] is None


def test_the_cursor_keeps_its_page_size(simulator: Simulator) -> None:
    following = ask(simulator, "/executions", limit=7).body["nextCursor"]

    assert len(ask(simulator, "/executions", cursor=following).body["data"]) == 7
    assert len(ask(simulator, "/executions", cursor=following, limit=20).body["data"]) == 7


def test_a_cursor_above_the_newest_row_starts_at_the_top(simulator: Simulator) -> None:
    answer = ask(simulator, "/executions", cursor=cursor({"lastId": "9" * 18, "limit": 1}))

    assert [row["id"] for row in answer.body["data"]] == [20_000]


def test_filters_combine(simulator: Simulator) -> None:
    workflow_id = "LuC7eI2hSa4vDj6k"
    rows = all_rows(simulator, "/executions", status="error", workflowId=workflow_id, limit=50)

    assert len(rows) > 50
    assert rows == list(simulator.truth(status="error", workflow_id=workflow_id))
    assert {(row["status"], row["workflowId"]) for row in rows} == {("error", workflow_id)}


@pytest.mark.parametrize("status", ["running", "waiting", "new", "unknown"])
def test_a_status_that_listings_never_show_gives_an_empty_page(status: str) -> None:
    with Simulator(rows=1_000_000) as simulator:
        answer = ask(simulator, "/executions", status=status)

        assert answer.status == 200
        assert answer.body == {"data": [], "nextCursor": None}
        assert simulator.blocks_computed == 0


def test_an_unknown_workflow_gives_an_empty_page() -> None:
    with Simulator(rows=1_000_000) as simulator:
        answer = ask(simulator, "/executions", workflowId="nobody", status="error")

        assert answer.body == {"data": [], "nextCursor": None}
        assert simulator.blocks_computed == 0


def test_an_empty_history_is_one_empty_page() -> None:
    with Simulator(rows=0) as simulator:
        empty: dict[str, object] = {"data": [], "nextCursor": None}
        assert ask(simulator, "/executions").body == empty
        assert ask(simulator, "/executions", status="success").body == empty
        assert ask(simulator, "/executions/1").status == 404


@pytest.mark.parametrize("execution_id", [1, 8_192, 8_193, 20_000])
def test_one_row_has_the_listed_fields_and_more(simulator: Simulator, execution_id: int) -> None:
    listed = ask(
        simulator, "/executions", cursor=cursor({"lastId": str(execution_id + 1), "limit": 1})
    ).body["data"][0]
    answer = ask(simulator, f"/executions/{execution_id}")

    assert answer.status == 200
    assert list(answer.body) == DETAILED_FIELDS
    assert {name: answer.body[name] for name in LISTED_FIELDS} == listed
    assert answer.body["createdAt"] < answer.body["startedAt"]
    assert answer.body["storedAt"] == "db"
    assert answer.body["deletedAt"] is None
    assert answer.body["tracingContext"] is None
    assert answer.body["deduplicationKey"] is None


@pytest.mark.parametrize("name", ["99999", "0", "-1", "01", "abc", "9" * 30])
def test_an_unknown_row_is_not_found(simulator: Simulator, name: str) -> None:
    answer = ask(simulator, f"/executions/{name}")

    assert (answer.status, answer.body) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("path", ["/nope", "", "/executions/", "/executions/1/2", "/workflows/1"])
def test_an_unknown_path_is_not_found(simulator: Simulator, path: str) -> None:
    answer = ask(simulator, path)

    assert (answer.status, answer.body) == (404, {"message": "not found"})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/executions", "/executions/1", "/workflows"])
def test_only_get_is_allowed(simulator: Simulator, path: str, method: str) -> None:
    answer = send(simulator, path, method=method, headers={"X-API-KEY": simulator.api_key})

    assert answer.status == 405
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-KEY": ""},
        {"X-API-KEY": "wrong"},
        {"X-API-KEY": "sch\xfcssel"},
        {"X-OTHER-KEY": "simulator"},
    ],
)
@pytest.mark.parametrize("path", ["/executions", "/executions/1", "/workflows"])
def test_a_wrong_key_is_unauthorized(
    simulator: Simulator, path: str, headers: dict[str, str]
) -> None:
    answer = send(simulator, path, headers=headers)

    assert (answer.status, answer.body) == (401, {"message": "unauthorized"})


def test_the_key_and_its_header_can_be_chosen() -> None:
    with Simulator(rows=5, api_key="geheim-\u00e4", key_header="X-Other") as simulator:
        key = "geheim-\u00e4".encode().decode("latin-1")
        assert send(simulator, "/executions", headers={"x-other": key}).status == 200
        assert send(simulator, "/executions", headers={"X-API-KEY": key}).status == 401


@pytest.mark.parametrize("path", ["/executions", "/workflows"])
@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("300", "request/query/limit must be <= 250"),
        ("251", "request/query/limit must be <= 250"),
        ("9" * 3_000, "request/query/limit must be <= 250"),
        ("0", "request/query/limit must be >= 1"),
        ("-5", "request/query/limit must be >= 1"),
        ("ten", "request/query/limit must be integer"),
        ("", "request/query/limit must be integer"),
        ("2.5", "request/query/limit must be integer"),
        ("\u0661", "request/query/limit must be integer"),
    ],
)
def test_a_bad_limit_is_refused(simulator: Simulator, path: str, limit: str, message: str) -> None:
    answer = ask(simulator, path, limit=limit)

    assert (answer.status, answer.body) == (400, {"message": message})


@pytest.mark.parametrize("path", ["/executions", "/workflows"])
@pytest.mark.parametrize(
    "text",
    [
        "not-a-cursor",
        "",
        "\u00e4",
        "bnVsbA",
        cursor(None),
        cursor([]),
        cursor({}),
        cursor({"limit": 5}),
        cursor({"lastId": 8, "offset": "8", "limit": 5}),
        cursor({"lastId": "-8", "offset": -8, "limit": 5}),
        cursor({"lastId": "0", "offset": True, "limit": 5}),
        cursor({"lastId": "8", "offset": 8}),
        cursor({"lastId": "8", "offset": 8, "limit": 251}),
        cursor({"lastId": "8", "offset": 8, "limit": True}),
        cursor({"lastId": "9" * 5_000, "offset": None, "limit": 5}),
    ],
)
def test_a_bad_cursor_is_refused(simulator: Simulator, path: str, text: str) -> None:
    answer = ask(simulator, path, cursor=text)

    assert (answer.status, answer.body) == (400, {"message": "An invalid cursor was provided"})


def test_a_status_that_does_not_exist_is_refused(simulator: Simulator) -> None:
    answer = ask(simulator, "/executions", status="sucess")

    assert answer.status == 400
    assert answer.body["message"].startswith("request/query/status must be equal to one of")


def test_ids_can_be_text(text_simulator: Simulator) -> None:
    rows = all_rows(text_simulator, "/executions", limit=250)
    with Simulator(rows=1_000, seed=1) as simulator:
        numbered = all_rows(simulator, "/executions", limit=250)

    assert rows == list(text_simulator.truth())
    assert [row["id"] for row in rows] == [str(number) for number in range(1_000, 0, -1)]
    assert {type(row["retrySuccessId"]) for row in rows} == {str, type(None)}
    assert {type(row["retrySuccessId"]) for row in numbered} == {int, type(None)}
    assert {type(row["retryOf"]) for row in rows + numbered} == {str, type(None)}
    for text, number in zip(rows, numbered, strict=True):
        success = number["retrySuccessId"]
        assert text == number | {
            "id": str(number["id"]),
            "retrySuccessId": None if success is None else str(success),
        }
    assert ask(text_simulator, "/executions/7").body["id"] == "7"


def test_workflows_are_listed_with_nested_fields(simulator: Simulator) -> None:
    pages = list(listing(simulator, "/workflows", limit=5))
    rows = [row for page in pages for row in page]

    assert [len(page) for page in pages] == [5, 5, 2]
    assert all(list(row) == WORKFLOW_FIELDS for row in rows)
    assert "Sync CRM contacts" in {row["name"] for row in rows}
    assert {row["id"] for row in rows} == {row["workflowId"] for row in simulator.truth()}
    for row in rows:
        names = [node["name"] for node in row["nodes"]]
        assert len(names) >= 2
        assert list(row["connections"]) == names[:-1]


def test_the_workflow_cursor_is_the_recorded_one(simulator: Simulator) -> None:
    # Recorded: base64 of {"limit":2,"offset":2}, after a first page of two.
    assert ask(simulator, "/workflows", limit=2).body["nextCursor"] == (
        "eyJsaW1pdCI6Miwib2Zmc2V0IjoyfQ=="
    )
    assert ask(simulator, "/workflows").body["nextCursor"] is None
    assert ask(simulator, "/workflows", limit=12).body["nextCursor"] is None
    assert ask(simulator, "/workflows", cursor=cursor({"limit": 2, "offset": 99})).body == {
        "data": [],
        "nextCursor": None,
    }
