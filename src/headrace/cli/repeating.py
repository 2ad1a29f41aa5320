"""Does again and again what a command does: says what fails, goes on, and ends at a signal."""

from __future__ import annotations

import threading
from collections.abc import Callable

from headrace.cli.closed_output import outliving_closed_output
from headrace.core.durations import seconds_in
from headrace.core.exceptions import HeadraceError
from headrace.syncing.repeating import keep_repeating, set_on_signals


def repeat_aloud(
    turn: Callable[[threading.Event], None], every: str, tell_error: Callable[[str], None]
) -> None:
    """Does something again and again until a signal ends it; says what fails, and goes on.

    Args:
        turn: Does it once. It is given the event that the signal sets.
        every: The time from the beginning of a turn to that of the next, such as `5m`.
        tell_error: A function that writes what failed.

    Raises:
        ConfigError: A turn raised it, so no later one could succeed, or `every` is no time.
    """
    stop = threading.Event()

    def turn_once() -> None:
        with outliving_closed_output():
            turn(stop)

    def failed(error: Exception) -> None:
        with outliving_closed_output():
            tell_error(f"Error: {told_in_words(error)}\nTrying again in {every}.")

    with set_on_signals(stop):
        keep_repeating(turn_once, seconds_in(every), stop, failed)


def told_in_words(error: Exception) -> str:
    """Writes what failed.

    Args:
        error: The error; of one that is not Headrace's own, its kind is written as well.
    """
    return str(error) if isinstance(error, HeadraceError) else f"{type(error).__name__}: {error}"
