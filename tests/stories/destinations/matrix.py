"""The matrix of destinations: measured by `scripts/destinations`, shown by the documentation.

    python -m tests.stories.destinations.matrix [NAME ...]

measures all of them, or those, anew, and writes `docs/destinations.md`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import dlt
from dlt.common.schema.typing import TTableSchema

from headrace.destination.merging import merge_strategies
from tests.stories.destinations.measuring import CELLS, YES
from tests.stories.destinations.places import PLACES
from tests.support.project import ROOT

PAGE = ROOT / "docs" / "destinations.md"
VERDICTS = Path(__file__).parent / "verdicts.json"
_ROWS = os.environ.get("HEADRACE_ROWS", "20000")
_LIBRARIES = (
    *("dlt", "duckdb", "adbc-driver-postgresql", "sqlalchemy", "pymysql", "deltalake", "pyiceberg"),
    *("lancedb", "duckdb-extension-ducklake"),
)
# There is no account for these: what dlt says of them is all that is known here.
_CLOUD = {"BigQuery": "bigquery", "Snowflake": "snowflake"}

Verdicts = Mapping[str, Mapping[str, str]]

_HEAD = """# What works with which destination

Each line is a destination that was loaded into: so many rows, then 2.5 % new ones, 40 changed,
and lists that became shorter, with a row that cannot be loaded in each listing. **yes** was seen
to hold: the table equal to the API's listing after the second sync, the child rows those of the
new lists, the bad rows in quarantine, each run in the history, differences found by `headrace
verify` and mended by its repair, and the views over executions there. A number is a refusal, in
the words below; nothing was loaded where it says so. `scripts/destinations` measures all of it
anew and writes this page.

"""
_POSTGRES = """
## PostgreSQL, with ADBC and without

`pip install 'headrace[postgres]'` brings the driver `adbc-driver-postgresql`. Where it is
installed, rows are copied as they stand in Parquet files, which takes about two thirds of the time
of a whole load (300,000 rows without lists: 5.7 s and 395 MB in place of 9.6 s and 272 MB). Without
it, or with `DISABLE_ADBC_DETECTION=true` in the environment (`disable_adbc_detection = true` in
`.dlt/config.toml`), rows go as CSV and, those with lists or an empty text, by `INSERT`. The tables
are the same, but for these:

- a new column of JSON is `json` by ADBC, which cannot copy into `jsonb`, and `jsonb` without
- `NaN` and `Infinity` in a column of doubles are stored by ADBC; without it dlt writes statements
  that PostgreSQL refuses, and the rows go to quarantine; and -0.0 in a row with lists is 0

By itself a table goes without ADBC where a column of it takes other bytes than ADBC writes: a
`jsonb`, an integer of other bits than declared, a type of another program's; a `wei`; a `binary`
with a `precision`; and where a `schema_contract` may leave out rows. A table that was made one way
takes rows the other way.
"""
_CLOUD_HEAD = """
## By what dlt says of them

These were not loaded into. dlt loads them by SQL, so that the run history, `verify`, `status` and
the report (from a copy of what it counts) take the same way as for the databases above.

| destination | merges by | child tables |
| --- | --- | --- |
"""


def page(measured: Mapping[str, object]) -> str:
    """The page as Markdown.

    Args:
        measured: what `VERDICTS` holds.
    """
    verdicts: Verdicts = measured["verdicts"]  # type: ignore[assignment]
    versions: Mapping[str, str] = measured["versions"]  # type: ignore[assignment]
    words: list[str] = []
    rows: Mapping[str, int] = measured["rows"]  # type: ignore[assignment]
    lines = [
        f"| destination | rows | {' | '.join(CELLS)} |\n",
        f"| --- | ---: | {' | '.join(['---'] * len(CELLS))} |\n",
    ]
    for name, cells in verdicts.items():
        shown = [_cell(cells[cell], words) for cell in CELLS]
        lines.append(f"| {PLACES[name].title} | {rows[name]:,} | {' | '.join(shown)} |\n")
    told = "".join(f"{number}. {each}\n" for number, each in enumerate(words, 1))
    seen = ", ".join(f"{name} {found}" for name, found in versions.items())
    return (
        _HEAD
        + "".join(lines)
        + f"\nWith {seen}.\n\n## What is refused, and what to use instead\n\n{told}"
        + _POSTGRES
        + _CLOUD_HEAD
        + "".join(_cloud_lines())
    )


def _cell(verdict: str, words: list[str]) -> str:
    if verdict == YES:
        return YES
    if verdict not in words:
        words.append(verdict)
    return str(words.index(verdict) + 1)


def _cloud_lines() -> Iterator[str]:
    for title, kind in _CLOUD.items():
        able = getattr(dlt.destinations, kind)()._raw_capabilities()
        table: TTableSchema = {"name": "x", "write_disposition": "merge"}
        strategies = merge_strategies(table, able)
        usual = " by `delete-insert`" if "delete-insert" in strategies else ""
        shown = ", ".join(f"`{each}`" for each in strategies)
        yield f"| {title} | {shown} | old child rows are deleted{usual} |\n"


def _measure(names: list[str]) -> None:
    kept = json.loads(VERDICTS.read_text()) if VERDICTS.exists() else {"verdicts": {}, "rows": {}}
    for name in names:
        command = [sys.executable, "-m", "tests.stories.destinations.measuring", name, _ROWS]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if ran.returncode:
            raise SystemExit(f"{name} could not be measured:\n{ran.stderr}")
        kept["verdicts"][name] = json.loads(ran.stdout.splitlines()[-1])
        kept["rows"][name] = int(_ROWS)
        print(name, json.dumps(kept["verdicts"][name], indent=1))  # noqa: T201
    kept["verdicts"] = {name: kept["verdicts"][name] for name in PLACES if name in kept["verdicts"]}
    kept["versions"] = dict(_versions())
    VERDICTS.write_text(json.dumps(kept, indent=1) + "\n")
    PAGE.write_text(page(kept))
    broken = [name for name, cells in kept["verdicts"].items() if "FAILS" in str(cells)]
    if broken:
        raise SystemExit(f"neither yes nor refused: {', '.join(broken)}")


def _versions() -> Iterator[tuple[str, str]]:
    for library in _LIBRARIES:
        try:
            yield library, version(library)
        except PackageNotFoundError:
            continue


if __name__ == "__main__":
    _measure(sys.argv[1:] or list(PLACES))
