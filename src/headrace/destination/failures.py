"""Explains why a pipeline failed, and hides secrets in what dlt has written of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dlt
from dlt.common.configuration.exceptions import ConfigFieldMissingException, LookupTraces
from dlt.common.exceptions import DltException, MissingDependencyException
from dlt.common.schema.exceptions import DataValidationError
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.pipeline.trace import save_trace

from headrace.core.causes import chain_of
from headrace.core.exceptions import HeadraceError, SyncError
from headrace.core.secrets.redaction import clean

_LONGEST = 500
# Behind these words databases quote the statement, and with it values of rows.
_QUOTED_SQL = re.compile(
    r"\s*(?:\bLINE \d+:|\[SQL: |\[parameters: |DETAIL:\s+Failing row ).*", re.DOTALL
)

# How PostgreSQL ends its account of a copy; by ADBC it stands between words of the driver.
_COPY = re.compile(
    r"(?:.*\bERROR:\s+)?(?P<why>.*?)\s*CONTEXT:\s+COPY (?P<table>[^\s,]+), line \d+"
    r"(?:, column (?P<column>[^\s:]+))?.*",
    re.DOTALL,
)


def cause_of(error: Exception) -> BaseException:
    """Finds what stopped a pipeline.

    Args:
        error: The error that dlt raised.

    Returns:
        A `HeadraceError` where one was the cause; a `KeyboardInterrupt` where someone stopped the
        pipeline; otherwise a `SyncError` of one paragraph. It has dlt's text where that says what
        to do, and the text of the destination's own error where it does not.
    """
    chain = list(chain_of(error))
    for each in chain:
        if isinstance(each, HeadraceError):
            return each
        if isinstance(each, KeyboardInterrupt):
            return KeyboardInterrupt()
    for each in chain:
        if isinstance(each, MissingDependencyException):
            return SyncError(_shortened(str(each)))
        if isinstance(each, ConfigFieldMissingException):
            return SyncError(_missing_settings(each))
        if isinstance(each, DataValidationError):
            return SyncError(_broken_contract(each))
    step = f" at its step `{error.step}`" if isinstance(error, PipelineStepFailed) else ""
    words = _shortened(_COPY.sub(_refused_copy, str(chain[-1]), count=1))
    return SyncError(f"the pipeline failed{step}: {type(chain[-1]).__name__}: {words}")


def is_of_constraint(error: Exception) -> bool:
    """Whether a pipeline was stopped by rows that break a constraint of a table (PEP 249).

    Args:
        error: The error that dlt raised.
    """
    return any(
        kind.__name__ == "IntegrityError" for each in chain_of(error) for kind in type(each).__mro__
    )


def is_of_contract(error: Exception) -> bool:
    """Whether a pipeline was stopped by rows that a `schema_contract` freezes out.

    Args:
        error: The error that dlt raised.
    """
    return any(isinstance(each, DataValidationError) for each in chain_of(error))


def clean_failure_records(pipeline: dlt.Pipeline) -> None:
    """Masks known secrets in what dlt has written of a failure into the pipeline's folder.

    These are the messages of failed jobs, and the trace of the last run.

    Args:
        pipeline: The pipeline that failed.
    """
    # A pipeline that could not even be set up has no folder.
    with suppress(OSError, DltException):
        folder = Path(pipeline.working_dir)
        for story in (*folder.glob("**/*.exception"), *folder.glob("**/.exceptions/*")):
            _clean_file(story)
        trace = pipeline.last_trace
        if trace is not None:
            # The trace quotes errors and settings. dlt writes it into the folder, keeps it for
            # `last_trace`, and has no way to change either. At an upgrade of dlt check that the
            # trace is still made of dicts, lists and named tuples, and that nothing else keeps it.
            pipeline._last_trace = _masked(trace)
            save_trace(str(folder), pipeline._last_trace)


def _refused_copy(told: re.Match[str]) -> str:
    why, column = told["why"], told["column"]
    if column is None:
        return f"the table `{told['table']}` refuses rows: {why}"
    return (
        f"the table `{told['table']}` refuses a value for its column `{column}`: {why}. To keep "
        f"such values, declare `{column}` under `columns` with a type that takes them, and have "
        "the table made anew with `--full-refresh`"
    )


def _shortened(text: str) -> str:
    # Secrets are hidden before the text is cut: half a secret would not be known for one.
    words = " ".join(clean(_QUOTED_SQL.sub("", text)).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def _broken_contract(error: DataValidationError) -> str:
    where = f"the table `{error.table_name}`"
    if error.column_name:
        where = f"the column `{error.column_name}` of {where}"
    return (
        f"the rows would add {where}, which the `schema_contract` forbids: "
        f"`{error.schema_entity}: {error.contract_mode}`. To keep such values, set "
        f"`{error.schema_entity}: evolve`; to go on without them, `discard_value` or "
        f"`discard_row`. {_offender(error)}"
    ).strip()


def _offender(error: DataValidationError) -> str:
    """The keys of the row that broke a contract, where dlt knows them."""
    return _shortened("".join(str(error).partition("Offending data item: ")[1:]))


def _missing_settings(error: ConfigFieldMissingException) -> str:
    variables = [_most_telling(keys) for keys in _tried(error.traces) if keys]
    if not variables:
        return _shortened(str(error))
    names = ", ".join(f"`{variable.rpartition('__')[2].lower()}`" for variable in variables)
    section = variables[0].rpartition("__")[0].replace("__", ".").lower()
    return (
        f"settings of the destination are missing: {names}. Put them in .dlt/secrets.toml under "
        f"[{section}], or in the environment: {', '.join(variables)}."
    )


def _tried(traces: object) -> Iterator[list[str]]:
    """For each missing field, the environment variables that dlt looked for."""
    for found in traces.values() if isinstance(traces, dict) else ():
        nested = [trace for trace in found if isinstance(trace, LookupTraces)]
        if nested:
            # Where credentials may be of several kinds, the first is the usual one.
            yield from _tried(nested[0].traces)
        else:
            yield [trace.key for trace in found if trace.provider == "Environment Variables"]


def _most_telling(keys: list[str]) -> str:
    """The variable that names the destination and no pipeline."""
    return max((key for key in keys if key.startswith("DESTINATION__")), key=len, default=keys[0])


def _clean_file(path: Path) -> None:
    written = path.read_text(encoding="utf-8", errors="surrogateescape")
    cleaned = clean(written)
    if cleaned != written:
        path.write_text(cleaned, encoding="utf-8", errors="surrogateescape")


def _masked(value: Any) -> Any:
    """The value with each text in it cleaned: a trace is made of dicts, lists and named tuples."""
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
