"""Runs Headrace's commands as their users do."""

from __future__ import annotations

import os
import subprocess
import sys

from typer.testing import CliRunner

from headrace.cli.app import app

Ran = subprocess.CompletedProcess[str]


def headrace(*arguments: str, columns: int = 200) -> Ran:
    """Runs a command in this process: most of a new one's time would go into imports.

    Args:
        arguments: of the command.
        columns: that the terminal is wide.
    """
    ran = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, arguments)
    return Ran(arguments, ran.exit_code, ran.stdout, ran.stderr)


def headrace_apart(*arguments: str, columns: int = 200) -> Ran:
    """Runs a command in a process of its own: for what holds for a whole process.

    Args:
        arguments: of the command.
        columns: that the terminal is wide.
    """
    return subprocess.run(
        [sys.executable, "-m", "headrace", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": str(columns)},
    )
