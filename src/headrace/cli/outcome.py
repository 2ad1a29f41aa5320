"""Turns an error into its message and the exit code that goes with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from headrace.exceptions import ConfigError, HeadraceError

FAILED = 1
CALL_OR_CONFIG_WRONG = 2
TOO_OLD = 3
INTERRUPTED = 130


@contextmanager
def exit_codes() -> Iterator[None]:
    """Ends the command with 2 when the call or config is wrong, with 1 when the work failed."""
    try:
        yield
    except ConfigError as error:
        _say(f"Error: {error}")
        raise typer.Exit(CALL_OR_CONFIG_WRONG) from None
    except HeadraceError as error:
        _say(f"Error: {error}")
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        _say("Stopped. What was committed stays; run again to go on.")
        raise typer.Exit(INTERRUPTED) from None


def _say(text: str) -> None:
    typer.echo(text, file=sys.stderr)
