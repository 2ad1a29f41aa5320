"""The sample API misbehaves as it is told to: at certain requests, or a share of them."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from headrace.cli.app import app
from headrace.simulator import FAULTS, BadFaults, Faults, Outcome, Simulator
from headrace.simulator.faults import FaultSequence
from tests.unit.simulator.asking import all_rows, ask, listing


def drawn(text: str, requests: int, seed: int = 1, *, are_pages: bool = True) -> list[str]:
    course = FaultSequence(Faults.parse(text, seed))
    faults = [course.next(is_page=are_pages) for _ in range(requests)]
    return ["" if fault is None else fault.name for fault in faults]


# What is written


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("html@3", ["", "", "html", ""]),
        ("503@2x2", ["", "503", "503", ""]),
        ("503@3+", ["", "", "503", "503"]),
        ("html@1, 503@2", ["html", "503", "", ""]),
        ("429-long @ 2 , html@1", ["html", "429-long", "", ""]),
        ("html@2, 503@1+", ["503", "html", "503", "503"]),
        ("reset:100%", ["reset"] * 4),
        ("reset:100%, html@2", ["reset", "html", "reset", "reset"]),
        ("503:0%", [""] * 4),
    ],
)
def test_faults_befall_the_requests_that_are_written(text: str, found: list[str]) -> None:
    assert drawn(text, 4) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"`` says no fault; write 503:5%, html@3, 503@3x4, 503@3\+ or 10%"),
        ("503", "`503` says no fault"),
        ("503:5", "`503:5` says no fault"),
        ("503@x", "`503@x` says no fault"),
        ("html@3,", "`` says no fault"),
        ("504:1%; 503:1%", "`504:1%; 503:1%` says no fault"),
        ("htlm@3", "there is no fault `htlm`; did you mean `html`"),
        ("banana:3%", "there is no fault `banana`; `list` shows all"),
        ("html@0", "`html@0`: requests are counted from 1"),
        ("html@3x0", "`html@3x0`: .* one at least"),
        ("503:60%, 41%", "the shares add up to 101%"),
    ],
)
def test_what_says_nothing_that_can_be_done_is_told(text: str, says: str) -> None:
    with pytest.raises(BadFaults, match=says):
        Faults.parse(text)


PARTS = st.sampled_from([*FAULTS, "@", ":", "%", "x", "+", ",", " ", "0", "3", "9" * 30, "é"])


@given(st.lists(PARTS, max_size=8).map("".join))
def test_any_text_is_read_or_told_of(text: str) -> None:
    with suppress(BadFaults):
        assert list(Faults.parse(text).all)


# Shares


def test_a_share_befalls_about_so_many_of_the_requests() -> None:
    names = Counter(drawn("503:5%, reset:20%", 10_000))
    assert 400 < names["503"] < 600
    assert 1_800 < names["reset"] < 2_200


def test_the_same_seed_draws_the_same_requests_and_another_others() -> None:
    assert drawn("10%", 300, seed=7) == drawn("10%", 300, seed=7)
    assert drawn("10%", 300, seed=7) != drawn("10%", 300, seed=8)


def test_a_place_takes_nothing_from_what_the_seed_says_of_others() -> None:
    with_place, without = drawn("10%, html@5", 300), drawn("10%", 300)
    assert with_place[4] == "html"
    assert with_place[:4] + with_place[5:] == without[:4] + without[5:]


def test_a_share_without_a_name_is_of_all_that_pass_soon() -> None:
    names = set(drawn("100%", 2_000))
    passing = {name for name, fault in FAULTS.items() if fault.outcome is Outcome.PASSES}
    assert names == passing - {"stall", "drip", "429-seconds", "429-date"}


def test_single_rows_are_not_counted_and_spared_what_makes_no_sense_for_them() -> None:
    assert drawn("html@1", 3, are_pages=False) == [""] * 3
    assert drawn("duplicate-keys:100%", 3, are_pages=False) == [""] * 3
    assert drawn("503:100%", 3, are_pages=False) == ["503"] * 3


# On the wire


def test_each_request_tells_which_fault_it_met() -> None:
    with Simulator(rows=30, faults=Faults.parse("503@2, 404@3x2")) as simulator:
        statuses = [ask(simulator, "/executions", limit=10).status for _ in range(5)]
        assert ask(simulator, "/executions/3").status == 200
        faults = [asked.fault for asked in simulator.requests]
    assert statuses == [200, 503, 404, 404, 200]
    assert faults == [None, "503", "404", "404", None, None]


def test_who_may_not_ask_meets_no_fault() -> None:
    with Simulator(rows=3, faults=Faults.parse("html:100%")) as simulator:
        connection = HTTPConnection(urlsplit(simulator.base_url).netloc)
        connection.request("GET", "/api/v1/executions", headers={"X-API-KEY": "wrong"})
        assert connection.getresponse().status == 401
        connection.close()


def test_the_simulator_answers_well_between_its_faults() -> None:
    harmless = "bom@1, empty-page@2, duplicate-keys@4"
    with Simulator(rows=35, faults=Faults.parse(harmless)) as simulator:
        connection = HTTPConnection(urlsplit(simulator.base_url).netloc)
        connection.request("GET", "/api/v1/executions", headers={"X-API-KEY": simulator.api_key})
        assert connection.getresponse().read().startswith(b"\xef\xbb\xbf{")
        connection.close()
        assert [len(page) for page in listing(simulator, "/executions", limit=10)] == [
            *(0, 10, 10, 10, 5)
        ]
        rows = all_rows(simulator, "/executions")
        assert rows == list(simulator.truth())


@pytest.mark.parametrize("name", ["close", "reset", "short"])
def test_a_broken_connection_breaks_off(name: str) -> None:
    with Simulator(rows=30, faults=Faults.parse(f"{name}@1")) as simulator:
        with pytest.raises((HTTPException, ConnectionError)):
            ask(simulator, "/executions")
        assert ask(simulator, "/executions").status == 200


def test_a_loop_leads_round_and_round() -> None:
    with Simulator(rows=3, faults=Faults.parse("redirect-loop@1")) as simulator:
        first = _answer(simulator, "executions")
        assert first.status == 307
        place = first.headers["Location"]
        again = _answer(simulator, place)
        assert (again.status, again.headers["Location"]) == (307, f"/api/v1/{place}")


def _answer(simulator: Simulator, path: str) -> HTTPResponse:
    connection = HTTPConnection(urlsplit(simulator.base_url).netloc)
    headers = {"X-API-KEY": simulator.api_key}
    connection.request("GET", f"/api/v1/{path}", headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_a_fault_that_needs_tls_is_refused_without() -> None:
    with pytest.raises(BadFaults, match="`redirect-downgrade` needs a server with TLS"):
        Simulator(faults=Faults.parse("redirect-downgrade:1%"))


# On the command line


def test_the_command_line_lists_all_faults() -> None:
    ran = CliRunner().invoke(app, ["simulate", "--faults", "list"])
    assert ran.exit_code == 0
    listed = [line.split()[0] for line in ran.output.splitlines() if line.startswith("  ")]
    assert sorted(listed) == sorted(FAULTS)
    for fault in FAULTS.values():
        assert fault.does in ran.output


@pytest.mark.parametrize(
    ("text", "says"),
    [("htlm@3", "did you mean `html`"), ("redirect-downgrade@1", "needs a server")],
)
def test_the_command_line_tells_of_faults_that_cannot_be(text: str, says: str) -> None:
    ran = CliRunner().invoke(app, ["simulate", "--port", "0", "--faults", text])
    assert ran.exit_code == 2
    assert "--faults" in ran.output
    assert says in ran.output
