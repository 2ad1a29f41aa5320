"""Whatever JSON a server's rows are made of: each row is in the table or in quarantine.

No row stops a sync for good: each one ends, leaves nothing behind that is yet to be loaded, and the
next one does too. More of them than a run of all tests has time for:

    HEADRACE_EXAMPLES=2000 scripts/test --timeout 7200 tests/stories/loading/test_any_rows.py
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headrace import sync
from headrace.config import SourceConfig, parse_config
from headrace.dlt_source.source import build_source
from tests.support.any_json import MEMBERS
from tests.support.kept_databases import release_databases
from tests.support.postgres import PostgresDatabase, PostgresServer, fresh_database
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Row, Warehouse

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "25"))
# So many histories go through one pipeline, each in a table of its own.
BATCH = 25
DECLARED: list[dict[str, Any]] = [
    {},
    {},
    {},
    {"a": {"data_type": "timestamp"}, "at": {"data_type": "date"}, "t": {"data_type": "time"}},
    {"n": {"data_type": "bigint"}, "d": {"data_type": "decimal"}, "b": {"data_type": "bool"}},
    {"a": {"data_type": "json"}, "n": {"data_type": "double"}, "b": {"data_type": "text"}},
    {"n": {"data_type": "wei"}, "d": {"data_type": "decimal", "precision": 10, "scale": 2}},
]
YES = ("true", "t", "yes", "y", "on", "1", "1.0")
# Fields whose column is of the same name.
SIMPLE = ("a", "b", "n", "at", "d", "t", "l", "value", "list", "select")

Destination = Warehouse | PostgresDatabase


@dataclass(frozen=True)
class History:
    """What an API lists at a first sync and at a second one: pages of rows, by their members."""

    columns: dict[str, Any]
    first: list[list[list[tuple[str, str]]]]
    # A row without members stays as it was.
    second: list[list[list[tuple[str, str]]]]

    def pages(self, turn: int) -> list[dict[int, str]]:
        """The JSON of the rows by key, page by page, at the first sync or the second."""
        before = _numbered(self.first)
        if turn == 1:
            return before
        old = {key: row for page in before for key, row in page.items()}
        return [
            {
                key: old.get(key, row) if row == f'{{"id": {key}}}' else row
                for key, row in page.items()
            }
            for page in _numbered(self.second)
        ]

    def rows(self, turn: int) -> dict[int, str]:
        """The JSON of all rows by key."""
        return {key: row for page in self.pages(turn) for key, row in page.items()}


HISTORY = st.builds(
    History,
    st.sampled_from(DECLARED),
    st.lists(st.lists(MEMBERS, max_size=6), min_size=1, max_size=3),
    st.lists(st.lists(st.just([]) | MEMBERS, max_size=6), min_size=1, max_size=3),
)


def _numbered(pages: list[Any]) -> list[dict[int, str]]:
    numbered: list[dict[int, str]] = []
    key = 0
    for page in pages:
        numbered.append({})
        for members in page:
            fields = [f'"id": {key}', *(f"{name}: {value}" for name, value in members)]
            numbered[-1][key] = f"{{{', '.join(fields)}}}"
            key += 1
    return numbered


def test_any_rows_in_duckdb(server: JsonServer) -> None:
    @contextmanager
    def warehouse() -> Iterator[Warehouse]:
        with TemporaryDirectory() as folder:
            yield Warehouse(Path(folder))
            release_databases()

    check_all(server, warehouse)


def test_any_rows_in_postgresql(server: JsonServer, postgres_server: PostgresServer) -> None:
    @contextmanager
    def database() -> Iterator[PostgresDatabase]:
        with TemporaryDirectory() as folder, fresh_database(postgres_server, Path(folder)) as fresh:
            yield fresh

    check_all(server, database)


def check_all(
    server: JsonServer, fresh_destination: Callable[[], AbstractContextManager[Destination]]
) -> None:
    """Syncs many histories at once; where that fails, one by one to tell which."""

    def failure_of(histories: list[History]) -> Exception | None:
        try:
            with fresh_destination() as destination:
                check(server, destination, histories)
        except Exception as error:
            return error
        return None

    histories = drawn_histories()
    for start in range(0, len(histories), BATCH):
        batch = histories[start : start + BATCH]
        failure = failure_of(batch)
        for history in batch if failure else []:
            alone = failure_of([history])
            if alone:
                alone.add_note(f"first: {history.pages(1)}\nthen: {history.pages(2)}")
                raise alone
        if failure:
            failure.add_note("none of them fails alone")
            raise failure


def drawn_histories() -> list[History]:
    """The same few each time, unless more are asked for."""
    histories: list[History] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize="HEADRACE_EXAMPLES" not in os.environ,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(HISTORY)
    def draw(history: History) -> None:
        histories.append(history)

    draw()
    return histories


def check(server: JsonServer, destination: Destination, histories: list[History]) -> None:
    """Syncs what the API holds first and what it holds then, and looks where each row is."""
    since = ""
    for turn in (1, 2):
        config = config_of(server, histories)
        server.handler = handler([history.pages(turn) for history in histories])
        pipeline = destination.pipeline()
        report = sync(pipeline, build_source(config))
        assert not pipeline.has_pending_data
        refused, since = set_aside(destination, since)
        for number, history in enumerate(histories):
            name, rows = f"items_{number}", history.rows(turn)
            bad = {key for key, row in rows.items() if (name, row) in refused}
            figures = report.figures.of(name)
            assert figures.rows == len(rows)
            assert figures.quarantined == len(bad)
            assert figures.loaded_rows == len(rows) - len(bad)
            stored = stored_rows(destination, name) if len(bad) < len(rows) else {}
            # A row that was right before and is not now stays as it was.
            assert set(stored) >= set(rows) - bad if turn == 2 else set(stored) == set(rows) - bad
            for key in set(rows) - bad:
                assert differences(rows[key], stored[key], history.columns) == [], rows[key]


def config_of(server: JsonServer, histories: list[History]) -> SourceConfig:
    """A resource with a table for each history."""
    return parse_config(
        {
            "client": {"base_url": server.base_url},
            "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
            "resources": [
                {
                    "name": f"items_{number}",
                    "columns": history.columns,
                    "endpoint": {
                        "data_selector": "data",
                        "paginator": {"type": "cursor", "cursor_path": "next"},
                    },
                }
                for number, history in enumerate(histories)
            ],
        }
    )


def handler(listings: list[list[dict[int, str]]]) -> Callable[[Asked], Answer]:
    """Serves the pages of each listing."""

    def answer(asked: Asked) -> Answer:
        pages = listings[int(asked.path.rsplit("_", 1)[1])]
        at = int(asked.query.get("cursor", 0))
        following = json.dumps(str(at + 1) if at + 1 < len(pages) else None)
        rows = ", ".join(pages[at].values())
        return Answer(raw=f'{{"data": [{rows}], "next": {following}}}'.encode())

    return answer


def set_aside(destination: Destination, since: str) -> tuple[set[tuple[str, str]], str]:
    """Which rows went to quarantine since a moment, by resource and JSON, and the moment now."""
    table = "table_schema = 'test_data' AND table_name = '_headrace_quarantine'"
    if not destination.query(f"SELECT 1 FROM information_schema.tables WHERE {table}"):
        return set(), since
    rows = destination.query(
        "SELECT resource, raw_row, CAST(quarantined_at AS text) FROM test_data._headrace_quarantine"
    )
    latest = max((at for *_, at in rows), default=since)
    return {(name, row) for name, row, at in rows if at > since}, latest


def stored_rows(destination: Destination, name: str) -> dict[int, Row]:
    """The rows of a table by key, each there once."""
    rows = destination.rows(f"test_data.{name}")
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows}


def differences(row: str, stored: Row, columns: dict[str, Any]) -> list[str]:
    """The fields of a row whose value is not in the table, by another way than the product's.

    Only fields that go to a column of their own name, and hold neither an object nor a list: which
    of their columns is typed by what is not looked at, but that one of them has the value.
    """
    members: list[tuple[str, Any]] = json.loads(row, object_pairs_hook=list, parse_float=Decimal)
    names = [re.sub(r"[\W_]+", "_", name.strip()).lower() for name, _ in members]
    found: list[str] = []
    for name, value in members:
        shares = [each for each in names if each == name or each.startswith(f"{name}_")]
        column = columns.get(name, {})
        if name not in SIMPLE or len(shares) > 1 or isinstance(value, list):
            continue
        if column.get("data_type") == "json":
            # A text is read as JSON, if it is that.
            continue
        of_field = [stored[each] for each in stored if re.fullmatch(rf"{name}(__v_\w+)?", each)]
        there = [each for each in of_field if each is not None]
        is_there = len(there) == 1 and same(value, there[0], column)
        if not (is_there if value is not None else not there):
            found.append(f"{name}: {value!r} is stored as {there}")
    return found


def same(value: Any, stored: Any, column: dict[str, Any]) -> bool:
    """Whether a value of a table is what a JSON value became."""
    if isinstance(stored, date | time):
        return not isinstance(value, bool)
    if isinstance(value, str) and isinstance(stored, str):
        return value.replace("\0", "") == stored.replace("\0", "")
    if isinstance(stored, bool) and not isinstance(value, bool | str):
        return bool(value) == stored
    if isinstance(value, bool) or isinstance(stored, bool):
        return (str(value).lower() in YES) == (str(stored).lower() in YES)
    if isinstance(value, str) and not Decimal(str(stored)).is_finite():
        return bool(float(value) == stored)
    difference = abs(Decimal(str(value).strip()) - Decimal(str(stored)))
    whole = column.get("data_type") == "wei"
    exact = Decimal(1) / 10 ** column.get("scale", 0 if whole else 9)
    return bool(difference <= max(exact, abs(Decimal(str(stored))) / 10**14))
