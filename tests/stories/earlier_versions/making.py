"""Stores a dataset as a version of Headrace leaves it, for the tests of all later versions.

After a change of what is stored, with today's code:

    python -m tests.stories.earlier_versions.making NAME

For an earlier version, name the `src` folder of its checkout as well, and the resources that it
knew:

    python -m tests.stories.earlier_versions.making NAME --src FOLDER --resource executions
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.stories.earlier_versions.world import ALL, DATASET, GONE, World
from tests.support.project import ROOT

STORED = ROOT / "tests" / "fixtures" / "stored"


def store(
    name: str, src: Path, resources: tuple[str, ...], *, keeps_up: bool = True, marks: bool = True
) -> Path:
    """Syncs three times, and keeps what the database holds then as text.

    Args:
        name: The name of the stored dataset.
        src: The folder that `headrace` is imported from.
        resources: The resources to load.
        keeps_up: Whether that version keeps up with a listing.
        marks: Whether that version marks rows that are gone.

    Returns:
        The folder with the stored dataset.
    """
    folder = STORED / name
    with TemporaryDirectory() as scratch, World() as world:
        config = world.config_of(resources, keeps_up=keeps_up, marks=marks)
        database = Path(scratch, "stored.duckdb")
        for _ in range(3):
            _run(config, database, src)
            # An open row is gone once two syncs have missed it.
            world.rows.pop(GONE, None)
        shutil.rmtree(folder, ignore_errors=True)
        with duckdb.connect(str(database)) as connection:
            # By a path that no machine has.
            os.chdir(scratch)
            connection.execute(f"EXPORT DATABASE '{name}'")
        shutil.move(Path(scratch, name), folder)
    (folder / "resources.json").write_text(json.dumps([*resources]) + "\n")
    return folder


def _run(config: object, database: Path, src: Path) -> None:
    scratch = database.parent
    (scratch / "config.json").write_text(json.dumps(config))
    place = ("--destination", f"duckdb:///{database}", "--dataset", DATASET)
    subprocess.run(
        [sys.executable, "-m", "headrace", "run", "config.json", *place],
        cwd=scratch,
        env={**os.environ, "PYTHONPATH": str(src), "DLT_DATA_DIR": str(scratch / "dlt")},
        check=True,
    )


def main() -> None:
    """Reads the arguments, and stores a dataset."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("name")
    parser.add_argument("--src", type=Path, default=ROOT / "src")
    parser.add_argument("--resource", action="append")
    parser.add_argument("--lists-all", action="store_true")
    parser.add_argument("--marks-none", action="store_true")
    given = parser.parse_args()
    resources = tuple(given.resource or ALL)
    store(
        given.name,
        given.src.resolve(),
        resources,
        keeps_up=not given.lists_all,
        marks=not given.marks_none,
    )


if __name__ == "__main__":
    main()
