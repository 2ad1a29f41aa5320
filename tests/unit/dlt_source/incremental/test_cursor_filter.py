"""A filter that shows dlt's step a part of the rows decides as the step does on whole pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dlt
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import PageError
from headrace.dlt_source.incremental.cursor_filter import CursorFilter
from headrace.dlt_source.incremental.dlt_step import StateElsewhere
from tests.unit.core.test_value_order import number_of, written_instants

NUMBERS = st.integers(1, 4)
KINDS: list[st.SearchStrategy[Any]] = [NUMBERS, NUMBERS.map(str), NUMBERS.map(float)]
# Cursor values of rows that have none, or one that cannot be compared with the others.
ODD = st.none() | st.just("absent") | st.booleans()


@st.composite
def listings(draw: st.DrawFn) -> tuple[dict[str, Any], list[list[list[dict[str, Any]]]]]:
    """The settings of an incremental, and the pages of one or two loads, one after the other."""
    kind = draw(st.sampled_from(KINDS))
    chosen = {
        "cursor_path": draw(st.sampled_from(["at", "$.at", "in.at"])),
        "initial_value": draw(kind | kind | st.none()),
        "last_value_func": draw(st.sampled_from([max, min])),
        "primary_key": draw(st.sampled_from([None, "id", (), ("id", "v")])),
        "row_order": draw(st.sampled_from([None, "asc", "desc"])),
        "on_cursor_value_missing": draw(st.sampled_from(["include", "exclude", "raise"])),
        "range_start": draw(st.sampled_from(["open", "closed"])),
        "range_end": draw(st.sampled_from(["open", "closed"])),
        "lag": draw(st.sampled_from([None, 1])) if kind is not KINDS[1] else None,
    }
    if chosen["initial_value"] is not None:
        chosen["end_value"] = draw(st.none() | kind)
    cursors = st.one_of(*[kind] * 5, ODD) if draw(st.booleans()) else kind
    rows = st.builds(made_row, cursors, NUMBERS, st.integers(0, 1))
    pages = st.lists(rows, min_size=1, max_size=5)
    return chosen, draw(st.lists(st.lists(pages, min_size=1, max_size=3), min_size=1, max_size=2))


def made_row(cursor: Any, key: int, v: int) -> dict[str, Any]:
    row: dict[str, Any] = {"id": key, "v": v}
    return row if cursor == "absent" else {**row, "at": cursor, "in": {"at": cursor}}


class Pipe:
    """The part of a dlt pipe that an incremental uses."""

    name = "items"
    has_parent = False
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


def alike(chosen: dict[str, Any], state: Any) -> StateElsewhere:
    made = StateElsewhere.like(dlt.sources.incremental(**chosen), state)
    made.resource_name = "items"
    return made


def outcome(step: Callable[[Any], Any], page: list[Any]) -> Any:
    """What a step lets through of a page, or the error that it raises."""
    try:
        return step(page) or []
    except Exception as error:
        return type(error)


@given(listings())
def test_rows_pass_as_in_dlts_step_on_whole_pages(
    listing: tuple[dict[str, Any], list[list[list[dict[str, Any]]]]],
) -> None:
    chosen, loads = listing
    our_state: Any = None
    their_state: Any = None
    for pages in loads:
        ours, theirs, pipe = alike(chosen, our_state), alike(chosen, their_state), Pipe()
        cursor_filter = CursorFilter(ours, has_parent=False)
        theirs.bind(pipe)  # type: ignore[arg-type]
        for page in pages:
            raw = [msgspec.Raw(msgspec.json.encode(row)) for row in page]
            expected = outcome(theirs, list(page))
            found = outcome(cursor_filter.rows, raw)
            if isinstance(expected, type):
                # What cannot be compared is told in words of ours.
                assert found in (expected, PageError)
                return
            assert [msgspec.json.decode(row) for row in found] == expected
            assert cursor_filter.is_over == pipe.is_closed
            assert compared(ours.kept) == compared(theirs.kept)
        our_state, their_state = ours.kept, theirs.kept


def compared(state: Any) -> dict[str, Any]:
    return {**state, "unique_hashes": sorted(state["unique_hashes"])}


NUMBERS_AS_TEXT = st.builds(lambda number: ((number, ""), str(number)), st.integers(-1, 120))


@given(
    st.sampled_from([written_instants(), NUMBERS_AS_TEXT]).flatmap(
        lambda values: st.lists(
            st.lists(st.lists(values, min_size=1, max_size=5), max_size=3), min_size=1, max_size=3
        )
    ),
    st.sampled_from([max, min]),
    st.sampled_from(["open", "closed"]),
    st.booleans(),
)
def test_no_row_is_left_out_that_is_newer_by_what_its_value_says(
    loads: list[list[list[tuple[tuple[int, str], str]]]],
    choose: Callable[..., Any],
    range_start: str,
    shows_all: bool,
) -> None:
    state: Any = None
    start: Any = None
    known: set[int] = set()
    chosen = {"cursor_path": "at", "last_value_func": choose, "range_start": range_start}
    for pages in loads:
        ours = alike(chosen, state)
        cursor_filter = CursorFilter(ours, has_parent=False)
        last, at_last = start, set(known)
        for page in pages:
            rows = [{"id": at, "at": text} for at, (_, text) in enumerate(page)]
            raw = [msgspec.Raw(msgspec.json.encode(row)) for row in rows]
            passed = (ours(rows) or []) if shows_all else map(decoded, cursor_filter.rows(raw))
            ids = [row["id"] for row in passed]
            places = [number_of(instant) for instant, _ in page]
            expected = [
                at
                for at, place in enumerate(places)
                if start is None
                or choose(place, start) != start
                or (place == start and range_start == "closed" and digest(rows[at]) not in known)
            ]
            assert ids == expected
            for at in expected:
                if last is None or choose(places[at], last) != last:
                    last, at_last = places[at], set()
                if places[at] == last:
                    at_last.add(digest(rows[at]))
        state = ours.kept
        start, known = last, at_last
        if start is None:
            assert state["last_value"] is None
        else:
            found = {
                text
                for load in loads
                for page in load
                for each, text in page
                if number_of(each) == start
            }
            assert state["last_value"] in found, "the text that the API gave"


def decoded(row: msgspec.Raw) -> Any:
    return msgspec.json.decode(row)


def digest(row: dict[str, Any]) -> int:
    return hash(tuple(row.items()))
