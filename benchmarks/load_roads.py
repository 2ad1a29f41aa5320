"""The roads of full loads: a listing into a database or into files, by dlt's source and by ours."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.request import Request, urlopen

from benchmarks.loading import FLOOR
from benchmarks.processes import run_alone, run_python, served
from benchmarks.roads import (
    DLT,
    DLT_TUNED,
    FULL,
    WITH_IDS,
    WITHOUT_IDS,
    Contender,
    Road,
    Run,
    share,
)
from benchmarks.shapes import API_KEY, SHAPES, Shape

PEERS = (DLT, DLT_TUNED)
BOTH = (*PEERS, WITH_IDS, WITHOUT_IDS)
_DLT_OVER_ALL = f"{DLT}, all rows"


def load_once(variant: str, shape: Shape, base_url: str, *more: str) -> Run:
    """Makes one load in an empty folder and a new process."""
    place = ("--shape", shape.name, "--base-url", base_url)
    return Run(**run_alone("loading", variant, *place, *more))


def load_cold(variant: str, shape: Shape, base_url: str) -> Run:
    """The same, with the start of the process, its imports and its end."""
    alone = run_python(
        "-m", "benchmarks.loading", variant, "--cold", "--shape", shape.name, "--base-url", base_url
    )
    return Run(alone.seconds, alone.cpu_seconds, alone.peak_bytes, None)


def write_rows(base_url: str, file: Path) -> None:
    """Writes the served executions to a file, one JSON a line, for the floor to read."""
    cursor = ""
    with file.open("w") as out:
        while cursor is not None:
            url = f"{base_url}/executions?limit=250" + (f"&cursor={cursor}" if cursor else "")
            with urlopen(Request(url, headers={"X-API-KEY": API_KEY})) as answer:
                page = json.load(answer)
            out.writelines(f"{json.dumps(row)}\n" for row in page["data"])
            cursor = page["nextCursor"]


class Servers:
    """Servers of one shape, one for each number of rows that is asked for.

    Args:
        shape: what they serve.
        stack: ends them.
    """

    def __init__(self, shape: Shape, stack: ExitStack) -> None:
        self._shape = shape
        self._stack = stack
        self._urls: dict[int, str] = {}

    def of(self, rows: int) -> str:
        """The base URL of a server with so many rows."""
        if rows not in self._urls:
            server = served(*self._shape.serve, "--rows", str(rows))
            self._urls[rows] = self._stack.enter_context(server)
        return self._urls[rows]


@contextmanager
def loads(
    shape: str, rows_of: dict[str, int], destination: str, rows: int
) -> Iterator[list[Contender]]:
    """The contenders of a full load, while their servers run.

    Args:
        shape: of the listing.
        rows_of: how many rows each of them loads, of 300,000.
        destination: as `benchmarks.loading` takes it.
        rows: of a full load.
    """
    served_shape = SHAPES[shape]
    with ExitStack() as stack:
        servers = Servers(served_shape, stack)
        contenders = []
        for name, of_full in rows_of.items():
            count = share(of_full, rows)
            more = ("--destination", destination)
            measure = partial(load_once, name, served_shape, servers.of(count), *more)
            contenders.append(Contender(name, measure, count))
        yield contenders


@contextmanager
def executions(rows: int) -> Iterator[list[Contender]]:
    """Executions into DuckDB, with the floor, and one run of dlt's defaults over all rows."""
    rows_of = {DLT: 50_000, DLT_TUNED: FULL, WITH_IDS: FULL, WITHOUT_IDS: FULL}
    shape = SHAPES["executions"]
    with (
        loads("executions", rows_of, "duckdb", rows) as contenders,
        tempfile.TemporaryDirectory() as folder,
        served(*shape.serve, "--rows", str(rows)) as base_url,
    ):
        rows_file = Path(folder) / "rows.jsonl"
        write_rows(base_url, rows_file)
        floor = partial(load_once, FLOOR, shape, base_url, "--rows-file", str(rows_file))
        over_all = partial(load_once, DLT, shape, base_url)
        yield [
            *contenders,
            Contender(FLOOR, floor, rows),
            Contender(_DLT_OVER_ALL, over_all, rows, once=True),
        ]


@contextmanager
def first_rows(rows: int) -> Iterator[list[Contender]]:
    """From the start of Python to a loaded table of 300 rows."""
    shape = SHAPES["executions"]
    with served(*shape.serve, "--rows", str(min(rows, 300))) as base_url:
        yield [
            Contender(name, partial(load_cold, name, shape, base_url))
            for name in (*PEERS, WITH_IDS)
        ]


def _load_road(
    name: str, title: str, rows_of: dict[str, int], shape: str = "", destination: str = "duckdb"
) -> Road:
    open_road: Callable[[int], AbstractContextManager[list[Contender]]] = partial(
        loads, shape or name, rows_of, destination
    )
    return Road(name, title, PEERS, open_road)


def _rows_of(defaults: int, tuned: int, ours: int) -> dict[str, int]:
    """How many rows dlt's source loads with its defaults and tuned, and ours."""
    return dict(zip(BOTH, (defaults, tuned, ours, ours), strict=True))


ROADS = (
    Road("executions", "Executions into DuckDB", PEERS, executions),
    _load_road("string-ids", "The same with ids as text", _rows_of(30_000, 150_000, FULL)),
    _load_road("wide", "Wide rows into DuckDB", _rows_of(6_000, 30_000, 200_000)),
    _load_road(
        "lists",
        "Rows with lists into DuckDB",
        {DLT: 10_000, DLT_TUNED: 20_000, WITH_IDS: 60_000},
    ),
    _load_road(
        "files",
        "Executions into Parquet files",
        _rows_of(50_000, 150_000, FULL),
        *("executions", "files"),
    ),
    Road("first-rows", "From the start of Python to 300 loaded rows", PEERS, first_rows),
)
