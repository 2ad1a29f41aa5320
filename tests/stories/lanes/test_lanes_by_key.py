"""A first listing that is kept up with is read in lanes, and ends as if one reader had read it."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from headrace import ConfigError, rest_api_source
from tests.stories.keeping_up.kept_listing import PATH, KeptListing, Mirror
from tests.support.command_line import headrace_running
from tests.support.servers import Answer, Asked
from tests.support.tables import Row, Warehouse

ROWS, PAGE, AT_ONCE = 10_000, 50, 6
PAGES = ROWS // PAGE
# So many rows are read before the first lane begins.
AFTER = 2_500
BY_CURSOR = {"by": "key", "cursor": "[0, {key}, {key}]", "encoding": "base64", "at_once": AT_ONCE}
BY_FILTER = {"by": "key", "below_param": "beforeId", "at_once": AT_ONCE}
BOTH = pytest.mark.parametrize("lanes", [BY_CURSOR, BY_FILTER], ids=["cursor", "filter"])
FOLLOWING: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
    "late_rows": "probe",
}


class SlowListing(KeptListing):
    """Takes a while for each page, lists from below a key, and counts what is asked at once.

    Attributes:
        heeds_below: whether it takes notice of `beforeId`.
        most_at_once: the largest number of requests that were under way at once.
        starts: the keys that lanes began below.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.heeds_below = True
        self.before_answer = self._take_a_while
        self.most_at_once = self._under_way = 0
        self._below: int | None = None
        self._once: list[tuple[int, Callable[[], object]]] = []

    def once_asked(self, number: int, action: Callable[[], object]) -> None:
        """Does something when so many requests have arrived, some of which are under way."""
        self._once.append((number, action))

    async def _take_a_while(self, asked: Asked) -> None:
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        await asyncio.sleep(0.01)
        self._under_way -= 1

    def _answer_to(self, asked: Asked) -> Answer:
        due = [each for each in self._once if each[0] <= len(self.asked)]
        self._once = [each for each in self._once if each not in due]
        for _, action in due:
            action()
        below = asked.query.get("beforeId")
        self._below = int(below) if below is not None and self.heeds_below else None
        return super()._answer_to(asked)

    def _rows_shown(self, status: str | None) -> Iterable[Row]:
        shown = super()._rows_shown(status)
        return (row for row in shown if self._below is None or row[self._key] < self._below)

    @property
    def starts(self) -> set[int]:
        """The keys that pages were asked for below, though no page ended there."""
        asked = [each for each in self.asked if each.path == PATH]
        below = {int(each.query["beforeId"]) for each in asked if "beforeId" in each.query}
        for each in asked:
            if "cursor" in each.query:
                below.add(int(json.loads(b64decode(each.query["cursor"]))[1]))
        ordered = sorted(self.rows, reverse=True)
        ends = {below for key in [*below, None] for below in self._ends_below(key, ordered)}
        return below - ends

    def _ends_below(self, key: int | None, ordered: list[int]) -> list[int]:
        page = [each for each in ordered if key is None or each < key][: self._page]
        return page[-1:]


def row(number: int, status: str = "success") -> Row:
    return {"id": number, "status": status}


@pytest.fixture
def api() -> Iterator[SlowListing]:
    with SlowListing(page=PAGE) as running:
        running.put(*(row(number) for number in range(1, ROWS + 1)))
        yield running


def mirror_of(
    api: KeptListing, warehouse: Warehouse, lanes: dict[str, Any] | None, **changes: Any
) -> Mirror:
    mirror = Mirror(api, warehouse, api.config(**{**FOLLOWING, **changes}))
    mirror.config["resources"][0]["endpoint"]["lanes"] = lanes
    return mirror


@BOTH
def test_lanes_read_what_one_reader_would(
    lanes: dict[str, Any], api: SlowListing, warehouse: Warehouse
) -> None:
    mirror = mirror_of(api, warehouse, lanes)
    for number in (9_990, 5_000, 20):
        api.change(number, status="running")

    report = mirror.sync()

    assert not mirror.faults()
    assert report.figures.total.rows - report.figures.total.known == ROWS
    assert not report.figures.of("executions").notes
    assert api.most_at_once == AT_ONCE
    assert len(api.pages_asked) <= PAGES + len(api.starts) + 1
    # As after one reader: the top, and each of the open rows.
    api.forget_requests()
    api.put(row(ROWS + 1))
    api.change(5_000, status="success")
    mirror.sync()
    assert not mirror.faults()
    assert (len(api.pages_asked), sorted(api.rows_asked)) == (1, ["20", "5000"])


def test_a_short_listing_costs_no_request_more(api: SlowListing, warehouse: Warehouse) -> None:
    for number in range(1, ROWS - AFTER + 1):
        del api.rows[number]
    mirror = mirror_of(api, warehouse, BY_CURSOR)

    mirror.sync()

    assert not mirror.faults()
    assert len(api.pages_asked) == AFTER // PAGE
    assert api.most_at_once == 1


@BOTH
def test_rows_come_change_and_go_while_lanes_read(
    lanes: dict[str, Any], api: SlowListing, warehouse: Warehouse
) -> None:
    mirror = mirror_of(api, warehouse, lanes)
    for number in range(3, ROWS, 500):
        api.change(number, status="running")

    def goes_on() -> None:
        newest = max(api.rows)
        api.put(row(newest + 1))
        for number in (newest // 2, newest // 3, newest // 5):
            api.rows.pop(number, None)
        api.change(next(n for n in sorted(api.rows) if n % 500 == 3), status="success")

    for number in range(AFTER // PAGE, PAGES, 5):
        api.once_asked(number, goes_on)
    mirror.sync()

    missing = api.rows.keys() - {each["id"] for each in mirror.rows()}
    assert missing <= set(range(ROWS + 1, max(api.rows) + 1))
    mirror.sync()
    found = {each["id"]: each for each in mirror.rows()}
    assert {key: found[key]["status"] for key in api.rows} == {
        key: each["status"] for key, each in api.rows.items()
    }


@BOTH
def test_lanes_go_on_after_a_kill(
    lanes: dict[str, Any], api: SlowListing, warehouse: Warehouse, tmp_path: Path
) -> None:
    mirror = mirror_of(api, warehouse, lanes)
    # Each leg has some 20 pages.
    mirror.config["pipeline"] |= {"leg_bytes": 40_000, "leg_seconds": 3_600}
    running: list[Any] = []
    api.once_asked(150, lambda: running[0].send_signal(SIGKILL))
    with headrace_running(*mirror.command()) as process:
        running.append(process)
        process.rest()
    assert process.returncode == -SIGKILL
    there = {each["id"] for each in mirror.rows()}
    assert 0 < len(there) < ROWS
    api.forget_requests()

    result = mirror.headrace_run()

    assert result.exit_code == 0, result.output
    assert not mirror.faults()
    left = (ROWS - len(there)) // PAGE
    assert len(api.pages_asked) <= left + len(api.starts) + AT_ONCE + 2
    api.forget_requests()
    mirror.headrace_run()
    assert len(api.asked) == 1


def test_cursors_that_are_not_as_said(api: SlowListing, warehouse: Warehouse) -> None:
    mirror = mirror_of(api, warehouse, {**BY_CURSOR, "cursor": '{"last":{key}}'})

    report = mirror.sync()

    assert not mirror.faults()
    assert len(api.pages_asked) == PAGES
    (note,) = report.figures.of("executions").notes
    assert note == (
        f"the page that ends with the key `{ROWS - AFTER + 1}` names the cursor "
        f"`[0, {ROWS - AFTER + 1}, {ROWS - AFTER + 1}]`, and `endpoint.lanes.cursor` makes "
        f'`{{"last":{ROWS - AFTER + 1}}}`, so the listing is read in one lane.'
    )


def test_an_api_that_takes_no_notice_of_the_filter(api: SlowListing, warehouse: Warehouse) -> None:
    api.heeds_below = False
    mirror = mirror_of(api, warehouse, BY_FILTER)

    report = mirror.sync()

    assert not mirror.faults()
    assert len(api.pages_asked) == PAGES + 1
    (note,) = report.figures.of("executions").notes
    assert "the API takes no notice of `endpoint.lanes.below_param`" in note


def test_keys_that_are_far_apart_and_uneven(warehouse: Warehouse) -> None:
    with SlowListing(page=PAGE) as api:
        api.put(*(row(number * 1_000) for number in range(9_000_000, 9_000_000 + 6_000)))
        api.put(*(row(number) for number in range(1, 2_001)))
        mirror = mirror_of(api, warehouse, BY_CURSOR, late_rows="none")

        mirror.sync()

        assert not mirror.faults()
        assert len(api.pages_asked) <= 8_000 // PAGE + len(api.starts) + 1
        assert len(api.starts) < 40


def test_keys_that_are_text(warehouse: Warehouse) -> None:
    with SlowListing(page=PAGE) as api:
        api.put({"id": "b", "status": "success"}, {"id": "a", "status": "success"})
        mirror = mirror_of(api, warehouse, BY_CURSOR, late_rows="none")

        with pytest.raises(ConfigError) as failure:
            mirror.sync()

    assert "resources.executions.endpoint.lanes: `by: key` makes keys" in str(failure.value)


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%d %H:%M:%S"])
def test_keys_that_are_times(form: str, warehouse: Warehouse) -> None:
    with SlowListing(key="at", page=PAGE) as api:
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        times = [(begin + timedelta(minutes=7 * number)).strftime(form) for number in range(6_000)]
        api.put(*({"id": at, "at": at, "status": "success"} for at in times))
        lanes = {**BY_CURSOR, "cursor": '[0, "{key}", "{key}"]'}
        mirror = mirror_of(api, warehouse, lanes, late_rows="none")
        (resource,) = mirror.config["resources"]
        resource["primary_key"] = "at"
        resource["endpoint"]["incremental"]["refresh_path"] = "/executions/{at}"

        report = mirror.sync()

        assert not report.figures.of("executions").notes
        assert mirror.counted("executions") == len(times)
        assert 1 < api.most_at_once <= AT_ONCE
        assert len(api.pages_asked) <= len(times) // PAGE + 20
        api.forget_requests()
        mirror.sync()
        assert len(api.asked) == 1


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"incremental": None}, "`key` is for a listing that is kept up with"),
    ({"lanes": {"by": "key"}}, "needs a way to begin below a key, and only one"),
    ({"lanes": {**BY_CURSOR, "below_param": "beforeId"}}, "needs a way to begin below a key"),
    ({"lanes": {**BY_CURSOR, "cursor": "{id}"}}, "`cursor` has no `{key}` in it"),
    ({"lanes": {**BY_FILTER, "encoding": "base64"}}, "there is no `cursor`"),
    ({"lanes": {**BY_CURSOR, "encoding": "hex"}}, "base64"),
    ({"params": {"beforeId": 7}}, "`beforeId` is one of `endpoint.params` already"),
    ({"total": "total"}, "`lanes` read several: leave `total` out"),
    ({"paginator": {"type": "cursor", "max_pages": 9}}, "leave `max_pages` out"),
    (
        {"paginator": {"type": "cursor", "stop_condition": "page > 9"}},
        "asks for the number of a page",
    ),
    (
        {
            "lanes": {**BY_CURSOR, "cursor": "{key}:{limit}"},
            "paginator": {"type": "cursor", "cursor_path": "next"},
        },
        "no page size is given",
    ),
    (
        {"lanes": BY_CURSOR, "paginator": {"type": "json_link", "next_url_path": "next"}},
        "needs the paginator `cursor` or `header_cursor`",
    ),
    ({"incremental": {"cursor_path": "at", "row_order": "desc"}}, "rows that keep their keys"),
    ({"lanes": {"at_once": 3}}, "has no `by`"),
]


@pytest.mark.parametrize(("endpoint", "message"), REFUSED)
def test_what_cannot_be_exact_is_refused(endpoint: dict[str, Any], message: str) -> None:
    with SlowListing() as api:
        document = api.config(**FOLLOWING)
    document["resources"][0]["endpoint"] |= {"lanes": BY_FILTER, **endpoint}

    with pytest.raises(ConfigError) as failure:
        rest_api_source(document)

    assert message in str(failure.value)


def test_verify_lists_in_lanes(api: SlowListing, warehouse: Warehouse) -> None:
    mirror = mirror_of(api, warehouse, BY_CURSOR)
    mirror.headrace_run()
    api.forget_requests()
    api.most_at_once = 0

    result = mirror.headrace_of("verify")

    assert result.exit_code == 0, result.output
    assert api.most_at_once == AT_ONCE
