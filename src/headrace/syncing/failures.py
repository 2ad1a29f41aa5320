"""Turns what stops a pipeline into errors that say what to do, and hides secrets in the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

import dlt
from dlt.common.exceptions import DltException

from headrace.core.causes import chain_of
from headrace.core.exceptions import SyncError
from headrace.core.secrets.outlets import clean_logs
from headrace.core.secrets.redaction import clean_error, hold_secrets
from headrace.destination.failures import cause_of, clean_failure_records, is_of_constraint
from headrace.destination.secrets import destination_secrets, secrets_of_settings_error

_PENDING = (
    "What was fetched is kept, and the next run tries to load it first. To give it up and fetch "
    "it again: headrace run CONFIG --drop-pending"
)
_CONSTRAINT = (
    "A constraint of the table in the destination refuses rows. Drop it, and the next run loads "
    "them; or leave such rows out by a `filter` among the `processing_steps`, and fetch the others "
    "again with --drop-pending"
)


@contextmanager
def explained_failures(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Turns what dlt raises in the block into errors that say what to do.

    From here on the secrets of the destination are masked in all that is logged. Errors, and what
    dlt writes of a failure into the pipeline's folder, are cleaned before they go on.

    Args:
        pipeline: The pipeline that runs in the block.

    Raises:
        HeadraceError: The API, or a row of it, stopped the pipeline.
        SyncError: The pipeline or its destination failed.
        KeyboardInterrupt: Someone stopped the pipeline.
    """
    clean_logs()
    hold_secrets(pipeline, destination_secrets(pipeline))
    try:
        yield
    except DltException as error:
        hold_secrets(pipeline, [*destination_secrets(pipeline), *secrets_of_settings_error(error)])
        explained = _explained(error, pipeline)
        clean_error(error)
        clean_failure_records(pipeline)
        if _part(error, explained):
            raise explained from explained.__cause__
        raise explained from error
    except Exception as error:
        clean_error(error)
        raise


def _part(error: DltException, explained: BaseException) -> bool:
    """Parts dlt's errors from the one that they wrap, where it is raised in their place.

    Python takes them for the context of the error, which would be behind itself then.

    Returns:
        Whether dlt's error wraps the other one.
    """
    for wrapper in list(takewhile(lambda each: each is not explained, chain_of(error))):
        if explained in (wrapper.__cause__, wrapper.__context__):
            wrapper.__cause__ = wrapper.__context__ = None
            return True
    return False


def _explained(error: DltException, pipeline: dlt.Pipeline) -> BaseException:
    cause = cause_of(error)
    if isinstance(cause, SyncError) and pipeline.has_pending_data:
        what_next = f"{_CONSTRAINT}\n{_PENDING}" if is_of_constraint(error) else _PENDING
        return cause.located(f"{cause}\n{what_next}")
    return cause
