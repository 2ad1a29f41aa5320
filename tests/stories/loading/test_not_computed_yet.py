"""A server that answers 202 while it computes is asked again; no table is short for it."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import rest_api_source
from tests.support.servers import Answer, Asked, JsonServer

QUICK = {"backoff_factor": 0.001, "max_attempts": 3}
ROWS = [{"id": 1}, {"id": 2}]


def rows(server: JsonServer, retry: dict[str, Any] = QUICK, **endpoint: Any) -> list[Any]:
    document = {
        "client": {"base_url": server.base_url, "retry": retry, "paginator": "single_page"},
        "resources": [{"name": "report", "endpoint": {"path": "report", **endpoint}}],
    }
    return list(rest_api_source(document).report)


def accepted(body: Any = None, raw: bytes | None = None, retry_after: str | None = None) -> Answer:
    return Answer(body, 202, {"Retry-After": retry_after} if retry_after else {}, raw)


@pytest.mark.parametrize(
    ("early", "selector"),
    [
        (accepted({}), None),
        (accepted([]), None),
        (accepted(None), None),
        (accepted([{}]), None),
        (accepted(raw=b""), None),
        (accepted(raw=b" \n"), "rows"),
        (accepted({"status": "queued"}), None),
        (accepted({"status": "queued"}), "rows"),
        (accepted({"rows": []}), "rows"),
        (accepted({"rows": None}), "$.rows"),
        (accepted({"errors": [], "rows": []}), None),
        (accepted({}), "$"),
    ],
)
def test_without_rows_it_is_asked_again(
    server: JsonServer, early: Answer, selector: str | None
) -> None:
    server.answers(early, early, {"rows": ROWS, "errors": []} if selector != "$" else ROWS)
    given: dict[str, Any] = {} if selector is None else {"data_selector": selector}
    assert rows(server, **given) == ROWS
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("early", "endpoint"),
    [
        (accepted(ROWS), {}),
        (accepted({"rows": ROWS}), {"data_selector": "rows"}),
        (accepted(ROWS), {"method": "POST"}),
    ],
)
def test_with_rows_it_is_a_page_as_any(
    server: JsonServer, early: Answer, endpoint: dict[str, Any]
) -> None:
    server.answers(early, [])
    assert rows(server, **endpoint) == ROWS
    assert len(server.asked) == 1


def test_an_object_that_the_config_asks_for_is_a_row(server: JsonServer) -> None:
    server.answers(accepted({"id": 7, "status": "running"}))
    assert rows(server, data_selector="$") == [{"id": 7, "status": "running"}]


def test_in_the_middle_of_a_listing_nothing_is_skipped(server: JsonServer) -> None:
    late = iter([accepted({"rows": []})])

    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        if offset == 2 and (page := next(late, None)):
            return page
        return Answer({"rows": [{"id": each} for each in range(offset, min(offset + 2, 5))]})

    server.handler = answer
    paginator = {"type": "offset", "limit": 2, "total_path": None}
    found = rows(server, data_selector="rows", paginator=paginator)
    assert [row["id"] for row in found] == [0, 1, 2, 3, 4]


def test_where_it_never_comes_the_error_says_so(server: JsonServer) -> None:
    server.answers(accepted([]))
    with pytest.raises(Exception) as caught:  # noqa: PT011 - dlt wraps it
        rows(server)
    told = str(caught.value.__cause__)
    for phrase in (
        "resource `report`, GET http",
        "the server answers 202 Accepted without a row, as while it still computes them.",
        "raise `client.retry.max_attempts`",
        "`response_actions: [{status_code: 202, action: ignore}]`",
        "Asked 3 times (202, 202, 202)",
    ):
        assert phrase in told


def test_a_post_is_not_sent_again_unless_the_config_says_so(server: JsonServer) -> None:
    server.answers(accepted({}), accepted(raw=b""), ROWS)
    with pytest.raises(Exception, match="Asked again, a POST may begin the work anew"):
        rows(server, method="POST", json={"report": "sales"})
    assert len(server.asked) == 1
    again = [{"status_code": 202, "action": "retry"}]
    assert rows(server, method="POST", response_actions=again) == ROWS


def test_the_config_has_the_last_word(server: JsonServer) -> None:
    server.answers(accepted([]))
    assert rows(server, response_actions=[{"status_code": 202, "action": "ignore"}]) == []
    assert len(server.asked) == 1
    with pytest.raises(Exception, match="202 Accepted without a row"):
        rows(server, {**QUICK, "status_codes": [503]})
    assert len(server.asked) == 2


def test_it_waits_as_long_as_the_server_asks(server: JsonServer) -> None:
    server.answers(accepted([], retry_after="700"))
    with pytest.raises(Exception, match="The server asks to wait 700 s, which is more than"):
        rows(server)


def test_a_page_to_prove_that_one_is_human_is_an_error_at_once(server: JsonServer) -> None:
    server.answers(accepted(raw=b"<html>Are you a robot?</html>"))
    with pytest.raises(Exception, match="HTML or XML where JSON was due"):
        rows(server)
    assert len(server.asked) == 1
