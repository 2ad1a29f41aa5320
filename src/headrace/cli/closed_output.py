"""What a command does when nobody takes any more what it writes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def outliving_closed_output() -> Iterator[None]:
    """Lets a block end at a closed output, and what comes after it go on without one.

    Raises:
        OSError: What the block raised for another reason.
    """
    try:
        yield
    except SystemExit:
        # So rich ends a program whose output was closed, which it then leads nowhere as well.
        return
    except OSError as error:
        # What was written at once, past the buffers, leaves nothing in them to tell by.
        if not _led_nowhere() and not isinstance(error, BrokenPipeError):
            raise


def _led_nowhere() -> bool:
    """Leads the output and the errors of the process nowhere, where they were closed.

    A reader that ends, or a terminal that is shut, closes them. Whatever is written afterwards
    would fail, and at the end Python would exit with 120.

    Returns:
        Whether one of them was closed.
    """
    was_closed = False
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            was_closed = True
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
    return was_closed
