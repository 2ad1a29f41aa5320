"""The errors behind an error."""

from __future__ import annotations

from collections.abc import Iterator


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error, then the one that it was raised from or while handling, and so on down.

    Args:
        error: The outermost error.

    Returns:
        The errors, each once, from the outermost to the one where it all began.
    """
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__


def errors_within(error: BaseException) -> Iterator[BaseException]:
    """The error and all others that can be reached from it, the nearest first.

    Besides causes these are the members of groups, and errors that are held as an argument or as
    the `reason`: urllib3 and `requests` wrap errors that way. What is behind an error is looked up
    only after the caller is done with that error, so the caller may replace it.

    Args:
        error: The outermost error.

    Returns:
        The errors, each once.
    """
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        held = [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]
        members = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        waiting.extend(other for other in (*held, *members) if isinstance(other, BaseException))
