"""How executions went, told in plain Python: what the views must say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

KNOWN = ("success", "error", "crashed", "canceled", "waiting", "running", "new")
ENDED = ("success", "error", "crashed", "canceled")
FAILED = ("error", "crashed")
LATEST = datetime.max.replace(tzinfo=UTC)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ExpectedOutcome:
    """What the view says of one execution."""

    outcome: str
    duration: float | None
    root: int | None
    attempt: int
    attempts: int
    chain_outcome: str
    retried: bool
    saved: bool


def outcome_of(row: Row) -> str:
    status = (row.get("status") or "").lower()
    if status in KNOWN:
        return status
    if row["finished"]:
        return "success"
    if row.get("waitTill"):
        return "waiting"
    return "error" if row["stoppedAt"] else "running"


def mark_of(row: Row) -> int | None:
    """The retry that ended with success; one that names itself means nothing."""
    mark: int | None = row.get("retrySuccessId")
    return None if mark == row["id"] else mark


def duration_of(row: Row) -> float | None:
    if outcome_of(row) not in ENDED or None in (row["startedAt"], row["stoppedAt"]):
        return None
    return (moment(row["stoppedAt"]) - moment(row["startedAt"])).total_seconds()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def day_of(row: Row) -> date | None:
    """The day in UTC; None of an execution that waits in a queue."""
    told = row["startedAt"] or row["stoppedAt"]
    return None if told is None else moment(told).astimezone(UTC).date()


def _start_of(row: Row) -> tuple[bool, datetime]:
    """What orders executions by their start, those that have not started last."""
    text = row["startedAt"]
    return (text is None, LATEST if text is None else moment(text))


def expected_outcomes(rows: Sequence[Row]) -> dict[int, ExpectedOutcome]:
    """What the view must say of each execution, by id."""
    by_key = {str(row["id"]): row for row in rows}
    older = _older(rows)
    chains: dict[str, list[Row]] = defaultdict(list)
    for key, row in by_key.items():
        chains[_root(key, older)].append(row)
    found: dict[int, ExpectedOutcome] = {}
    for root, members in chains.items():
        found.update(_outcomes_of_chain(root, members, is_there=root in by_key))
    return found


def _older(rows: Sequence[Row]) -> dict[str, str]:
    """Which execution each one retries."""
    older: dict[str, str] = {}

    def link(new: object, old: object) -> None:
        child, parent = str(new), str(old)
        if child != parent:
            older[child] = min(parent, older.get(child, parent))

    for row in rows:
        if row.get("retryOf") is not None:
            link(row["id"], row["retryOf"])
        if row.get("retrySuccessId") is not None:
            link(row["retrySuccessId"], row["id"])
    return older


def _root(key: str, older: Mapping[str, str]) -> str:
    """The first of a chain; the execution itself where the chain bites its own tail."""
    seen, place = {key}, key
    while place in older:
        place = older[place]
        if place in seen:
            return key
        seen.add(place)
    return place


def _outcomes_of_chain(
    root: str, members: Sequence[Row], *, is_there: bool
) -> Iterator[tuple[int, ExpectedOutcome]]:
    order = sorted(members, key=lambda row: (str(row["id"]) != root, _start_of(row), row["id"]))
    succeeds = any(outcome_of(row) == "success" or mark_of(row) is not None for row in members)
    last = outcome_of(order[-1])
    first = 1 if is_there else 2
    attempts = first + len(order) - 1
    for attempt, row in enumerate(order, start=first):
        outcome = outcome_of(row)
        chain_outcome = "success" if succeeds else last
        yield (
            row["id"],
            ExpectedOutcome(
                outcome=outcome,
                duration=duration_of(row),
                root=int(root) if root.isdigit() else None,
                attempt=attempt,
                attempts=attempts,
                chain_outcome=chain_outcome,
                retried=attempt == 1 and (attempts > 1 or mark_of(row) is not None),
                saved=attempt == 1 and outcome != "success" and chain_outcome == "success",
            ),
        )


@dataclass(frozen=True)
class Daily:
    """What the other view says of a day and a workflow."""

    runs: int
    ended: int
    failures: int
    p50: float | None
    p95: float | None
    retried: int
    saved: int


def daily(rows: Sequence[Row]) -> dict[tuple[date, str | None], Daily]:
    """What the other view must say, by day and workflow."""
    outcomes = expected_outcomes(rows)
    groups: dict[tuple[date, str | None], list[ExpectedOutcome]] = defaultdict(list)
    for row in rows:
        if (day := day_of(row)) is not None:
            groups[day, row["workflowId"]].append(outcomes[row["id"]])
    return {
        key: Daily(
            runs=len(group),
            ended=sum(each.outcome in ENDED for each in group),
            failures=sum(each.outcome in FAILED for each in group),
            p50=quantile([each.duration for each in group], 0.5),
            p95=quantile([each.duration for each in group], 0.95),
            retried=sum(each.retried for each in group),
            saved=sum(each.saved for each in group),
        )
        for key, group in groups.items()
    }


def quantile(values: Sequence[float | None], part: float) -> float | None:
    """Between two neighbours by how near it is to each; of none, None."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    place = part * (len(known) - 1)
    low = int(place)
    high = min(low + 1, len(known) - 1)
    return known[low] + (known[high] - known[low]) * (place - low)
