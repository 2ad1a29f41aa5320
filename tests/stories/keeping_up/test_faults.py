"""What a source may do wrong while it is kept up with, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from headrace import PageError, ResponseStatusError
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.servers import Answer
from tests.support.tables import Row, Warehouse

PROBING: dict[str, Any] = {
    "settled_when": "status == 'success'",
    "refresh_path": "/executions/{id}",
    "late_rows": "probe",
}


def row(number: int, status: str = "success") -> Row:
    return {"id": number, "status": status}


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as running:
        running.put(*(row(number) for number in range(1, 201)))
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    return Mirror(api, warehouse, api.config(**PROBING))


def test_a_listing_in_another_order(api: KeptListing, mirror: Mirror) -> None:
    wrong = Answer({"data": [row(7), row(8)], "next": None})
    api.at_request(2, lambda: wrong)

    ran = mirror.headrace_run()

    assert ran.exit_code == 1
    assert "the listing is not newest first by its key: `7` is followed by `8`" in ran.stderr
    assert "resource `executions`" in ran.stderr
    assert "Check `incremental.cursor_path`" in ran.stderr

    # As if nothing had been: the whole listing comes.
    api.forget_requests()
    assert mirror.headrace_run().exit_code == 0
    assert len(api.pages_asked) == 4
    assert not mirror.faults()


def test_a_page_that_begins_above_the_one_before(api: KeptListing, mirror: Mirror) -> None:
    api.at_request(2, lambda: Answer({"data": [row(180)], "next": None}))

    with pytest.raises(PageError, match="`151` is followed by `180`"):
        mirror.sync()


def test_a_source_that_was_reset(api: KeptListing, mirror: Mirror) -> None:
    assert mirror.headrace_run().exit_code == 0
    api.rows.clear()
    api.put(*(row(number, "error") for number in range(1, 31)))

    refused = mirror.headrace_run()
    assert refused.exit_code == 1
    assert "the newest row that the listing shows is `30`" in refused.stderr
    assert "rows up to `200` are known: the source seems to have been reset" in refused.stderr
    for choice in ("another `pipeline.dataset`", "--list-anew", "--full-refresh"):
        assert choice in refused.stderr
    assert len(mirror.rows()) == 200

    assert mirror.headrace_run("--full-refresh").exit_code == 0
    assert not mirror.faults()


def test_an_empty_listing_changes_nothing(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    before = mirror.rows()
    api.hidden.update(api.rows)

    ran = mirror.headrace_run()

    assert ran.exit_code == 0
    assert "the listing is empty, though it showed rows before" in ran.stdout
    assert mirror.rows() == before


def test_a_path_that_shows_no_row(api: KeptListing, mirror: Mirror) -> None:
    api.put(row(1, "running"))
    mirror.sync()
    api.row_answer = Answer({"message": "no such route"}, 404)

    with pytest.raises(PageError) as failure:
        mirror.sync()

    assert "incremental.refresh_path" in str(failure.value)
    # Nothing was saved of it.
    with pytest.raises(PageError):
        mirror.sync()
    api.row_answer = None
    mirror.sync()
    assert "_headrace_gone" not in mirror.warehouse.tables("test_data")
    assert not mirror.faults()


def test_a_path_that_shows_no_hidden_row(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    api.row_answer = Answer({"message": "no such route"}, 404)
    # 201 and 202 may be hidden.
    api.put(row(203))

    report = mirror.sync()

    (note,) = report.figures.of("executions").notes
    assert re.search(r"the listing shows row `(\d+)`, but GET /executions/\1 finds none", note)
    assert "incremental.refresh_path" in note


def test_a_path_that_may_not_be_asked(api: KeptListing, mirror: Mirror) -> None:
    api.put(row(1, "running"))
    mirror.sync()
    api.row_answer = Answer({"message": "this key may list only"}, 401)

    with pytest.raises(ResponseStatusError) as failure:
        mirror.sync()

    assert "/executions/1" in str(failure.value)
    assert '401 Unauthorized and says: "this key may list only"' in str(failure.value)
