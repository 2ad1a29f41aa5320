"""Asks the database what the nodes of the executions did: which fail, with what, and how slow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from headrace.core.exceptions import SyncError
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.sql import DatasetConnection
from headrace.destination.views import node_runs_sql
from headrace.reports.html import statements
from headrace.reports.html.figures import ErrorGroup, ExecutionFigures, NodeFigures, NodesFigures
from headrace.reports.html.messages import READ_CHARACTERS, example, normal_form

MOST_MESSAGES = 20_000
"""Of how many different messages of nodes the normal form is worked out, the most frequent ones."""

_ERRORS_SHOWN, _ERRORS_SHOWN_IN_ALL = 6, 8


def add_nodes(
    database: DatasetConnection, node_runs: str, figures: Mapping[int | None, ExecutionFigures]
) -> None:
    """Adds to the figures of executions what their nodes did, where that is loaded.

    Args:
        database: The connection to the dataset, with the temporary tables of `statements` in it.
        node_runs: The name of the table with the runs of the nodes.
        figures: The figures of each place on the page; under None, of all workflows together.
    """
    table = database.table(node_runs)
    if table is None:
        return
    try:
        query = node_runs_sql(database, table)
    except SyncError:
        # A table of something else that goes by that name.
        return
    counted = database.execute(statements.nodes_sql(query))
    if not counted:
        return
    for each in figures.values():
        each.nodes = NodesFigures()
    found = {place: each.nodes for place, each in figures.items() if each.nodes is not None}
    _add_counted(found, counted)
    database.execute(statements.failures_sql(query, READ_CHARACTERS))
    named: Counter[int | None] = Counter()
    for place, failures, executions in database.execute(statements.failed_sql()):
        for key in (place, None):
            found[key].failures += int(failures)
            named[key] += int(executions)
    for key, nodes in found.items():
        nodes.unnamed = figures[key].now.failed - named[key]
    _add_errors(found, database.execute(statements.messages_sql(MOST_MESSAGES)))


def _add_counted(
    found: Mapping[int | None, NodesFigures], counted: Iterable[tuple[Any, ...]]
) -> None:
    slow: dict[int | None, list[tuple[int, NodeFigures]]] = {place: [] for place in found}
    for row in counted:
        node = _node(row[:9])
        failing_of_place, failing_of_all, slow_of_place, slow_of_all, *in_each = row[9:]
        failing_in_place, failing_in_all, timed_in_place, timed_in_all = map(int, in_each)
        own, all_nodes = found[node.place], found[None]
        own.failing_count, own.slow_count = failing_in_place, timed_in_place
        all_nodes.failing_count, all_nodes.slow_count = failing_in_all, timed_in_all
        if node.failures and failing_of_place <= statements.NODES_SHOWN:
            own.failing.append(node)
        if node.failures and failing_of_all <= statements.NODES_SHOWN_IN_ALL:
            all_nodes.failing.append(node)
        if node.timed and slow_of_place <= statements.NODES_SHOWN:
            slow[node.place].append((slow_of_place, node))
        if node.timed and slow_of_all <= statements.NODES_SHOWN_IN_ALL:
            slow[None].append((slow_of_all, node))
    for place, nodes in slow.items():
        found[place].slow = [node for _, node in sorted(nodes, key=lambda each: each[0])]


def _node(values: Iterable[Any]) -> NodeFigures:
    node, place, workflow, runs, failures, last_failed, timed, p50, p95 = values
    took = [None if each is None else float(each) for each in (p50, p95)]
    return NodeFigures(
        node, place, workflow or "", int(runs), int(failures), last_failed, int(timed), *took
    )


@dataclass(slots=True)
class _Group:
    """The errors of one name and form, while they are counted."""

    message: str
    times: int = 0
    last: datetime | None = None
    nodes: Counter[tuple[int, str, str]] = field(default_factory=Counter)

    def add(self, node: tuple[int, str, str], times: int, last: datetime | None) -> None:
        self.times += times
        self.nodes[node] += times
        if last is not None:
            self.last = max(last, self.last or last)


def _add_errors(
    found: Mapping[int | None, NodesFigures], messages: Iterable[tuple[Any, ...]]
) -> None:
    groups: dict[int | None, dict[tuple[str, str], _Group]] = {place: {} for place in found}
    read: Counter[int | None] = Counter()
    for place, workflow, node, name, message, times, last in messages:
        kind = (name, normal_form(message or ""))
        for key in (place, None):
            group = groups[key].setdefault(kind, _Group(message or ""))
            group.add((place, workflow, node), int(times), last)
            read[key] += int(times)
    for key, nodes in found.items():
        most = _ERRORS_SHOWN_IN_ALL if key is None else _ERRORS_SHOWN
        nodes.errors = list(_most_frequent(groups[key], most))
        nodes.error_count = len(groups[key])
        nodes.unread = nodes.failures - read[key]


def _most_frequent(groups: Mapping[tuple[str, str], _Group], most: int) -> Iterator[ErrorGroup]:
    ordered = sorted(groups.items(), key=lambda each: (-each[1].times, each[0]))
    for (name, form), group in ordered[:most]:
        ((place, _, node), _), *_ = sorted(
            group.nodes.items(), key=lambda each: (-each[1], each[0])
        )
        yield ErrorGroup(
            example(name),
            form,
            example(group.message),
            group.times,
            group.last,
            node,
            place,
            len(group.nodes) - 1,
        )
