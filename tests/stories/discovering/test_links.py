"""Links that leave out what was asked for, or that stand for more than the next page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import headrace
from headrace.discovery.results import Discovery
from tests.support.servers import Answer, Asked, JsonServer

ROWS: list[dict[str, Any]] = [{"id": number, "name": f"n{number}"} for number in range(1, 131)]
LARGEST = 50
SECRET = "canary-2b8f10c4"

Api = Callable[[Asked], Answer]


def found_and_read(api: Api, path: str, **asked: Any) -> tuple[Discovery, list[int]]:
    with JsonServer() as server:
        server.handler = api
        found = headrace.discover(server.base_url + path, **asked)
        assert found.is_proven, found.text
        with headrace.read(found.config) as reader:
            return found, [row["id"] for batch in reader for row in batch.to_pylist()]


def test_a_link_that_leaves_out_a_filter_is_not_followed() -> None:
    # No field of the rows shows that they are filtered.
    def answer(asked: Asked) -> Answer:
        rows = [row for row in ROWS if asked.query.get("seen") != "late" or row["id"] > 70]
        number, size = int(asked.query.get("page", 1)), 20
        link = f"/items?page={number + 1}" if number * size < len(rows) else None
        return Answer({"items": rows[(number - 1) * size : number * size], "next": link})

    found, came = found_and_read(answer, "/items?seen=late")
    assert came == [row["id"] for row in ROWS if row["id"] > 70]
    assert any("the link leaves out seen" in each.text for each in found.evidence)


def test_a_link_that_stands_for_all_that_was_asked_for_is_followed() -> None:
    def answer(asked: Asked) -> Answer:
        token = asked.query.get("at")
        if token is not None and "kind" in asked.query:
            return Answer({"message": "a cursor takes nothing besides"}, 400)
        begin = int(token or 0)
        following = f"/items?at={begin + 20}" if begin + 20 < len(ROWS) else None
        return Answer({"items": ROWS[begin : begin + 20], "next": following})

    _, came = found_and_read(answer, "/items?kind=all")
    assert len(came) == len(ROWS)


def test_the_size_that_a_link_repeats_is_no_place() -> None:
    def answer(asked: Asked) -> Answer:
        size = int(asked.query.get("page_size", 0))
        if not 1 <= size <= LARGEST:
            return Answer({"message": f"page_size must be from 1 to {LARGEST}"}, 400)
        begin = int(asked.query.get("page_token", 0))
        link = f"/items?page_size={size}&page_token={begin + size}"
        return Answer(
            {
                "items": ROWS[begin : begin + size],
                "next": link if begin + size < len(ROWS) else None,
            }
        )

    _, came = found_and_read(answer, "/items?page_size=20")
    assert len(came) == len(ROWS)


def test_a_secret_that_a_link_repeats_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", SECRET)
    monkeypatch.setenv("API_TOKEN", "reader")

    def answer(asked: Asked) -> Answer:
        if asked.query.get("api_key") != SECRET:
            return Answer({"message": "who asks?"}, 401)
        begin = int(asked.query.get("at", 0))
        link = f"/items?api_key={SECRET}&at={begin + 20}" if begin + 20 < len(ROWS) else None
        return Answer({"items": ROWS[begin : begin + 20], "next": link})

    bearer = {"type": "bearer", "token": "reader"}
    found, came = found_and_read(answer, f"/items?api_key={SECRET}", auth=bearer)
    assert len(came) == len(ROWS)
    assert SECRET not in found.text


def test_a_link_behind_which_nothing_is_ends_the_listing() -> None:
    def answer(asked: Asked) -> Answer:
        begin = int(asked.query.get("at", 0))
        told = str(begin + LARGEST < len(ROWS)).lower()
        link = f'</items?at={begin + LARGEST}>; rel="next"; results="{told}"'
        return Answer(ROWS[begin : begin + LARGEST], headers={"Link": link})

    _, came = found_and_read(answer, "/items")
    assert len(came) == len(ROWS)
