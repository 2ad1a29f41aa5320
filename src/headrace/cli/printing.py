"""Writes lines: no text of a server, a row, a config or a file steers the terminal."""

from __future__ import annotations

import sys

import typer

from headrace.core.control_characters import visible


def say(text: str, *, to_stderr: bool = False) -> None:
    """Writes lines of text as they are, but for control characters, which are made visible.

    Args:
        text: The lines; a JSON document stays one.
        to_stderr: Whether to write them to stderr.
    """
    typer.echo(visible(text), file=sys.stderr if to_stderr else sys.stdout)
