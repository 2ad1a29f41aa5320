"""Decoders, pages, incrementals, windows, parents and deletes put together at random.

Each config loads what the server has, over three syncs, or is refused when it is read:

    HEADRACE_EXAMPLES=500 scripts/test --timeout 7200 tests/stories/composing
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from headrace import ConfigError, rest_api_source, sync
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

from .composed_api import ComposedApi, Row
from .composition import COMPOSITIONS, Composition

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "10"))
_NUMBERS = count()
IDS = st.lists(st.integers(1, 12), max_size=6, unique=True)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="HEADRACE_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    # A sync takes a third of a second, so that to find a smaller example would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    composition=COMPOSITIONS,
    first=IDS,
    changes=st.lists(st.tuples(IDS, IDS), min_size=2, max_size=2),
)
def test_the_table_is_right_or_the_config_is_refused(
    composition: Composition,
    first: list[int],
    changes: list[tuple[list[int], list[int]]],
    server: JsonServer,
    warehouse: Warehouse,
) -> None:
    api = ComposedApi(composition, server)
    name = f"any{next(_NUMBERS)}"
    if refusal := refused(composition.config(server.base_url)):
        assert composition.may_be_refused, refusal
        event("refused")
        return
    event("loaded")
    kept = Kept(composition)
    for written, deleted in [(first, []), *changes]:
        api.write(written)
        for number in deleted:
            api.rows.pop(number, None)
        kept.take(api.rows.values())
        sync(warehouse.pipeline(name), rest_api_source(composition.config(server.base_url)))
        assert api.faults == []
        assert loaded(warehouse, name, composition) == kept.rows(), composition


def refused(config: dict[str, Any]) -> str:
    """Why a config is refused when it is read; empty where it is not."""
    try:
        rest_api_source(config)
    except ConfigError as error:
        return str(error)
    return ""


class Kept:
    """What the table has to hold.

    Args:
        composition: The keys of the config.
    """

    def __init__(self, composition: Composition) -> None:
        self._composition = composition
        self._kept: dict[int, Row] = {}
        self._gone: set[int] = set()
        self._appended: list[Row] = []

    def take(self, rows: Iterable[Row]) -> None:
        """Notes that a sync finds these rows.

        Args:
            rows: All rows that the server has.
        """
        found = {row["id"]: row for row in rows}
        if self._composition.disposition == "append":
            asks = self._composition.asking
            new = [row for row in found.values() if asks is None or row not in self._appended]
            self._appended += new
            return
        self._gone = self._kept.keys() - found.keys()
        if self._composition.disposition == "replace" or self._composition.missing == "delete":
            self._kept = {}
        self._kept |= found

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows of the table: id, n, day, text, the name of the group, and if it is gone."""
        if self._composition.disposition == "append":
            return sorted(self._shown(row, is_gone=False) for row in self._appended)
        marks = self._composition.missing == "mark"
        return sorted(
            self._shown(row, is_gone=marks and number in self._gone)
            for number, row in self._kept.items()
        )

    def _shown(self, row: Row, *, is_gone: bool) -> tuple[Any, ...]:
        group = None if self._composition.parent is None else f"g{row['group']}"
        return (row["id"], row["n"], row["day"], row["text"], group, is_gone)


def loaded(warehouse: Warehouse, name: str, composition: Composition) -> list[tuple[Any, ...]]:
    """What the table holds, as `Kept.rows` has it."""
    if "rows" not in warehouse.tables(f"{name}_data"):
        return []
    group = "NULL" if composition.parent is None else "_groups_name"
    gone = "_headrace_gone IS NOT NULL" if composition.missing == "mark" else "false"
    query = f"SELECT id, n, day::TEXT, text, {group}, {gone} FROM {name}_data.rows ORDER BY ALL"
    return warehouse.query(query)
