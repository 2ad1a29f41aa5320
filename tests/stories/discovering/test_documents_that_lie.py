"""Where a document is wrong, the config loads all rows all the same, or does not run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

import headrace
from headrace.core.exceptions import ConfigError, HeadraceError
from headrace.discovery.calls import Call
from headrace.discovery.openapi.document import openapi_document
from headrace.discovery.openapi.drafts import draft_of_document
from headrace.discovery.openapi.proving import Proving
from headrace.discovery.openapi.sources import Source
from headrace.discovery.results import Discovery
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.discovery.openapi.test_drafts import enveloped, one_listing

Rows = list[dict[str, Any]]
Style = Callable[[Rows, Mapping[str, str]], Any]
_INTEGER = {"type": "integer"}
_TEXT = {"type": "string"}
_FROM_ONE = {"type": "integer", "default": 1}


def _numbered(first: int, size: int = 10) -> Style:
    def answer(rows: Rows, query: Mapping[str, str]) -> Any:
        begin = (int(query.get("page", first)) - first) * size
        return rows[begin : begin + size] if begin >= 0 else []

    return answer


def _by_offset(most: int) -> Style:
    def answer(rows: Rows, query: Mapping[str, str]) -> Any:
        begin = int(query.get("offset", 0))
        return rows[begin : begin + min(most, int(query.get("limit", most)))]

    return answer


def _numbered_in_sizes(page: str, size: str, first: int) -> Style:
    def answer(rows: Rows, query: Mapping[str, str]) -> Any:
        count = min(20, int(query.get(size, 10)))
        begin = (max(first, int(query.get(page, first))) - first) * count
        return rows[begin : begin + count]

    return answer


def _offset_of_pages(rows: Rows, query: Mapping[str, str]) -> Any:
    begin = int(query.get("start", 0)) * (size := min(10, int(query.get("limit", 10))))
    return rows[begin : begin + size]


def _size_that_is_cut(rows: Rows, query: Mapping[str, str]) -> Any:
    """Gives less than is asked for, and counts as if it did not."""
    begin = (int(query.get("page", 1)) - 1) * (size := int(query.get("size", 10)))
    return rows[begin : begin + min(size, 10)]


def _from_row_1(rows: Rows, query: Mapping[str, str]) -> Any:
    begin = max(0, int(query.get("startIndex", 1)) - 1)
    return rows[begin : begin + min(10, int(query.get("count", 10)))]


def _by_token(name: str, param: str, size: int = 10) -> Style:
    def answer(rows: Rows, query: Mapping[str, str]) -> Any:
        begin = int(query.get(param, 0))
        size_asked = min(size, int(query.get("limit", size)))
        end = begin + size_asked
        following = {name: str(end)} if end < len(rows) else {}
        return {"data": rows[begin:end], **following}

    return answer


def _without_a_word(rows: Rows, query: Mapping[str, str]) -> Any:
    """Thirteen rows a page, and no way on."""
    return {"data": rows[:13]}


_TOKEN = enveloped(next_token=_TEXT)
_CASES: dict[str, tuple[Style, list[dict[str, Any]], Any]] = {
    "pages from 1": (_numbered(1), [{"name": "page", "schema": _FROM_ONE}], None),
    "pages from 0, said to begin with 1": (
        _numbered(0),
        [{"name": "page", "schema": _FROM_ONE}],
        None,
    ),
    "pages from 1, said to begin with 0": (
        _numbered(1),
        [{"name": "page", "schema": {"type": "integer", "minimum": 0}}],
        None,
    ),
    "a limit that is cut": (
        _by_offset(7),
        [{"name": "offset"}, {"name": "limit", "schema": {"type": "integer", "maximum": 500}}],
        None,
    ),
    "an offset that is a page": (_numbered(0), [{"name": "offset"}, {"name": "page"}], None),
    "an offset that counts pages": (
        _offset_of_pages,
        [{"name": "start", "schema": _INTEGER}, {"name": "limit", "schema": _INTEGER}],
        None,
    ),
    "pages of which the first number is not said": (
        _numbered_in_sizes("PageNumber", "PageSize", 1),
        [{"name": "PageNumber", "schema": _INTEGER}, {"name": "PageSize", "schema": _INTEGER}],
        None,
    ),
    "pages from 0, of which the first number is not said": (
        _numbered_in_sizes("page", "PageSize", 0),
        [{"name": "page", "schema": _INTEGER}, {"name": "PageSize", "schema": _INTEGER}],
        None,
    ),
    "a size that is cut": (
        _size_that_is_cut,
        [{"name": "page", "schema": _FROM_ONE}, {"name": "size", "schema": _INTEGER}],
        None,
    ),
    "an offset from 1": (
        _from_row_1,
        [
            {"name": "startIndex", "description": "The 1-based index.", "schema": _INTEGER},
            {"name": "count", "schema": _INTEGER},
        ],
        None,
    ),
    "an offset from 1, of which nothing is said": (
        _from_row_1,
        [{"name": "startIndex", "schema": _INTEGER}, {"name": "count", "schema": _INTEGER}],
        None,
    ),
    "a token as it is said": (
        _by_token("next_token", "token"),
        [{"name": "token", "schema": _TEXT}],
        _TOKEN,
    ),
    "a token under another name": (
        _by_token("nextCursor", "cursor"),
        [{"name": "token", "schema": _TEXT}],
        _TOKEN,
    ),
    "a token that another parameter takes": (
        _by_token("next_token", "after"),
        [{"name": "next_token", "schema": _TEXT}],
        _TOKEN,
    ),
    "a token that never comes": (
        _without_a_word,
        [{"name": "token", "schema": _TEXT}],
        _TOKEN,
    ),
    "a link that never comes": (
        _without_a_word,
        [],
        enveloped(next={"type": "string", "format": "uri"}),
    ),
}


@pytest.mark.parametrize("count", [3, 25, 1200])
@pytest.mark.parametrize("style", list(_CASES))
def test_all_rows_or_none(style: str, count: int) -> None:
    found, read = _found_and_read(style, count)
    assert read in (count, None)
    # Of three rows on one page nothing may be known.
    if count > 10 and "never comes" not in style:
        assert read == count, found.as_yaml("it.yml")


@pytest.mark.parametrize("most", [4, 7, 10])
@pytest.mark.parametrize("style", list(_CASES))
def test_with_few_requests(style: str, most: int) -> None:
    found, read = _found_and_read(style, 25, most)
    assert read in (25, None)
    assert len(found.requests) <= most


def test_where_the_api_fails_after_the_document_is_refuted() -> None:
    seen: list[str] = []

    def at_first(rows: Rows, query: Mapping[str, str]) -> Any:
        seen.append(str(query))
        return rows[:10] if len(seen) < 6 else {"error": "quota exceeded"}

    found, read = _found_and_read(at_first, 25, parameters=[{"name": "offset"}])
    (resource,) = found.config["resources"]
    assert (resource["endpoint"]["paginator"], read) == ("unknown", None)


def _found_and_read(
    style: str | Style,
    count: int,
    most: int = 25,
    parameters: list[dict[str, Any]] | None = None,
    schema: Any = None,
) -> tuple[Discovery, int | None]:
    """What is made of a document, and how many rows come with it; None where it does not run."""
    case = _CASES[style] if isinstance(style, str) else (style, parameters, schema)
    answer, told, schema = case
    rows = [{"id": number, "name": f"thing {number}"} for number in range(count)]

    def things(asked: Asked) -> Answer:
        found = asked.path == "/things"
        return Answer(answer(rows, asked.query)) if found else Answer({}, 404)

    read: int | None = None
    with JsonServer() as server:
        server.handler = things
        text = one_listing(parameters=told or [], answer=schema)
        text["servers"] = [{"url": server.base_url}]
        document = openapi_document(Source("it", json.dumps(text).encode(), server.base_url))
        draft = draft_of_document(document, ["things"])
        call = Call(base_url=server.base_url, path="")
        found = Proving(draft, call, most).proven("it")
        with suppress(HeadraceError), headrace.read(found.config, "things") as reader:
            read = sum(batch.num_rows for batch in reader)
    return found, read


@pytest.mark.parametrize("answer", [{"results": [{"id": 1}]}, {"error": "quota exceeded"}])
def test_an_answer_that_is_not_the_one_of_the_document_is_told(answer: Any) -> None:
    def otherwise(rows: Rows, query: Mapping[str, str]) -> Any:
        return answer

    found, read = _found_and_read(otherwise, 1, parameters=[{"name": "offset"}], schema=_TOKEN)
    assert read is None
    (told,) = [each.text for each in found.evidence if each.path.endswith("endpoint.path")]
    assert told.startswith("it does not answer as documented: ")


def test_what_is_not_known_is_told_and_not_what_was_ruled_out() -> None:
    text = one_listing(parameters=[{"name": "limit"}])
    with JsonServer() as server:
        server.handler = lambda asked: Answer([{"id": number} for number in range(10)])
        text["servers"] = [{"url": server.base_url}]
        document = openapi_document(Source("it", json.dumps(text).encode(), server.base_url))
        call = Call(base_url=server.base_url, path="")
        with pytest.raises(ConfigError, match="things: nothing says whether these 10 rows are all"):
            Proving(draft_of_document(document, ["*"]), call, 60).proven("it")
