"""Runs one load as a process of its own, so that it starts cold and its memory is its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def run_alone(module: str, *arguments: str) -> dict[str, Any]:
    """Runs a module of the benchmarks in an empty folder and a new process.

    Args:
        module: The name of the module.
        arguments: The arguments of its command line.

    Returns:
        What the last line of its output says, which is JSON.

    Raises:
        CalledProcessError: It failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{module}", *arguments],
            cwd=folder,
            env={
                "PYTHONPATH": str(Path(__file__).parents[1]),
                "RUNTIME__DLTHUB_TELEMETRY": "false",
                "RUNTIME__LOG_LEVEL": "ERROR",
                "DLT_DATA_DIR": folder,
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return told
