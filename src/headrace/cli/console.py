"""Draws with rich: what comes from elsewhere is neither markup nor steers the terminal."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.core.control_characters import visible
from headrace.core.secrets.outlets import CleanStream, StyledStream


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
