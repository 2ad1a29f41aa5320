"""Opens the tables that `headrace report` and `headrace serve` show, as their call names them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.config import ViewsConfig, load_config
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.pipeline import open_pipeline_to_read

if TYPE_CHECKING:
    import dlt


@dataclass(frozen=True, slots=True)
class ShownTables:
    """The tables of a config that executions are in.

    Args:
        pipeline: The pipeline that has loaded them, opened to read.
        executions: The name of the table of executions.
        workflows: The name of the table of workflows; None where there is none.
        node_runs: The name of the table of the runs of nodes; None where there is none.
    """

    pipeline: dlt.Pipeline
    executions: str
    workflows: str | None
    node_runs: str | None


@contextmanager
def pipeline_to_show(
    config: str, settings: Sequence[str], destination: str | None, dataset: str | None
) -> Iterator[ShownTables]:
    """Opens the pipeline of a config to read, for as long as the block lasts.

    Args:
        config: The config file, or the name of a connector.
        settings: What to set in the config, each as `key=value`.
        destination: Where the tables are; what the config says when None.
        dataset: The dataset that they are in; what the config says when None.

    Raises:
        ConfigError: The config is wrong, or there is no such destination.
    """
    loaded = load_config(config, settings, needed="destination")
    tables = loaded.pipeline_settings.views or ViewsConfig()
    with open_pipeline_to_read(loaded, Path(config).stem, destination, dataset) as pipeline:
        yield ShownTables(pipeline, tables.executions, tables.workflows, tables.node_runs)
