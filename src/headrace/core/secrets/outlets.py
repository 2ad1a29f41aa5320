"""Cleans text where it leaves the process: log records of secrets, streams of controls as well."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from headrace.core.control_characters import visible
from headrace.core.secrets.redaction import clean, clean_error

# Colours, the cursor one line up, an erased line, the cursor hidden and shown, the line's start.
_DRAWS = re.compile(r"(\x1b\[(?:[\d;]*m|\d*[AK]|\?25[lh])|\r)")

# What a sync works through. The loggers of the program itself are its own affair.
_LIBRARIES = frozenset(
    [
        *("headrace", "dlt", "aiohttp", "asyncio", "urllib3", "requests", "httpx", "httpcore"),
        *("requests_oauthlib", "oauthlib", "google", "googleapiclient", "boto3", "botocore"),
        *("s3transfer", "azure", "msal", "fsspec", "s3fs", "gcsfs", "adlfs", "sqlalchemy"),
        *("snowflake", "databricks", "clickhouse_connect", "redshift_connector", "psycopg"),
        *("pyiceberg", "concurrent"),
    ]
)


def clean_logs() -> None:
    """Masks known secrets in what the libraries log that a sync works through, Headrace among them.

    The records are cleaned at the loggers of those libraries, since a program may add handlers at
    any time. Neither its own loggers nor its handlers are changed. A library may make more loggers
    later: call it again before they could tell something.
    """
    loggers = {name for name in list(logging.root.manager.loggerDict) if _is_of_library(name)}
    for name in _LIBRARIES | loggers:
        logging.getLogger(name).addFilter(_CLEAN)


def _is_of_library(logger_name: str) -> bool:
    return logger_name.partition(".")[0] in _LIBRARIES


class _CleanRecords(logging.Filter):
    """Masks known secrets in log records, and lets all of them pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        _clean_message(record)
        _clean_traceback(record)
        return True


_CLEAN = _CleanRecords()


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
    """A text stream that masks known secrets, and shows control characters instead of taking them.

    Args:
        stream: The stream that the cleaned text is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def styled(self) -> StyledStream:
        """The same stream for a library that draws on the terminal."""
        return StyledStream(self._stream)

    def write(self, text: str) -> int:
        """Writes the text, cleaned."""
        return self._stream.write(visible(clean(text)))

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes the lines, cleaned."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class StyledStream(CleanStream):
    """A clean stream that takes what rich draws with: styles, and what redraws a table in place.

    Args:
        stream: The stream that the cleaned text is written to.
    """

    def write(self, text: str) -> int:
        """Writes the text, cleaned but for what draws."""
        pieces = _DRAWS.split(clean(text))
        # What draws is every second piece.
        pieces[::2] = map(visible, pieces[::2])
        return self._stream.write("".join(pieces))


@contextmanager
def told_without_secrets() -> Iterator[None]:
    """Masks secrets in what the block logs and raises: engines show both to whoever watches."""
    clean_logs()
    try:
        yield
    except Exception as error:
        clean_error(error)
        raise
