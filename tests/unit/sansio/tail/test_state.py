"""Ledgers that any version has saved can be read, and what is left of those that are broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.core.exceptions import StateError
from headrace.sansio.tail.ledger import Ledger
from headrace.sansio.tail.state import from_state, to_state
from headrace.sansio.tail.upgrades import VERSION
from tests.unit.sansio.tail.full_ledgers import SAVED, full_ledgers

FULL = full_ledgers()
KINDS = sorted(FULL)


def saved(name: str, kind: str) -> Any:
    return json.loads((SAVED / f"{name}.json").read_text())[kind]


def forget_hidden_rows(ledger: Ledger) -> None:
    """Before version 3 nothing was known of a listing of hidden rows."""
    ledger.answered, ledger.vain, ledger.heeded, ledger.unheeded = set(), 0, None, {}
    ledger.looked = None
    assert ledger.sync is not None
    ledger.sync.top_asked = None
    ledger.sync.own_walk = ledger.sync.hidden_asked = None
    ledger.sync.knows_hidden = False


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [each.stem for each in SAVED.iterdir()])
def test_a_ledger_of_each_version_is_read(name: str, kind: str) -> None:
    expected = full_ledgers()[kind]
    if name == "1-at-first":
        expected.first_change = None
    if name.partition("-")[0] in ("1", "2"):
        forget_hidden_rows(expected)
    if name.partition("-")[0] in ("1", "2", "3"):
        # Lanes came with version 4.
        expected.split = None

    read = from_state(saved(name, kind))

    assert read.fault is None
    assert read.ledger == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_ledger_is_written_in_the_form_of_its_version(kind: str) -> None:
    """CONTRIBUTING.md says what to do where this fails."""
    written = json.loads(json.dumps(to_state(full_ledgers()[kind])))

    assert written == saved(str(VERSION), kind)


def test_nothing_is_an_empty_ledger() -> None:
    assert from_state(None).ledger == Ledger()


def test_a_later_version_is_named_beside_this_one() -> None:
    with pytest.raises(StateError) as failure:
        from_state({**saved(str(VERSION), "integer"), "version": VERSION + 1})

    assert f"in the format {VERSION + 1}, but this headrace reads formats up to {VERSION}" in str(
        failure.value
    )
    assert "--list-anew" in str(failure.value)


@pytest.mark.parametrize(
    "broken",
    [{"spans": None}, {"spans": [[1]]}, {"version": 0}, {"version": "2"}, {"version": None}],
)
def test_of_a_broken_ledger_it_is_known_which_rows_to_follow(broken: dict[str, Any]) -> None:
    whole = full_ledgers()["integer"]

    read = from_state({**to_state(whole), **broken})

    assert read.fault is not None
    assert (read.ledger.open, read.ledger.hidden) == (whole.open, whole.hidden)
    assert read.ledger.coverage.floor == whole.coverage.floor
    assert not read.ledger.coverage.spans


@pytest.mark.parametrize("broken", [{"kind": None}, {"kind": "odd"}, {"open": 7}, {"open": "?"}])
def test_of_a_ledger_that_is_broken_there_too_nothing_is_left(broken: dict[str, Any]) -> None:
    state = {**to_state(full_ledgers()["integer"]), "spans": None, **broken}

    assert from_state(state).ledger == Ledger()


@pytest.mark.parametrize("state", [[], {}, "text", 7, {"version": 2}, {"version": True}])
def test_what_is_no_ledger_is_read_as_an_empty_one(state: Any) -> None:
    read = from_state(state)

    assert read.fault is not None
    assert read.ledger == Ledger()


def test_a_listing_read_anew_is_known_by_its_open_rows_alone() -> None:
    whole = full_ledgers()["integer"]

    anew = whole.anew(keeps_bound=True)

    assert (anew.open, anew.missing, anew.touched) == (whole.open, whole.missing, whole.touched)
    assert (anew.coverage.spans, anew.newest, anew.sync) == ([], [], None)
    assert anew.coverage.floor == whole.coverage.floor
    assert whole.anew(keeps_bound=False).coverage.floor is None
