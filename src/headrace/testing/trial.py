"""A connector that is being tried: its config, its runs, and what all of them have left."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from typing import Any
from urllib.parse import urlsplit

import dlt
from dlt.extract import DltSource

from headrace.config import ResourceConfig, SourceConfig
from headrace.config.connectors import find_connector
from headrace.config.files.reading import read_document
from headrace.config.loading import load_config
from headrace.config.selection import listed_resources, select_resources
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.pipeline import open_pipeline
from headrace.dlt_source.source import build_source
from headrace.reading.keep_up.legs import LegSettings
from headrace.syncing.results import SyncReport
from headrace.syncing.sync import sync
from headrace.testing.connector_server import ConnectorServer
from headrace.testing.loaded_tables import DATASET, LoadedTables
from headrace.testing.proxy import WatchingProxy

_NAME = re.compile(r"\$\{([^{}]+)\}")
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Run:
    """A place to load to, with all that its syncs leave there.

    Args:
        folder: Its folder.
        pipeline: Its pipeline.
    """

    folder: Path
    pipeline: dlt.Pipeline

    @property
    def tables(self) -> LoadedTables:
        """The tables that were loaded."""
        return LoadedTables(self.folder / "tables.duckdb")


@dataclass(slots=True)
class Trial:
    """A connector that is being tried.

    Args:
        connector: Its name, or the path of its file.
        server: The server.
        proxy: What stands before the server.
        folder: Where all runs load to.
        names: The names of the resources to try.
        logged: What was logged meanwhile.
    """

    connector: str
    server: ConnectorServer
    proxy: WatchingProxy
    folder: Path
    names: tuple[str, ...] = ()
    logged: list[str] = field(default_factory=list)

    def config(self, *overrides: str, settings: Mapping[str, str] | None = None) -> SourceConfig:
        """The connector, led to the proxy.

        Args:
            overrides: What else to set in it.
            settings: Values for its variables in place of those of the server.

        Raises:
            ConfigError: It is wrong, or a value for one of its variables is missing.
        """
        known = self.server.settings if settings is None else settings
        own_url = dict.fromkeys(self._names_of_base_url(), self.proxy.base_url)
        every = [*self._overrides, *overrides]
        loaded = load_config(self.connector, every, lookup={**own_url, **known}.get)
        every_name = tuple(each.name for each in loaded.resources)
        return select_resources(loaded, self.names or every_name)

    @property
    def _overrides(self) -> list[str]:
        own = ["pipeline.name=checked", f"client.base_url={self.proxy.base_url}"]
        return [*self.server.overrides, *own]

    def _names_of_base_url(self) -> list[str]:
        shipped = find_connector(self.connector)
        path = Path(self.connector) if shipped is None else shipped.path
        client = read_document(path).get("client")
        written = client.get("base_url") if isinstance(client, dict) else None
        return _NAME.findall(written) if isinstance(written, str) else []

    @property
    def base_path(self) -> str:
        """The path of the API's base URL."""
        return urlsplit(self.proxy.base_url).path

    def run(self, name: str) -> Run:
        """A place to load to.

        Args:
            name: Its name; the same one gives the same place.
        """
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        pipeline = open_pipeline(
            self.config(),
            "checked",
            destination=f"duckdb:///{folder / 'tables.duckdb'}",
            dataset=DATASET,
            pipelines_dir=str(folder / "pipelines"),
        )
        return Run(folder, pipeline)

    def source(self, *overrides: str) -> DltSource:
        """The connector as a source of dlt.

        Args:
            overrides: What else to set in it.
        """
        return build_source(self.config(*overrides))

    def sync(self, run: Run, *overrides: str, leg_bytes: int | None = None) -> SyncReport:
        """Syncs once.

        Args:
            run: Where to load to.
            overrides: What else to set in the connector.
            leg_bytes: The size of the pages, in bytes, at which a leg ends; as usual when None.

        Raises:
            HeadraceError: The sync failed.
        """
        legs = LegSettings() if leg_bytes is None else LegSettings(leg_bytes, _HOUR)
        return sync(run.pipeline, self.source(*overrides), legs=legs, allow_missing=True)

    def sync_killed(self, run: Run, at: int, leg_bytes: int) -> None:
        """Syncs in another process, which is killed when it makes one of its requests.

        Args:
            run: Where to load to.
            at: The number of the request, from 1.
            leg_bytes: The size of the pages, in bytes, at which a leg ends.
        """
        options = ["--dataset", DATASET, "--destination", f"duckdb:///{run.tables.file}"]
        for each in [*self._overrides, f"pipeline.leg_bytes={leg_bytes}"]:
            options += ["--set", each]
        url = dict.fromkeys(self._names_of_base_url(), self.proxy.base_url)
        names = self.names or [each.name for each in self.config().resources]
        chosen = [part for name in names for part in ("--resource", name)]
        command = [sys.executable, "-m", "headrace", "run", self._absolute, *chosen, *options]
        settings = {**os.environ, **url, **self.server.settings, "DLT_DATA_DIR": str(run.folder)}
        with Popen(
            command, cwd=run.folder, env=settings, stdout=PIPE, stderr=STDOUT, text=True
        ) as process:
            self.proxy.breaks_at, self.proxy.on_break = at, process.kill
            told, _ = process.communicate()
        self.logged.append(told)

    @property
    def _absolute(self) -> str:
        is_shipped = find_connector(self.connector) is not None
        return self.connector if is_shipped else str(Path(self.connector).absolute())

    def resources(self) -> list[ResourceConfig]:
        """The resources that are tried."""
        return listed_resources(self.config())

    def all_resources(self) -> Iterable[ResourceConfig]:
        """The resources of the connector, those as well that are only parents of others."""
        return [each for each in self.config().resources if isinstance(each, ResourceConfig)]


@contextmanager
def collected_logs(into: list[str]) -> Iterator[None]:
    """Collects all that is logged, for as long as the block lasts.

    Args:
        into: Where to put the texts.
    """
    handler = _Collecting(into)
    watched = [logging.getLogger(name) for name in ("headrace", "dlt")]
    before = [each.level for each in watched]
    for each in watched:
        each.addHandler(handler)
    watched[0].setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for each, level in zip(watched, before, strict=True):
            each.removeHandler(handler)
            each.setLevel(level)


class _Collecting(logging.Handler):
    def __init__(self, into: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._into = into
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._into.append(f"{self.format(record)} {_event_of(record)}")


def _event_of(record: logging.LogRecord) -> Any:
    return getattr(record, "headrace", "")
