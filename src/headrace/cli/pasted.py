"""Reads what is pasted into a terminal, or comes through a pipe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from headrace.cli.printing import say

_EMPTY_LINE = re.compile(r"\n[ \t]*\n\Z")
_END_OF_INPUT = "\x04"
_MOST = 1024 * 1024


def pasted(prompt: str, is_whole: Callable[[str], bool]) -> str:
    """A text that is pasted, which is not shown, and may have secrets in it.

    Args:
        prompt: What to say in a terminal before.
        is_whole: Whether an empty line behind a text ends it.
    """
    if not sys.stdin.isatty():
        return sys.stdin.read(_MOST)
    text = ""
    with _unseen() as parts:
        say(f"{prompt}, then an empty line. It is not shown.", to_stderr=True)
        for part in parts:
            text += part
            begun, end, _ = text.partition(_END_OF_INPUT)
            is_over = bool(_EMPTY_LINE.search(text)) and text.strip() and is_whole(text)
            if end or is_over or len(text) > _MOST:
                return begun
    return text


@contextmanager
def _unseen() -> Iterator[Iterator[str]]:
    """What comes in, part by part, without an echo, and without an end of lines at 4,095 bytes."""
    try:
        import termios
    except ImportError:
        yield iter(sys.stdin.readline, "")
        return
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    quiet = termios.tcgetattr(file)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    try:
        termios.tcsetattr(file, termios.TCSADRAIN, quiet)
        yield _parts(file)
    finally:
        # What is left of the paste would go to the shell.
        termios.tcflush(file, termios.TCIFLUSH)
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _parts(file: int) -> Iterator[str]:
    rest = b""
    while part := os.read(file, 65536):
        whole, rest = _whole_characters(rest + part)
        yield whole


def _whole_characters(read: bytes) -> tuple[str, bytes]:
    """The text that has come, and the beginning of a character whose end has not."""
    try:
        return read.decode(), b""
    except UnicodeDecodeError as error:
        is_cut = error.reason == "unexpected end of data"
        if is_cut:
            return read[: error.start].decode(), read[error.start :]
        return read.decode("utf-8", "replace"), b""
