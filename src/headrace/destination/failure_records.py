"""What dlt has written of a failure into the pipeline's folder, without secrets."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import dlt
from dlt.common.exceptions import DltException
from dlt.pipeline.trace import save_trace

from headrace.core.secrets.redaction import clean


def clean_failure_records(pipeline: dlt.Pipeline) -> None:
    """Masks known secrets in the stories of failed jobs and in the trace of the last run.

    Args:
        pipeline: that failed.
    """
    # A pipeline that could not even be set up has no folder.
    with suppress(OSError, DltException):
        folder = Path(pipeline.working_dir)
        for story in (*folder.glob("**/*.exception"), *folder.glob("**/.exceptions/*")):
            _clean_file(story)
        trace = pipeline.last_trace
        if trace is not None:
            pipeline._last_trace = _masked(trace)
            save_trace(str(folder), pipeline._last_trace)


def _clean_file(path: Path) -> None:
    told = path.read_text(encoding="utf-8", errors="surrogateescape")
    cleaned = clean(told)
    if cleaned != told:
        path.write_text(cleaned, encoding="utf-8", errors="surrogateescape")


def _masked(value: Any) -> Any:
    """The value with each text in it cleaned, down through what a trace is made of."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return type(value)((key, _masked(inner)) for key, inner in value.items())
    if isinstance(value, tuple) and (names := getattr(value, "_fields", None)):
        named: Any = value
        return named._replace(**{name: _masked(getattr(value, name)) for name in names})
    if type(value) in (list, tuple):
        return type(value)(_masked(inner) for inner in value)
    return value
