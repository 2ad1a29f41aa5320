"""Of two lists of an answer, that is taken which goes on from page to page, or none."""

from __future__ import annotations

from typing import Any

import pytest

import headrace
from headrace.discovery.results import Discovery
from tests.support.servers import Answer, Asked, JsonServer

LOOKUPS = [{"code": f"c{number}", "label": f"l{number}"} for number in range(60)]
SIZE = 20


def found_and_read(rows: list[dict[str, Any]], shown: str) -> tuple[Discovery, list[Any]]:
    def answer(asked: Asked) -> Answer:
        begin = (int(asked.query.get("page", 1)) - 1) * SIZE
        is_more = begin + SIZE < len(rows)
        told: dict[str, dict[str, Any]] = {
            "a link": {"next": f"/search?page={begin // SIZE + 2}" if is_more else None},
            "a total": {"total": len(rows)},
            "a word": {"has_more": is_more},
        }
        page = rows[begin : begin + SIZE]
        return Answer({"countries": LOOKUPS, "orders": page, **told[shown]})

    with JsonServer() as server:
        server.handler = answer
        found = headrace.discover(f"{server.base_url}/search")
        if not found.is_proven:
            return found, []
        with headrace.read(found.config) as reader:
            return found, [row["id"] for batch in reader for row in batch.to_pylist()]


@pytest.mark.parametrize("shown", ["a link", "a total", "a word"])
def test_the_list_that_goes_on_is_taken(shown: str) -> None:
    rows = [{"id": number, "name": f"n{number}"} for number in range(130)]
    found, came = found_and_read(rows, shown)

    assert came == [row["id"] for row in rows]
    assert found.config["resources"][0]["endpoint"]["data_selector"] == "orders"


@pytest.mark.parametrize("shown", ["a link", "a total", "a word"])
def test_of_two_lists_that_do_not_none_is_taken(shown: str) -> None:
    found, _ = found_and_read([{"id": number, "name": f"n{number}"} for number in range(3)], shown)

    assert any("lists of rows" in each.text for each in found.unknown)
