"""The folders that dlt keeps the load packages of a pipeline in.

dlt documents what a package is, and lists the packages of each kind. What it leaves behind when its
process is killed, and that it deletes no package that was loaded, is repaired here by what its
storages know, as of dlt 1.31:

- A package is extracted in a folder of its own beside the one of the extracted packages, normalized
  in one of the new packages, and loaded in one of the normalized packages.
- Of a package that is done with, a file says whether it was loaded or aborted. It keeps the files
  of its jobs where the setting `load.delete_completed_jobs` does not say otherwise.
- The folders for packages are made by `initialize_storage`, where they are not there.
- Each attempt of a job that fails leaves a file in a folder of its package.
- The id of a package is the time at which it was begun, so that a later one sorts behind.

At an upgrade of dlt check those sentences; the tests that kill runs at each stage, and those of
what is kept, fail where one is no longer true.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import dlt

_KEPT_FAILURES = 100
_LOADED = "loaded"
_DELETES_ROW_FILES = "load.delete_completed_jobs"


def load_storage(pipeline: dlt.Pipeline) -> Any:
    """What dlt keeps the packages in that are normalized or loaded.

    Args:
        pipeline: The pipeline.
    """
    return pipeline._get_load_storage()


def keep_last_packages(pipeline: dlt.Pipeline, most: int) -> None:
    """Deletes the packages that were done with, but for the last ones.

    Of those that were loaded, what is known of them stays and the files with their rows go, unless
    the user has set `load.delete_completed_jobs` to false. Of those that were given up, the last
    ones stay whole. A package that was loaded though some of its jobs failed stays in any case:
    their rows are nowhere else.

    Args:
        pipeline: The pipeline.
        most: How many packages to keep that were loaded, and how many that were given up.

    Raises:
        OSError: A file cannot be deleted.
    """
    storage = load_storage(pipeline)
    if not storage.is_storage_ready():
        return
    packages, keeps_row_files = storage.loaded_packages, _keeps_row_files(pipeline)
    kept: Counter[bool] = Counter()
    for load_id in reversed(packages.list_packages()):
        is_given_up = _outcome(packages, load_id) != _LOADED
        if not is_given_up and packages.list_failed_jobs(load_id):
            continue
        kept[is_given_up] += 1
        if kept[is_given_up] > most:
            _delete_package(storage, load_id)
        elif not (is_given_up or keeps_row_files):
            _delete_row_files(packages, load_id)


def put_in_order(pipeline: dlt.Pipeline) -> None:
    """Puts the folders of the loads right that earlier runs have left behind.

    Args:
        pipeline: The pipeline; its lock is held by the caller.
    """
    _make_missing_folders(pipeline)
    _delete_half_copied(pipeline)
    _delete_what_is_normalized(pipeline)
    _put_away_what_is_loaded(pipeline)
    _forget_old_failures(pipeline)


def delete_unfinished(pipeline: dlt.Pipeline) -> None:
    """Deletes what was extracted or normalized in part only, as its run failed or was killed.

    dlt begins each extraction in a new folder, and never comes back to an old one.

    Args:
        pipeline: The pipeline; its lock is held by the caller, and no load is left behind in it.
    """
    folders = []
    extracted = pipeline._get_normalize_storage()
    if extracted.is_storage_ready():
        finished = Path(extracted.extracted_packages.storage.storage_path)
        folders += [each for each in finished.parent.iterdir() if each != finished]
    normalized = load_storage(pipeline)
    if normalized.is_storage_ready():
        folders += Path(normalized.new_packages.storage.storage_path).iterdir()
    for folder in folders:
        if folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)


def _make_missing_folders(pipeline: dlt.Pipeline) -> None:
    """Makes the folders for packages that are not there, where one of them is.

    dlt makes them one after the other, and takes all for there once the first one is. When it is
    killed in between, its packages can be listed no more.
    """
    for storage in (pipeline._get_normalize_storage(), load_storage(pipeline)):
        if storage.storage.has_folder("."):
            storage.initialize_storage()


def _delete_half_copied(pipeline: dlt.Pipeline) -> None:
    """Deletes what is left of a job's file that was being copied when the process was killed.

    Where temporary files lie on another file system than the pipeline's folder, dlt copies the
    files of merges under names without a dot, and then renames them. One that is left has no name
    of a job, and each later run fails at it. dlt makes that job again.
    """
    packages = load_storage(pipeline).normalized_packages
    for load_id in pipeline.list_normalized_load_packages():
        for file in packages.list_new_jobs(load_id):
            if "." not in Path(file).name:
                packages.storage.delete(file)


def _delete_what_is_normalized(pipeline: dlt.Pipeline) -> None:
    """Deletes extracted packages that were normalized before the process was killed.

    dlt first moves the normalized package to its place, then deletes the extracted one. When it is
    killed in between, each later run fails, since the place is taken.
    """
    normalized = set(pipeline.list_normalized_load_packages())
    for load_id in normalized.intersection(pipeline.list_extracted_load_packages()):
        pipeline._get_normalize_storage().extracted_packages.delete_package(load_id)


def _put_away_what_is_loaded(pipeline: dlt.Pipeline) -> None:
    """Moves packages that are marked as loaded to the folder of the loaded ones.

    dlt first marks such a package, then moves it. When it is killed in between, each later run
    fails, since the package is marked already.
    """
    storage = load_storage(pipeline)
    for load_id in pipeline.list_normalized_load_packages():
        if storage.normalized_packages.is_package_completed(load_id):
            storage.storage.rename_tree(
                storage.get_normalized_package_path(load_id),
                storage.get_loaded_package_path(load_id),
            )


def _forget_old_failures(pipeline: dlt.Pipeline) -> None:
    """Deletes what was said of the failures of a load, but for the last ones.

    dlt writes a file for each failed attempt of a job, and a load may fail for days.
    """
    packages = load_storage(pipeline).normalized_packages
    for load_id in pipeline.list_normalized_load_packages():
        place = Path(packages.get_package_path(load_id), packages.EXCEPTIONS_FOLDER)
        folder = Path(packages.storage.make_full_path(str(place)))
        if folder.is_dir():
            messages = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime_ns)
            for message in messages[:-_KEPT_FAILURES]:
                message.unlink()


def _outcome(packages: Any, load_id: str) -> str | None:
    """How a package ended; None where dlt has left no word of it."""
    if not packages.is_package_completed(load_id):
        return None
    marker = Path(packages.get_package_path(load_id), packages.PACKAGE_COMPLETED_FILE_NAME)
    return str(packages.storage.load(str(marker)))


def _delete_package(storage: Any, load_id: str) -> None:
    """Deletes a package that is done with; of one that is deleted in part nothing could be told."""
    # From there the next sync deletes the rest, should this one be killed.
    storage.storage.rename_tree(
        storage.get_loaded_package_path(load_id), storage.get_new_package_path(load_id)
    )
    storage.new_packages.delete_package(load_id)


def _delete_row_files(packages: Any, load_id: str) -> None:
    folder = packages.get_job_state_folder_path(load_id, packages.COMPLETED_JOBS_FOLDER)
    if packages.storage.has_folder(folder):
        packages.remove_completed_jobs(load_id)


def _keeps_row_files(pipeline: dlt.Pipeline) -> bool:
    """Whether the user says so, for the pipeline or for all; dlt's default says nothing."""
    keys = (f"{pipeline.pipeline_name}.{_DELETES_ROW_FILES}", _DELETES_ROW_FILES)
    found = [dlt.config.get(each, bool) for each in keys]
    return next((not deletes for deletes in found if deletes is not None), False)
