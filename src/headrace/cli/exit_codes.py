"""Turns errors into messages and exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from headrace.cli.printing import say
from headrace.core.exceptions import ConfigError, HeadraceError

FAILED = 1
CALL_OR_CONFIG_WRONG = 2
TOO_OLD = 3
PARTLY_DONE = 4
INTERRUPTED = 130
_STOPPED = "Stopped. What was committed stays; run again to go on."


def print_to_stderr(text: str) -> None:
    """Writes a line to stderr.

    Args:
        text: The line.
    """
    say(text, to_stderr=True)


@contextmanager
def exit_codes(
    tell: Callable[[str], None] = print_to_stderr, stopped: str = _STOPPED
) -> Iterator[None]:
    """Ends the command when something fails in the block.

    The exit code is 2 when the call or the config is wrong, 1 when the work failed, and 130 when
    someone interrupted it.

    Args:
        tell: A function that writes the message.
        stopped: What to say when someone interrupted it.
    """
    try:
        yield
    except ConfigError as error:
        tell(f"Error: {error}")
        raise typer.Exit(CALL_OR_CONFIG_WRONG) from None
    except HeadraceError as error:
        tell(f"Error: {error}")
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        tell(stopped)
        raise typer.Exit(INTERRUPTED) from None
