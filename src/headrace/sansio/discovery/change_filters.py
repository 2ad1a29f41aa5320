"""The query parameter by which an API leaves out what has not changed since some time.

A filter that leaves out more than it should loses changes, and nobody sees it. So one is taken only
where an answer has all known rows of that time and later, and none of before.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import pairwise
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.core.value_order import Placed, compare, placed
from headrace.sansio.discovery.changes import made_at, time_at, value_at
from headrace.sansio.discovery.field_names import words_of
from headrace.sansio.discovery.seen_again import Row, content_of, count_of

# {} is the name of the field, as it is.
_BY_FIELD = (
    *("{}_since", "{}_after", "{}_gte", "{}__gte", "{}[gte]", "filter[{}][gte]", "min_{}"),
    *("{}_min", "{}_from", "{}Since", "{}After", "{}From", "{}__gt", "{}_gt", "{}[gt]"),
    *("{}_start", "filter[{}][_gte]", "filters[{}][$gte]", "{}:gte", "{}.gte", "gt_{}"),
    *("filter[{}][gt]", "{}[after]", "{}_ge"),
)
_USUAL = (
    *("updated_since", "updated_after", "modified_since", "since", "updatedSince", "updatedAfter"),
    *("modifiedSince", "modified_after", "modifiedAfter", "changed_since", "changedSince"),
    *("last_modified_since", "last_updated_after", "min_last_updated", "updatedMin", "_since"),
    *("updated_from", "updated_min"),
)
_NEUTRAL = frozenset(["since", "min", "max", "from", "after", "start", "begin"])
_ENDINGS = ("_at", "_on", "At", "On", "_date", "Date", "_time", "Time")


@dataclass(frozen=True, slots=True)
class FilterTry:
    """A query parameter that may filter by the time of change.

    Args:
        param: Its name.
        value: The time to ask for, as a row has it.
    """

    param: str
    value: Any


@dataclass(frozen=True, slots=True)
class FilterFinding:
    """What the answer to a request with a filter shows.

    Args:
        works: Whether it is the filter that is looked for.
        is_inclusive: Whether it keeps the rows of the very time that was asked for; None where that
            is not known.
        evidence: What was seen, as half a line.
        has_effect: Whether the answer is another one than without the parameters.
    """

    works: bool
    is_inclusive: bool | None
    evidence: str
    has_effect: bool


def filter_tries(rows: Sequence[Row], field: str) -> list[FilterTry]:
    """The query parameters that may filter by the time of change, the likeliest first.

    Args:
        rows: The rows of page one, as they come without a filter.
        field: The path of the field that says when a row has changed.
    """
    path = field.split(".")
    value = _telling_value(rows, path)
    if value is None:
        return []
    name = path[-1]
    bare = next((name.removesuffix(end) for end in _ENDINGS if name.endswith(end)), name)
    stems = list(dict.fromkeys([bare, name]))
    by_field = [form.format(stem) for form in _BY_FIELD for stem in stems]
    nested = [form.format(field) for form in _BY_FIELD[:6]] if len(path) > 1 else []
    names = dict.fromkeys([*by_field[:8], *_USUAL[:6], *by_field[8:], *_USUAL, *nested])
    return [FilterTry(each, value) for each in names]


def _telling_value(rows: Sequence[Row], path: Sequence[str]) -> Any:
    """A time of a row with older and newer ones beside it.

    One that lies between the making and the changing of many rows tells a filter by the time of
    change from one by that of making.
    """
    made = made_at(rows)
    times = [(time, value_at(row, path)) for row in rows if (time := time_at(row, path))]
    if len({time.kind for time, _ in times}) > 1:
        return None
    values: list[Any] = []
    for _, value in sorted(times, key=lambda each: each[0].key):
        if not values or value != values[-1]:
            values.append(value)
    inner = values[1:-1] or values[1:]
    if not inner:
        return None
    middle = len(inner) // 2
    order = sorted(range(len(inner)), key=lambda place: abs(place - middle))
    if made is None:
        return inner[order[0]]
    telling = {place: len(_changed_since(rows, made, path, inner[place])) for place in order[:15]}
    best = max(telling.values())
    # In the middle where that tells enough.
    return next(inner[place] for place in order if telling.get(place, 0) * 2 >= best)


def _changed_since(
    rows: Sequence[Row], made: Sequence[str], path: Sequence[str], value: Any
) -> list[Row]:
    """The rows that were made before a time, and have changed after it."""
    return [row for row in rows if _side(row, path, value) == 1 and _side(row, made, value) == -1]


def _side(row: Row, path: Sequence[str], value: Any) -> int | None:
    """Whether the time of a row is before another (-1), the same (0) or behind it (1)."""
    time, asked = time_at(row, path), placed(value)
    found = compare(time, asked) if time is not None and asked is not None else None
    return None if found is None else (found > 0) - (found < 0)


def combined(tries: Sequence[FilterTry]) -> dict[str, Any]:
    """The query parameters of some tries, to be sent in one request.

    Args:
        tries: The tries.
    """
    return {each.param: each.value for each in tries}


def search_filter(
    tries: Sequence[FilterTry],
) -> Generator[Sequence[FilterTry], FilterFinding, tuple[FilterTry, FilterFinding] | None]:
    """Searches the filter that works, by requests with many tries at once.

    Args:
        tries: The tries, the likeliest first.

    Yields:
        The tries whose parameters go into the next request; is sent what its answer shows. A
        request that the API refuses has no effect.

    Returns:
        The try that works, and what its own answer showed; None where none does.
    """
    if not tries:
        return None
    finding = yield tries
    return (yield from _search_among(tries, finding)) if finding.has_effect else None


def _search_among(
    tries: Sequence[FilterTry], finding: FilterFinding | None
) -> Generator[Sequence[FilterTry], FilterFinding, tuple[FilterTry, FilterFinding] | None]:
    """Searches among tries of which one has an effect.

    Args:
        tries: The tries.
        finding: What they have shown; None where that follows from others.
    """
    if len(tries) == 1:
        own = finding if finding is not None else (yield tries)
        return (tries[0], own) if own.works else None
    half = len(tries) // 2
    first = yield tries[:half]
    if first.has_effect:
        found = yield from _search_among(tries[:half], first)
        if found is not None:
            return found
        second = yield tries[half:]
        return (yield from _search_among(tries[half:], second)) if second.has_effect else None
    return (yield from _search_among(tries[half:], None))


def judge_filter(
    known_rows: Sequence[Row],
    answer_rows: Sequence[Row],
    field: str,
    value: Any,
    *,
    key: Sequence[str] = (),
    is_cut: bool = False,
    params: Sequence[str] = (),
) -> FilterFinding:
    """Judges what the answer to a request with a filter shows.

    Args:
        known_rows: The rows of page one without the filter.
        answer_rows: The rows of page one with it.
        field: The path of the field that says when a row has changed.
        value: The time that was asked for.
        key: The fields that tell rows apart; without them rows are compared as a whole.
        is_cut: Whether the answer has further pages, or may have.
        params: The parameters that were sent. One that is not named after a change, as `since`, may
            filter by the time of making.
    """
    path = field.split(".")
    known, came = _by_identity(known_rows, key), _by_identity(answer_rows, key)
    has_effect = list(known) != list(came)
    why_not = _why_not(known_rows, answer_rows, path, value, has_effect=has_effect)
    missing = [row for name, row in known.items() if name not in came]
    later = [row for row in missing if _side(row, path, value) == 1]
    equal = [row for row in known_rows if _side(row, path, value) == 0]
    if why_not is None and later and not (is_cut and _are_behind(answer_rows, later, path)):
        why_not = f"{count_of(len(later))} that changed later did not come"
    if why_not is None and all(map(_is_neutral, params)):
        both = [row for row in known_rows if _identity(row, key) in came]
        why_not = _why_of_making(known_rows, both, path, value)
    if why_not is not None:
        return FilterFinding(False, None, why_not, has_effect)
    gone = len([row for row in missing if _side(row, path, value) == -1])
    kept = [row for row in equal if _identity(row, key) in came]
    lost = [row for row in equal if _identity(row, key) not in came]
    is_inclusive = bool(kept) if not (kept and lost) and not (lost and is_cut) else None
    told = {
        True: ", rows of that very time came",
        False: ", rows of that very time did not come",
        None: "",
    }
    came_now, left_out = count_of(len(answer_rows)), count_of(gone)
    evidence = f"{came_now}, none that changed before; {left_out} of before are gone"
    evidence += told[is_inclusive]
    return FilterFinding(True, is_inclusive, evidence, has_effect)


def _why_not(
    known: Sequence[Row],
    answer: Sequence[Row],
    path: Sequence[str],
    value: Any,
    *,
    has_effect: bool,
) -> str | None:
    if not has_effect:
        return "the same rows came as without it"
    if not answer:
        return "no rows came"
    sides = [_side(row, path, value) for row in answer]
    if None in sides:
        return f"{count_of(sides.count(None))} came without a time in `{'.'.join(path)}`"
    before = sides.count(-1)
    if before:
        return f"{count_of(before)} that changed before came"
    if not any(_side(row, path, value) == -1 for row in known):
        return "no known row changed before, so none could be left out"
    return None


def _why_of_making(
    known: Sequence[Row], came: Sequence[Row], path: Sequence[str], value: Any
) -> str | None:
    """Why a filter may be one by the time of making; None where a row that came shows it is not."""
    made = made_at(known)
    if made is not None and _changed_since(came, made, path, value):
        return None
    return "it may filter by when rows were made: no known row tells the two apart"


def _is_neutral(param: str) -> bool:
    return set(words_of(param)) <= _NEUTRAL


def _are_behind(answer: Sequence[Row], missing: Sequence[Row], path: Sequence[str]) -> bool:
    """Whether rows have their place behind the end of an answer, in its own order."""
    times = [time_at(row, path) for row in answer]
    known = [time for time in times if time is not None]
    signs = {compare(one, other) for one, other in pairwise(known)} - {0, None}
    if len(known) < len(times) or len(signs) > 1:
        return False
    goes_down = signs == {1}
    last = known[-1]
    return bool(signs) and all(
        _is_at_or_behind(time_at(row, path), last, goes_down=goes_down) for row in missing
    )


def _is_at_or_behind(time: Placed | None, last: Placed, *, goes_down: bool) -> bool:
    found = None if time is None else compare(time, last)
    if found is None:
        return False
    return found <= 0 if goes_down else found >= 0


def _by_identity(rows: Sequence[Row], key: Sequence[str]) -> dict[str, Row]:
    return {_identity(row, key): row for row in rows}


def _identity(row: Row, key: Sequence[str]) -> str:
    return content_of({field: row.get(field) for field in key} if key else row)
