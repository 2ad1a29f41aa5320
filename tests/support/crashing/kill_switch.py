"""Kills the process that it is built into at a chosen change of the pipeline's folder.

The interpreter announces each change of a file just before it is made.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.crashing.moments import Moment

# What is about to appear in the folder, by the stage of dlt's work that it begins or ends.
STAGES = {
    "change": "",
    "extracting": r"/normalize/\w+/[\d.]+/new_jobs/",
    # The second time it is about to be deleted, once it is normalized.
    "extracted": r"/normalize/extracted/[\d.]+$",
    # One of the folders for packages is there, and the others are not.
    "folders made": r"/load/normalized$",
    "normalizing": r"/load/new/[\d.]+$",
    "normalized": r"/load/normalized/[\d.]+$",
    "job started": r"/load/.*/started_jobs/",
    # The destination has committed it; the folder does not say so yet.
    "job committed": r"/load/.*/\.pending_transitions/.",
    "job completed": r"/load/.*/completed_jobs/",
    "package completed": r"/load/.*/package_completed\.json$",
    "loaded": r"/load/loaded/[\d.]+$",
    "state kept": r"/state\.json$",
}
_CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.rmtree"}


def build_in(moment: Moment, folder: Path) -> None:
    """From now on this process is killed at the moment, as by a power cut.

    Args:
        moment: of one of the `STAGES`.
        folder: that holds the folders of pipelines.
    """
    stage = re.compile(STAGES[moment.event])
    counter = count(1)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        path = _changed_path(event, arguments)
        if path is None or not path.startswith(str(folder)) or not stage.search(path):
            return
        if next(counter) == moment.number:
            _kill_after(moment.delay)

    sys.addaudithook(hook)


def _changed_path(event: str, arguments: tuple[Any, ...]) -> str | None:
    """The path that a change is about, the new one where it is renamed; None if it is no change."""
    if event == "open" and isinstance(arguments[1], str) and arguments[1][0] in "wax":
        return str(arguments[0])
    if event in _CHANGES:
        return str(arguments[1 if event == "os.rename" else 0])
    return None


def _kill_after(delay: float) -> None:
    if not delay:
        _kill()
    clock = threading.Timer(delay, _kill)
    clock.daemon = True
    clock.start()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
