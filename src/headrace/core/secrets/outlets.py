"""Where text leaves the process, with known secrets masked on the way: log records and streams."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from headrace.core.secrets.redaction import clean


def clean_logs() -> None:
    """Masks known secrets in what is logged from now on, by whomever: also by dlt and aiohttp.

    In records rather than handlers, since of those a program may get more at any time.
    """
    made_by = logging.getLogRecordFactory()
    if not isinstance(made_by, _CleanRecords):
        logging.setLogRecordFactory(_CleanRecords(made_by))


class _CleanRecords:
    """Makes log records without secrets.

    Args:
        make: makes them as they come.
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
        told = record.getMessage()
    except Exception:
        # Arguments that do not fit are the handler's to report.
        return
    cleaned = clean(told)
    if cleaned != told:
        record.msg, record.args = cleaned, ()


def _clean_traceback(record: logging.LogRecord) -> None:
    """Tells an error with a secret in it as text, which formatters take in place of the error."""
    if record.exc_info and record.exc_info[1] is not None:
        told = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
        cleaned = clean(told)
        if cleaned != told:
            record.exc_info, record.exc_text = None, cleaned
    if record.stack_info:
        record.stack_info = clean(record.stack_info)


class CleanStream:
    """A text stream that known secrets do not pass.

    Args:
        stream: that the rest is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes the text with the secrets masked."""
        return self._stream.write(clean(text))

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes each of the lines so."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
