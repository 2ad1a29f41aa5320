"""Each row of a resource gives another one a listing of its own."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from typing import Any

import dlt
import pytest

from headrace import ResponseStatusError, rest_api_source, sync
from headrace.config import parse_config
from headrace.core.exceptions import RowError
from headrace.dlt_source.source import build_source
from tests.stories.against_dlt.test_same_as_dlt import MAKERS, contents
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

ISSUES = [
    {"id": n, "number": 100 + n, "user": {"login": f"u{n % 3}"}, "title": f"t{n}", "tags": ["a"]}
    for n in range(13)
]


def answer(asked: Asked) -> Answer:
    """Issues in pages of three; of an issue as many comments as its number mod 3; reactions."""
    parts = asked.path.strip("/").split("/")
    if parts == ["issues"]:
        first = int(asked.query.get("cursor", 0))
        more = {"next": first + 3} if first + 3 < len(ISSUES) else {}
        return Answer({"data": ISSUES[first : first + 3], **more})
    if len(parts) == 3 and parts[2] == "comments":
        number = int(parts[1])
        rows = [{"cid": number * 10 + n, "body": "x", "seen": n == 0} for n in range(number % 3)]
        at = int(asked.query.get("cursor", 0))
        return Answer({"data": rows[at : at + 1], "next": at + 1 if at + 1 < len(rows) else None})
    if parts[0] == "reactions":
        return Answer({"data": [{"to": asked.query.get("c"), "by": asked.query.get("by")}]})
    return Answer({"message": "not found"}, 404)


@pytest.fixture
def api(server: JsonServer) -> JsonServer:
    server.handler = answer
    return server


COMMENTS = {
    "name": "comments",
    "primary_key": "cid",
    "write_disposition": "merge",
    "endpoint": "issues/{resources.issues.number}/comments",
}


def config(api: JsonServer, *children: Any, **issues: Any) -> dict[str, Any]:
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
    parent = {"name": "issues", "primary_key": "id", "write_disposition": "merge", **issues}
    return {
        "client": {"base_url": api.base_url, "paginator": paginator},
        "resource_defaults": {"endpoint": {"data_selector": "data"}},
        "resources": [*children, parent],
    }


def asked_of(api: JsonServer) -> list[str]:
    return sorted(f"{each.path}?{sorted(each.query.items())}{each.body!r}" for each in api.asked)


CHILDREN: dict[str, list[dict[str, Any]]] = {
    "a placeholder in the path": [COMMENTS],
    "a param that resolves": [
        COMMENTS
        | {
            "endpoint": {
                "path": "issues/{n}/comments",
                "params": {
                    "n": {"type": "resolve", "resource": "issues", "field": "number"},
                    "by": "{resources.issues.user.login}",
                },
            }
        }
    ],
    "fields of the parent": [COMMENTS | {"include_from_parent": ["id", "title", "user"]}],
    "a list of the parent": [COMMENTS | {"include_from_parent": ["tags"]}],
    "grandchildren": [
        COMMENTS,
        {
            "name": "reactions",
            "include_from_parent": ["cid", "seen"],
            "endpoint": {"path": "reactions", "params": {"c": "{resources.comments.cid}"}},
        },
    ],
    "two of one parent": [
        COMMENTS,
        COMMENTS | {"name": "more", "include_from_parent": ["number"]},
    ],
    "in headers and bodies": [
        {
            "name": "reactions",
            "endpoint": {
                "path": "reactions",
                "method": "POST",
                "headers": {"X-Of": "{resources.issues.number}"},
                "params": {"c": "{{{resources.issues.id}}}"},
                "json": {"n": "{resources.issues.number}", "t": ["no. {resources.issues.number}"]},
            },
        }
    ],
    "in a form": [
        {
            "name": "reactions",
            "endpoint": {
                "path": "reactions",
                "method": "POST",
                "data": {"n": "{resources.issues.number}"},
            },
        }
    ],
}


@pytest.mark.comparison
@pytest.mark.parametrize("children", CHILDREN.values(), ids=CHILDREN.keys())
def test_requests_and_tables_are_those_of_dlt(
    children: list[dict[str, Any]], api: JsonServer, warehouse: Warehouse
) -> None:
    asked = []
    for name, make_source in MAKERS.items():
        warehouse.pipeline(name).run(make_source(copy.deepcopy(config(api, *children))))
        asked.append(asked_of(api))
        api.asked.clear()
    assert asked[0] == asked[1]
    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


@pytest.mark.comparison
def test_processing_steps_of_the_parent_come_before(api: JsonServer, warehouse: Warehouse) -> None:
    for name, make_source in MAKERS.items():
        source = make_source(config(api, COMMENTS))
        source.issues.add_filter(lambda row: row["id"] % 2 == 0)
        source.comments.add_map(lambda row: {**row, "mapped": True})
        warehouse.pipeline(name).run(source)
    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


@pytest.mark.comparison
def test_a_parent_that_is_not_loaded(api: JsonServer, warehouse: Warehouse) -> None:
    for selected in (None, False):
        for name, make_source in MAKERS.items():
            source = make_source(config(api, COMMENTS, selected=selected))
            warehouse.pipeline(name).run(
                source if selected is False else source.with_resources("comments")
            )
        assert warehouse.tables("ours_data") == {"comments"}
        assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


@pytest.mark.comparison
def test_a_limit_on_the_parent_counts_its_pages(api: JsonServer, warehouse: Warehouse) -> None:
    for name, make_source in MAKERS.items():
        source = make_source(config(api, COMMENTS))
        source.issues.add_limit(1)
        warehouse.pipeline(name).run(source)
    assert warehouse.query("SELECT count(*) FROM ours_data.issues") == [(3,)]
    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


def test_outside_of_a_pipeline_the_rows_are_dicts(api: JsonServer) -> None:
    document = config(api, COMMENTS | {"include_from_parent": ["title"]})
    ours, theirs = (list(make(document).comments) for make in MAKERS.values())
    assert sorted(ours, key=repr) == sorted(theirs, key=repr)
    assert {"cid": 1010, "body": "x", "seen": True, "_issues_title": "t1"} in ours


@pytest.mark.parametrize("kind", ["a row each", "lists", "Arrow tables"])
def test_a_parent_of_the_users_own(kind: str, api: JsonServer, warehouse: Warehouse) -> None:
    def rows() -> Iterator[Any]:
        if kind == "Arrow tables":
            import pyarrow as pa

            yield pa.Table.from_pylist([{"number": n} for n in (101, 102)])
        elif kind == "lists":
            yield [{"number": 101}, {"number": 102}]
        else:
            yield {"number": 101}
            yield {"number": 102}

    document = config(api, COMMENTS)
    document["resources"][1] = dlt.resource(rows, name="issues")
    warehouse.pipeline().run(rest_api_source(document))
    rows_of = warehouse.query("SELECT cid FROM test_data.comments ORDER BY 1")
    assert rows_of == [(1010,), (1011,)]
    assert warehouse.query("SELECT count(*) FROM test_data.issues") == [(2,)]


def test_of_a_key_under_two_parents_the_last_counts(api: JsonServer, warehouse: Warehouse) -> None:
    def shared(asked: Asked) -> Answer:
        if asked.path == "/issues":
            return answer(asked)
        return Answer({"data": [{"cid": 1, "of": int(asked.path.split("/")[2])}]})

    api.handler = shared
    report = sync(warehouse.pipeline(), rest_api_source(config(api, COMMENTS)))
    assert warehouse.query("SELECT cid, of FROM test_data.comments") == [(1, 112)]
    counts = report.figures.of("comments")
    assert (counts.rows, counts.loaded_rows, counts.replaced) == (13, 1, 12)


def test_listings_are_fetched_side_by_side(api: JsonServer, warehouse: Warehouse) -> None:
    gathering = Gathering(3)
    api.before_answer = gathering.pass_by
    document = config(api, COMMENTS)
    document["client"]["concurrency"] = 3
    warehouse.pipeline().run(rest_api_source(document))
    assert gathering.most == 3


class Gathering:
    """Holds requests for comments back until so many are there at once.

    Args:
        wanted: how many; the last ones pass when no more come.
    """

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._here = 0
        self.most = 0
        self._full = asyncio.Event()

    async def pass_by(self, asked: Asked) -> None:
        if asked.path == "/issues":
            return
        self._here += 1
        self.most = max(self.most, self._here)
        if self.most == self._wanted:
            self._full.set()
        await self._full.wait()
        self._here -= 1


def test_a_field_that_a_parents_row_lacks(api: JsonServer, warehouse: Warehouse) -> None:
    for change, said in (
        ({"endpoint": "issues/{resources.issues.nr}/comments"}, "its requests hold the field `nr`"),
        ({"include_from_parent": ["nr"]}, "`include_from_parent` names the field `nr`"),
    ):
        with pytest.raises(RowError) as caught:
            sync(warehouse.pipeline(), rest_api_source(config(api, COMMENTS | change)))
        told = str(caught.value)
        assert told.startswith("resource `comments`: ")
        assert said in told
        assert "it has: `id`, `number`, `user`, `title`, `tags`." in told


def test_with_a_limit_an_error_of_one_listing_ends_the_run(
    api: JsonServer, warehouse: Warehouse
) -> None:
    def failing(asked: Asked) -> Answer:
        return Answer({"message": "no"}, 403) if "/104/" in asked.path else answer(asked)

    api.handler = failing
    with pytest.raises(ResponseStatusError, match=r"issues/104/comments.*answers 403"):
        sync(warehouse.pipeline(), build_source(parse_config(config(api, COMMENTS)), limit_rows=50))


def test_no_parents_no_requests(api: JsonServer, warehouse: Warehouse) -> None:
    api.handler = lambda asked: Answer({"data": []})
    warehouse.pipeline().run(rest_api_source(config(api, COMMENTS)))
    assert [each.path for each in api.asked] == ["/issues"]
