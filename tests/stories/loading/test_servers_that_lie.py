"""Servers that clamp, repeat, skip, reorder, end early, or lie about their total, drawn at random.

What a truthful reading of a listing's answers shows is in the table, or the run is an error. The
server here keeps what it has shown, and what it has said of the rest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headrace
from headrace.core.exceptions import HeadraceError
from tests.support.command_line import headrace as command
from tests.support.servers import Answer, Asked, JsonServer

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "40"))
LIMIT = 5


@dataclass(frozen=True)
class Habits:
    """How a server of some rows answers.

    Args:
        count: The number of its rows.
        way: How its listing goes on.
        most: The rows that it puts on a page at most, whatever is asked for.
        total: What it tells of the number of rows: the truth, nothing, that of the page, or a lie.
        lie: By how much the lie is off.
        ends_at: The row behind which it ends, though there are more; None where it does not.
        repeats: The page that it sends a second time in place of the next one.
        skips: The row that it leaves out between two pages.
        reorders: Whether its rows are in another order for each page.
        empty: How it says that a page has no rows.
    """

    count: int
    way: str
    most: int
    total: str
    lie: int
    ends_at: int | None
    repeats: int | None
    skips: int | None
    reorders: bool
    empty: str


HABITS = st.builds(
    Habits,
    count=st.integers(0, 23),
    way=st.sampled_from(["offset", "page", "cursor", "link", "guess"]),
    most=st.integers(1, 9),
    total=st.sampled_from(["true", "none", "page", "lie"]),
    lie=st.integers(-4, 6),
    ends_at=st.none() | st.integers(0, 22),
    repeats=st.none() | st.integers(1, 4),
    skips=st.none() | st.integers(0, 22),
    reorders=st.booleans(),
    empty=st.sampled_from(["[]", "null", "missing", "204"]),
)


@dataclass
class Liar:
    """The server, and what it has said.

    Attributes:
        shown: The rows that its answers held.
        totals: The numbers of rows that it has told.
        names_more: Whether its last answer names a next page.
    """

    habits: Habits
    shown: set[int] = field(default_factory=set)
    totals: list[int] = field(default_factory=list)
    names_more: bool = False
    pages: int = 0

    def __call__(self, asked: Asked) -> Answer:
        habits, query = self.habits, asked.query
        size = min(int(query.get("limit", LIMIT)), habits.most)
        key = {"offset": "offset", "page": "page"}.get(habits.way, "after")
        at = int(query.get(key, 0))
        first = at * size if habits.way == "page" else at
        self.pages += 1
        if habits.repeats is not None and self.pages == habits.repeats + 1:
            first = max(0, first - size)
        listed = list(range(habits.count))
        if habits.skips is not None and first > habits.skips:
            listed = [row for row in listed if row != habits.skips]
        if habits.reorders:
            listed = listed[self.pages % 3 :] + listed[: self.pages % 3]
        found = listed[first : first + size]
        has_more = first + size < len(listed)
        if habits.ends_at is not None and first + size > habits.ends_at:
            has_more = False
            if habits.way in ("offset", "page") and first > habits.ends_at:
                found = []
        return self._answer(asked, found, first + size if has_more else None)

    def _answer(self, asked: Asked, found: Sequence[int], following: int | None) -> Answer:
        habits = self.habits
        self.shown.update(found)
        body: dict[str, Any] = {"data": [{"id": row} for row in found]}
        told = {
            "true": habits.count,
            "page": len(found),
            "lie": max(0, habits.count + habits.lie),
        }.get(habits.total)
        has_body = bool(found) or habits.empty != "204" or following is not None
        if told is not None and has_body:
            body["total"] = told
            self.totals.append(told)
        if habits.way in ("cursor", "link", "guess"):
            self.names_more = following is not None
            link = f"http://{asked.headers['Host']}/items?limit={LIMIT}&after={following}"
            if following is not None:
                body["next"] = link if habits.way != "cursor" else str(following)
        if not found and habits.empty != "[]":
            if not has_body:
                return Answer(status=204, raw=b"")
            if habits.empty == "null":
                body["data"] = None
            else:
                del body["data"]
        return Answer(body)


PAGINATORS: dict[str, Any] = {
    "offset": {"type": "offset", "limit": LIMIT, "total_path": None},
    "page": {"type": "page_number", "total_path": None},
    "cursor": {"type": "cursor", "cursor_path": "next", "cursor_param": "after", "limit": LIMIT},
    "link": {"type": "json_link"},
    "guess": None,
}


def config(server: JsonServer, habits: Habits) -> Any:
    endpoint: dict[str, Any] = {"path": "items", "data_selector": "data"}
    paginator = PAGINATORS[habits.way]
    if habits.way == "offset" and habits.total != "none":
        paginator = {**paginator, "total_path": "total"}
    if paginator is not None:
        endpoint["paginator"] = paginator
    return {
        "pipeline": {"name": "liar"},
        "client": {"base_url": server.base_url, "retry": {"max_attempts": 1}},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": endpoint,
            }
        ],
    }


def listed(document: Any) -> list[int] | str:
    """The rows of a listing, or what is said of it."""
    try:
        return [row["id"] for row in headrace.rest_api_source(document).resources["items"]]
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, HeadraceError):
            cause = cause.__cause__
        if cause is None:
            raise
        return str(cause)


def holds(liar: Liar, rows: Sequence[int]) -> None:
    """What a truthful reading of the answers asks of a run that was no error."""
    habits = liar.habits
    assert set(rows) == liar.shown
    assert not liar.names_more
    is_of_each_page = habits.total == "page"
    if liar.totals and not is_of_each_page:
        assert len(set(rows)) >= min(liar.totals), liar.totals
    goes_on_by_number = habits.way in ("offset", "page")
    is_honest = habits.ends_at is None and habits.repeats is None and not habits.reorders
    if goes_on_by_number and is_honest and habits.skips is None and habits.total != "lie":
        assert set(rows) == set(range(habits.count))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="HEADRACE_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(habits=HABITS)
def test_no_listing_of_a_liar_ends_short_without_a_word(server: JsonServer, habits: Habits) -> None:
    liar = server.handler = Liar(habits)
    found = listed(config(server, habits))
    if isinstance(found, list):
        holds(liar, found)
    else:
        assert "items" in found


HONEST = Habits(17, "offset", 4, "true", 0, None, None, None, reorders=False, empty="[]")


@pytest.mark.parametrize("way", PAGINATORS)
@pytest.mark.parametrize("empty", ["[]", "null", "missing", "204"])
@pytest.mark.parametrize("total", ["true", "none", "page"])
def test_an_honest_server_that_clamps_is_listed_whole(
    server: JsonServer, way: str, empty: str, total: str
) -> None:
    habits = Habits(17, way, 4, total, 0, None, None, None, reorders=False, empty=empty)
    server.handler = Liar(habits)
    assert listed(config(server, habits)) == list(range(17))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"total": "lie", "lie": 3}, "17 rows, but the API tells 20"),
        ({"ends_at": 9}, "12 rows, but the API tells 17"),
        ({"repeats": 2}, "but the API tells 17"),
        ({"skips": 3}, "16 rows, but the API tells 17"),
        ({"reorders": True}, "but the API tells 17"),
    ],
    ids=str,
)
def test_what_a_liar_shows_is_in_the_table_or_the_run_fails(
    server: JsonServer, change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    habits = Habits(**{**HONEST.__dict__, **change})
    server.handler = Liar(habits)
    path = tmp_path / "liar.json"
    path.write_text(json.dumps(config(server, habits)))
    ran = command("run", str(path))
    assert ran.returncode == 1
    assert says in " ".join(ran.stderr.split())
