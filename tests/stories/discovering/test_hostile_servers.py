"""A server that is asked has no say in what a config means, or in how often it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import headrace
from headrace.core.exceptions import HeadraceError, PageError
from headrace.discovery.results import Discovery
from tests.support.servers import Answer, Asked, JsonServer

CANARY = "canary-of-another-5b1e"
SECRET = "canary-of-ours-77d0"
ROWS: list[dict[str, Any]] = [{"id": number, "name": f"n{number}"} for number in range(1, 21)]
SIZE = 7
TRICKS = ("${CLOUD_KEY}", "${no name}", "\u202edesrever", "a: b # c", "a\n- name: x", "{a}", "'\"")

Envelope = Callable[[str, list[dict[str, Any]], int | None], dict[str, Any]]
ENVELOPES: dict[str, Envelope] = {
    "the list": lambda trick, rows, following: {trick: rows, "next_cursor": following},
    "what is around": lambda trick, rows, following: {
        "data": rows,
        trick: {"next_cursor": following},
    },
    "the id": lambda trick, rows, following: {
        "data": [{f"{trick}id": row["id"], "name": row["name"]} for row in rows],
        "next_cursor": following,
    },
    "the token": lambda trick, rows, following: {"data": rows, f"next_{trick}": following},
}


@pytest.fixture(autouse=True)
def canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_KEY", CANARY)
    monkeypatch.setenv("API_TOKEN", SECRET)


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("place", ENVELOPES)
def test_what_a_server_calls_things_is_a_name_and_no_more(
    place: str, trick: str, tmp_path: Path
) -> None:
    def answer(asked: Asked) -> Answer:
        first = int(asked.query.get("cursor", 0))
        following = first + SIZE if first + SIZE < len(ROWS) else None
        return Answer(ENVELOPES[place](trick, ROWS[first : first + SIZE], following))

    with JsonServer() as server:
        server.handler = answer
        try:
            found = headrace.discover(f"{server.base_url}/items")
        except PageError as refused:
            assert "without a list of rows" in str(refused)  # noqa: PT017
            assert str(refused).isprintable()  # noqa: PT017
            return
        assert yaml.safe_load(found.text) == found.config
        assert "\u202e" not in found.text
        path = tmp_path / "found.yaml"
        path.write_text(found.text)
        if found.is_proven:
            with headrace.read(path) as reader:
                assert sum(batch.num_rows for batch in reader) == len(ROWS)
        assert CANARY not in found.text + repr(server.asked)


def test_a_list_that_is_called_as_the_secret_is_named_in_no_file() -> None:
    with JsonServer() as server:
        server.answers({SECRET: ROWS, "has_more": False})
        with pytest.raises(PageError, match="called as a secret of the request") as caught:
            headrace.discover(
                f"{server.base_url}/items", auth={"type": "bearer", "token": "${API_TOKEN}"}
            )
    assert SECRET not in str(caught.value)


def _redirecting(asked: Asked) -> Answer:
    if asked.path.count("/") < 3:
        query = asked.target.partition("?")[2]
        return Answer(status=302, headers={"Location": f"{asked.path}/on?{query}"})
    return _strict(asked)


def _strict(asked: Asked) -> Answer:
    return Answer({"error": "unknown"}, 400) if asked.query else Answer({"data": ROWS[:SIZE]})


def _failing(server: JsonServer) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if len(server.asked) % 3:
            return Answer({"error": "later"}, 503, {"Retry-After": "0"})
        return _strict(asked)

    return answer


@pytest.mark.parametrize("most", [5, 11])
@pytest.mark.parametrize("kind", ["redirects", "refusals"])
def test_no_more_is_asked_than_was_said(kind: str, most: int) -> None:
    with JsonServer() as server:
        server.handler = _redirecting if kind == "redirects" else _failing(server)
        found: Discovery | None = None
        try:
            found = headrace.discover(f"{server.base_url}/items", max_requests=most)
        except HeadraceError as error:
            assert json.dumps(str(error))  # noqa: PT017
        assert len(server.asked) <= most
    assert found is None or not found.is_proven
