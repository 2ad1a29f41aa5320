"""Lets only one sync of a pipeline run at a time on one machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import dlt
from filelock import FileLock, Timeout

from headrace.core.exceptions import SyncError


@contextmanager
def held(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Locks a pipeline for as long as the block lasts.

    The lock is a file beside the pipeline's folder, which the operating system releases when the
    process dies. A second file says which process holds it, for the message of the others.

    Args:
        pipeline: The pipeline to lock.

    Raises:
        SyncError: Another process has locked it; the message names the process.
    """
    beside = Path(pipeline.pipelines_dir) / pipeline.pipeline_name
    beside.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{beside}.lock")
    holder = Path(f"{beside}.holder.json")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SyncError(
            f"pipeline `{pipeline.pipeline_name}` is being synced by {_described(holder)}. "
            "Wait until that sync ends, or stop it."
        ) from None
    try:
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        holder.write_text(json.dumps({"process": os.getpid(), "since": since}), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _described(holder: Path) -> str:
    try:
        about = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {about['process']} since {about['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
