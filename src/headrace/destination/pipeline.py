"""Opens the pipeline that a config runs in, and the destination that it loads to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.destination import Destination
from dlt.common.destination.exceptions import DestinationException
from dlt.common.exceptions import DltException

from headrace.config import SourceConfig
from headrace.config.secrets.masking import secrets_of_url
from headrace.core.exceptions import ConfigError, Fault, SyncError
from headrace.core.secrets.redaction import clean, keep_secret
from headrace.destination.dlt_clients import asking_through, duckdb_file
from headrace.destination.first_folder import count_from_first_folder
from headrace.destination.remembered_settings import settings_looked_up_once

# Schemes of database URLs, with what dlt calls the destination where that is something else.
_SCHEMES = {"postgresql": "postgres"}
_NO_FOLDER = (
    "the working folder of the pipeline `{pipeline}` cannot be used: {error}. Let this user write "
    "there, make room on that disk, or name another folder for dlt's data by DLT_DATA_DIR"
)


def open_pipeline(
    config: SourceConfig,
    default_name: str,
    destination: str | None = None,
    dataset: str | None = None,
    *,
    pipelines_dir: str | None = None,
) -> dlt.Pipeline:
    """Makes the dlt pipeline that a config asks for.

    Args:
        config: The config. Its `pipeline` part counts where the other arguments are None.
        default_name: The name of the pipeline when the config has none.
        destination: The name of a dlt destination (`postgres`), or a URL with the place and the
            credentials (`duckdb:///file.duckdb`). When neither this nor the config says one, it is
            the file `<pipeline>.duckdb` in the current folder.
        dataset: The dataset (schema) to load into; `<pipeline>_dataset` when None, as in dlt.
        pipelines_dir: The folder for the working folder of the pipeline; dlt's usual one when None.

    Raises:
        ConfigError: There is no such destination, or dlt cannot make the pipeline.
        SyncError: The working folder of the pipeline cannot be read or written.
    """
    settings = config.pipeline_settings
    name = settings.name or default_name
    target: Any = destination or settings.destination
    if target is None:
        target = dlt.destinations.duckdb(f"{name}.duckdb")
    elif isinstance(target, str):
        keep_secret(secrets_of_url(target))
        target = _destination(target)
    # Always given: without it dlt goes on with the dataset of the run before.
    dataset_name = dataset or settings.dataset or f"{name}_dataset"
    folder: dict[str, Any] = {"pipelines_dir": pipelines_dir} if pipelines_dir else {}
    try:
        with settings_looked_up_once(target):
            pipeline: dlt.Pipeline = dlt.pipeline(
                name, destination=target, dataset_name=dataset_name, **folder
            )
        return pipeline
    except OSError as error:
        raise SyncError(_NO_FOLDER.format(pipeline=name, error=error)) from error
    except Exception as error:
        # Of a URL for `sqlalchemy`, which has none, SQLAlchemy makes an error of its own.
        words = clean(" ".join(str(error).split()))
    raise ConfigError([Fault("pipeline", f"dlt cannot make the pipeline: {words}")])


@contextmanager
def open_pipeline_to_read(
    config: SourceConfig,
    default_name: str,
    destination: str | None = None,
    dataset: str | None = None,
) -> Iterator[dlt.Pipeline]:
    """Opens the pipeline of a config to read what it has loaded, for as long as the block lasts.

    The pipeline gets a temporary folder: even to open a pipeline in its usual folder may change
    the state there.

    Args:
        config: The config, as `open_pipeline` takes it.
        default_name: The name of the pipeline when the config has none.
        destination: The destination, as `open_pipeline` takes it.
        dataset: The dataset (schema) that was loaded into; `<pipeline>_dataset` when None.

    Raises:
        ConfigError: There is no such destination, or dlt cannot make the pipeline.
    """
    with TemporaryDirectory(prefix="headrace-") as folder:
        pipeline = open_pipeline(config, default_name, destination, dataset, pipelines_dir=folder)
        count_from_first_folder(pipeline)
        if not pipeline.config.use_single_dataset:
            _learn_default_schema(pipeline)
        yield pipeline


def _learn_default_schema(pipeline: dlt.Pipeline) -> None:
    """Lets a pipeline know which schema has no dataset of its own, by what it has stored."""
    # What cannot be read is told where it is looked at.
    with suppress(DltException):
        client = pipeline.destination_client()
        if (file := duckdb_file(client)) is None:
            pipeline.sync_destination()
        elif missing_file(client) is None:
            _learn_beside_syncs(pipeline, file)


def _learn_beside_syncs(pipeline: dlt.Pipeline, file: str) -> None:
    """Does the same without the lock of a DuckDB file, which would make a sync fail."""
    # A run into another destination needs no DuckDB, which takes a while to import.
    import duckdb

    from headrace.destination.duckdb_beside import CATALOG, Snapshot

    at_rest = pipeline.destination
    for with_log in (True, True, False):
        try:
            with Snapshot(file, with_log=with_log).connection() as connection:
                pipeline.destination = asking_through(pipeline, connection, CATALOG).destination
                pipeline.sync_destination()
            return
        except (DltException, duckdb.Error, OSError):
            # It is written just now.
            continue
        finally:
            pipeline.destination = at_rest


def destination_name(pipeline: dlt.Pipeline) -> str:
    """Gives the name of a pipeline's destination, as the user or dlt calls it.

    Args:
        pipeline: The pipeline. Without a destination, the name is `None`.
    """
    return str(getattr(pipeline.destination, "destination_name", None))


def missing_file(client: object) -> str | None:
    """Gives the path of a DuckDB file that does not exist: DuckDB would create it when it is read.

    Args:
        client: dlt's client of the destination.

    Returns:
        The path; None where the file exists, or where the destination is no DuckDB file.
    """
    file = duckdb_file(client)
    return None if file is None or Path(file).exists() else file


def _destination(text: str) -> Any:
    scheme, separator, _ = text.partition("://")
    name = _SCHEMES.get(scheme, scheme)
    try:
        if separator:
            return Destination.from_reference(name, credentials=text)
        return Destination.from_reference(name)
    except (DestinationException, ConfigurationException):
        # A URL with a slash too few counts as a name, with a password in it.
        name = name.partition(":")[0]
        raise ConfigError(
            [
                Fault(
                    "pipeline.destination",
                    f"`{name}` is no destination that dlt knows. Give a name as `duckdb` or "
                    "`postgres`, or a URL as `duckdb:///file.duckdb`.",
                )
            ]
        ) from None
