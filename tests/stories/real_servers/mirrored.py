"""A config as its user has it, what its runs leave in a database, and how that is to be."""

from __future__ import annotations

import copy
import json
import math
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from dlt.common.normalizers.naming.snake_case import NamingConvention

from tests.support.command_line import Ran, headrace
from tests.support.project import ROOT
from tests.support.tables import Row, Warehouse, differences

PAGE = ROOT / "docs" / "real-apis.md"
_DATASET = "mirror"
_NORMALIZED = NamingConvention().normalize_path


def documented(heading: str) -> dict[str, Any]:
    """The config below a heading of the page of documentation."""
    (section,) = re.findall(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    (block,) = re.findall(r"^```yaml\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    config: dict[str, Any] = yaml.safe_load(block)
    return config


def guessed(config: dict[str, Any]) -> dict[str, Any]:
    """The same config without a word on how its listings go on."""
    without = copy.deepcopy(config)
    for resource in without["resources"]:
        resource["endpoint"].pop("paginator", None)
    without["client"].pop("paginator", None)
    return without


def of_its_document(url: str, *options: str) -> dict[str, Any]:
    """The config of all listings of a server's own OpenAPI document.

    Args:
        url: The URL of the document.
        options: What else the command is called with.
    """
    made = headrace("init", "--openapi", url, "document.yml", "--resource", "*", *options)
    assert made.returncode == 0, made.stdout + made.stderr
    config: dict[str, Any] = yaml.safe_load(Path("document.yml").read_text())
    return config


def found_out(url: str, *options: str, kept_as: str) -> Path:
    """The file that `headrace init` writes of a listing.

    Args:
        url: The URL of the listing.
        options: Other arguments of the command.
        kept_as: The name under which the folder that HEADRACE_FOUND names keeps it.
    """
    file = Path("found.yml")
    ran = headrace("init", url, str(file), "--force", *options)
    assert file.is_file(), ran.stderr
    folder = os.environ.get("HEADRACE_FOUND")
    if folder:
        shutil.copy(file, Path(folder, f"{kept_as}.yml"))
        Path(folder, f"{kept_as}.txt").write_text(ran.stdout + ran.stderr)
    assert ran.returncode == 0, ran.stderr + file.read_text()
    return file


class Mirror:
    """What a config is made into by the commands, as their user runs them.

    Args:
        config: The config, or the file that it is in.
        warehouse: Where its tables are.
    """

    def __init__(self, config: dict[str, Any] | Path, warehouse: Warehouse) -> None:
        self._file = config if isinstance(config, Path) else Path("config.yml")
        if not isinstance(config, Path):
            self._file.write_text(yaml.safe_dump(config))
        self._warehouse = warehouse

    def check(self) -> Ran:
        """Tries the config."""
        return headrace("check", str(self._file))

    def run(self) -> Ran:
        """Loads what the API has."""
        return self._with_destination("run")

    def verify(self) -> Ran:
        """Compares the tables with what the API lists."""
        return self._with_destination("verify")

    def _with_destination(self, command: str) -> Ran:
        where = ("--destination", self._warehouse.url, "--dataset", _DATASET)
        return headrace(command, str(self._file), *where)

    def count(self, table: str) -> int:
        """How many rows a table has; 0 where it is not there."""
        if table not in self._warehouse.tables(_DATASET):
            return 0
        ((rows,),) = self._warehouse.query(f"SELECT count(*) FROM {_DATASET}.{table}")
        return int(rows)

    def differences(
        self, table: str, expected: Sequence[Row], key: str, *, as_json: Collection[str] = ()
    ) -> list[str]:
        """What a table has too little, too much or otherwise, with all that is nested in its rows.

        Args:
            table: The table.
            expected: The rows as the API answers them.
            key: The column that tells rows apart.
            as_json: The fields that are kept as JSON.
        """
        wanted = [
            _leaves(
                {name: _json(value) if name in as_json else value for name, value in row.items()}
            )
            for row in expected
        ]
        found = [
            {
                name: _json(json.loads(value)) if name in as_json else value
                for name, value in row.items()
            }
            for row in self._stored(table)
        ]
        return differences(found, wanted, key=key)

    def _stored(self, table: str) -> list[Row]:
        tables = sorted(self._warehouse.tables(_DATASET))
        nested: dict[str, Row] = defaultdict(dict)
        # From the innermost: each row hands what it has to the one that it lies in.
        for name in reversed([each for each in tables if each.startswith(f"{table}__")]):
            outer = max((each for each in tables if name.startswith(f"{each}__")), key=len)
            path = name.removeprefix(f"{outer}__")
            for row in self._warehouse.rows(
                f"{_DATASET}.{name}", "_dlt_list_idx", without_ids=False
            ):
                at = f"{path}[{row['_dlt_list_idx']}]__"
                for leaf, value in (_columns(row) | nested[row["_dlt_id"]]).items():
                    nested[row["_dlt_parent_id"]][at + leaf] = value
        rows = self._warehouse.rows(f"{_DATASET}.{table}", "_dlt_id", without_ids=False)
        return [_columns(row) | nested[row["_dlt_id"]] for row in rows]


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _columns(row: Row) -> Row:
    return {
        # A value that its column could not hold has a column beside it.
        re.sub(r"__v_[a-z]+$", "", name): _comparable(value)
        for name, value in row.items()
        if value is not None and not name.startswith("_dlt")
    }


def _leaves(row: Row, at: str = "") -> Row:
    """A row without its depth: each value by the path that leads to it."""
    found: Row = {}
    for name, value in row.items():
        path = at + _NORMALIZED(name)
        if isinstance(value, dict):
            found |= _leaves(value, f"{path}__")
        elif isinstance(value, list):
            for number, each in enumerate(value):
                inner = each if isinstance(each, dict) else {"value": each}
                found |= _leaves(inner, f"{path}[{number}]__")
        elif value is not None:
            found[path] = _comparable(value)
    return found


def _comparable(value: Any) -> Any:
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        value = datetime.fromisoformat(value)
    if isinstance(value, float) and math.isnan(value):
        # No two of them are equal.
        return "NaN"
    return value.astimezone(UTC) if isinstance(value, datetime) else value
