"""Draws with rich: what comes from elsewhere is neither markup nor steers the terminal."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from headrace.core.control_characters import visible
from headrace.core.secrets.outlets import CleanStream, StyledStream

# rich measures nothing as wider than it is allowed to be, so that is set very wide.
_ANY_WIDTH = 1_000_000


def new_console(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """Makes a console that draws on the output of the process.

    Args:
        stderr: Whether to draw on stderr.
        soft_wrap: Whether the terminal breaks long lines, and not rich.
    """
    stream: Any = sys.stderr if stderr else sys.stdout
    styled: Any = stream.styled if isinstance(stream, CleanStream) else StyledStream(stream)
    return Console(file=styled, stderr=stderr, soft_wrap=soft_wrap)


def plain(text: str, style: str = "") -> Text:
    """Makes text for rich of what may come from elsewhere.

    Args:
        text: The text, which is no markup. Its control characters are made visible.
        style: A style of rich's, such as `bold`.
    """
    return Text(visible(text), style=style)


def whole_width(console: Console, table: Table) -> int:
    """How wide a table is where nothing in it is broken or cut off.

    Args:
        console: What it is to be drawn on.
        table: The table.
    """
    anything = console.options.update(width=_ANY_WIDTH)
    return Measurement.get(console, anything, table).maximum


def print_table(console: Console, table: Table) -> None:
    """Draws a table: on a terminal as wide as that is, elsewhere with each row on one line.

    A log, a mail or another program gets the names whole then.

    Args:
        console: What to draw on.
        table: The table.
    """
    width = console.width
    if not console.is_terminal:
        console.width = max(width, whole_width(console, table))
    console.print(table)
    console.width = width
