"""Masks known secrets where text leaves the process: in log records and in streams."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from headrace.core.secrets.redaction import clean


def clean_logs() -> None:
    """Masks known secrets in all that is logged from now on, also by dlt and aiohttp.

    The records are cleaned where they are made, since a program may add handlers at any time.
    """
    made_by = logging.getLogRecordFactory()
    if not isinstance(made_by, _CleanRecords):
        logging.setLogRecordFactory(_CleanRecords(made_by))


class _CleanRecords:
    """Makes log records without secrets.

    Args:
        make: The factory that makes them otherwise.
    """

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        _clean_message(record)
        _clean_traceback(record)
        return record


def _clean_message(record: logging.LogRecord) -> None:
    try:
        message = record.getMessage()
    except Exception:
        # The handler reports arguments that do not fit the message.
        return
    cleaned = clean(message)
    if cleaned != message:
        record.msg, record.args = cleaned, ()


def _clean_traceback(record: logging.LogRecord) -> None:
    """Replaces an error with a secret in it by its text, which formatters take in its place."""
    if record.exc_info and record.exc_info[1] is not None:
        text = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
        cleaned = clean(text)
        if cleaned != text:
            record.exc_info, record.exc_text = None, cleaned
    if record.stack_info:
        record.stack_info = clean(record.stack_info)


class CleanStream:
    """A text stream that masks known secrets.

    Args:
        stream: The stream that the cleaned text is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes the text with the secrets masked."""
        return self._stream.write(clean(text))

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes the lines with the secrets masked."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
