"""The folder that a pipeline first ran in: from there dlt counts the relative path of a file.

So a run in another folder goes on with the file of the first one. dlt keeps that folder with what
else it knows of the pipeline on this machine, and nowhere else.

What the functions here rest on, by dlt 1.31:

- The local state of a pipeline has the folder as `initial_cwd`, and `state.json` in the working
  folder of the pipeline has it under `_local`.
- A destination takes it as `local_dir` when a pipeline is made with it, from its parameters.
- The configuration of a destination has the path of a database as it is written, and that of a
  client has the path that it opens.

At an upgrade of dlt check those sentences; the tests of a run in another folder fail where one is
no longer true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import dlt
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.common.schema import Schema

from headrace.core.exceptions import SyncError
from headrace.destination.dlt_clients import duckdb_file, new_job_client

_NOTE = (
    "the rows go to {file}, and not into this folder: the pipeline `{pipeline}` first ran in "
    "{folder}, and dlt counts a relative path from there. The whole path of another file as the "
    "destination, or another name of the pipeline, loads elsewhere"
)
_FOLDER_GONE = (
    "the database {file} cannot be opened: the folder {folder} is not there any more. The pipeline "
    "`{pipeline}` first ran there, and dlt counts the relative path of its database from that "
    "folder, wherever it runs. If the file was moved, name it by its whole path, as "
    "`--destination duckdb:////folder/{name}` or as `pipeline.destination` in the config: its rows "
    "stay, and the sync goes on with them. To begin a new file in this folder, give the pipeline "
    "another name, or delete {working_dir}, where dlt keeps what it knows of the pipeline, and no "
    "row that has been loaded."
)


def notes_on_first_folder(pipeline: dlt.Pipeline) -> list[str]:
    """Says where the rows go, if that is not where someone in this folder looks for them.

    Args:
        pipeline: The pipeline.

    Returns:
        A note; nothing where the database is no DuckDB file, is named by its whole path, or lies
        below the current folder.

    Raises:
        SyncError: The folder that the pipeline first ran in is not there any more.
    """
    return list(_notes(pipeline))


def _notes(pipeline: dlt.Pipeline) -> Iterator[str]:
    folder = Path(pipeline.get_local_state_val("initial_cwd"))
    if folder == Path.cwd():
        return
    file = _relative_file(pipeline)
    if file is None or not file.is_relative_to(folder) or file.is_relative_to(Path.cwd()):
        return
    if not folder.exists():
        raise _folder_gone(pipeline, file, folder)
    yield _NOTE.format(file=file, folder=folder, pipeline=pipeline.pipeline_name)


def _folder_gone(pipeline: dlt.Pipeline, file: Path, folder: Path) -> SyncError:
    return SyncError(
        _FOLDER_GONE.format(
            file=file,
            name=file.name,
            folder=folder,
            pipeline=pipeline.pipeline_name,
            working_dir=_working_dir(pipeline),
        )
    )


def _working_dir(pipeline: dlt.Pipeline) -> Path:
    """The folder of the runs of that name on this machine, wherever this pipeline has its own."""
    return Path(get_dlt_pipelines_dir()) / pipeline.pipeline_name


def _relative_file(pipeline: dlt.Pipeline) -> Path | None:
    """The DuckDB file that a pipeline loads into, where its settings say no whole path."""
    destination = pipeline.destination
    if destination is None:
        return None
    # What is wrong with the settings, whoever asks the destination finds as well.
    with suppress(Exception):
        file = duckdb_file(new_job_client(pipeline, Schema(pipeline.pipeline_name)))
        settings = destination.configuration(destination.spec(), accept_partial=True)
        written = Path(getattr(settings.credentials, "database", None) or "")
        return Path(file) if file and not written.is_absolute() else None
    return None


def count_from_first_folder(pipeline: dlt.Pipeline) -> None:
    """Has a pipeline look for a file where the runs of the same name on this machine put it.

    Args:
        pipeline: A pipeline in a folder of its own, that has not asked its destination yet.

    Raises:
        SyncError: That folder is not there any more.
    """
    if pipeline.destination is None:
        return
    state = _working_dir(pipeline) / "state.json"
    folder = None
    # It may be missing, or be of another version of dlt.
    with suppress(OSError, ValueError, KeyError, TypeError):
        folder = json.loads(state.read_text(encoding="utf-8"))["_local"]["initial_cwd"]
        pipeline.destination.config_params["local_dir"] = folder
    if folder is not None and not Path(folder).exists():
        file = _relative_file(pipeline)
        if file is not None and file.is_relative_to(folder):
            raise _folder_gone(pipeline, file, Path(folder))
