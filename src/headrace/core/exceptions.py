"""Every error that Headrace raises.

    HeadraceError              base of all of them
    ├── ConfigError            the config, or the call, is wrong; holds every fault found
    ├── ExpressionError        an expression of the config failed on the data it was given
    ├── RequestError           a request got no usable answer
    │   ├── ConnectionFailed     no connection, or one that broke before the answer was whole
    │   ├── ResponseStatusError  the server answered with an error status
    │   ├── RedirectRefused      the request would have led away from the API's origin
    │   └── AuthenticationFailed there are no credentials to send: no token, or what signs fails
    ├── PageError              an answer is not the page that the config describes
    │   └── IncompletePage       an answer ends before its end, or is still to be computed
    ├── RowError               a row cannot be loaded as it is
    ├── StateError             the saved state of a resource cannot be used
    └── SyncError              the pipeline could not finish
        └── NothingLoaded        there are no tables to look at yet

Each message says what to do next. Beside its message an error has its data, as attributes:
`resource`, `url`, `status` and `row`. Neither the message nor the data holds a secret that was
known when the error was made; `str(error)`, `repr(error)` and what is pickled hold none that became
known later either. All of them can be pickled, as happens when an error crosses from one process to
another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from headrace.core.secrets.redaction import clean

MAX_ROW_CHARACTERS = 1_000
"""The `row` of an error is cut after so many characters."""


class HeadraceError(Exception):
    """Base of all errors that Headrace raises on purpose.

    Args:
        message: What happened, and what to do next; secrets in it are masked.
        resource: The name of the resource that was being read; None where the error is not about
            one resource.
        url: The URL of the request that failed, or whose answer the error is about. It has no user
            name and no password, and `***` in place of secret query parameters. None where there
            was no request.
        status: The HTTP status code of the answer; None where no answer came.
        row: The row that the error is about, as the JSON text that the server sent, with secrets
            masked. It is cut after 1,000 characters. None where the error is about no single row.
    """

    resource: str | None
    url: str | None
    status: int | None
    row: str | None

    def __init__(
        self,
        message: str,
        *,
        resource: str | None = None,
        url: str | None = None,
        status: int | None = None,
        row: str | None = None,
    ) -> None:
        super().__init__(clean(message))
        self.resource = _shown(resource)
        self.url = _shown(url)
        self.status = status
        self.row = _cut(_shown(row))

    # A secret may become known after the error was made.
    def __str__(self) -> str:
        return clean(super().__str__())

    def __repr__(self) -> str:
        return clean(super().__repr__())

    def __reduce__(self) -> tuple[Callable[..., HeadraceError], tuple[Any, ...]]:
        # `Exception` would call the class with `args`, which are the message alone: constructors
        # that want more than a message could not be called so. Secrets are masked before they
        # leave the process, since no other one knows what to mask.
        attributes = {name: _without_secrets(held) for name, held in vars(self).items()}
        return _restored, (type(self), _without_secrets(self.args), attributes)

    def located(
        self,
        message: str | None = None,
        *,
        resource: str | None = None,
        url: str | None = None,
        status: int | None = None,
        row: str | None = None,
    ) -> Self:
        """Adds to an error where it happened, for callers that know more than who raised it.

        Args:
            message: The message that replaces the present one, usually the present one with the
                place before it; None keeps the present one.
            resource: The name of the resource. This and the following are taken over only where
                the error does not have them yet: who was nearer to the failure knows better.
            url: The URL of the request, without secrets.
            status: The HTTP status code of the answer.
            row: The JSON text of the row, without secrets.

        Returns:
            The error itself, to be raised again.
        """
        if message is not None:
            self.args = (clean(message),)
        self.resource = self.resource if self.resource is not None else _shown(resource)
        self.url = self.url if self.url is not None else _shown(url)
        self.status = self.status if self.status is not None else status
        self.row = self.row if self.row is not None else _cut(_shown(row))
        return self


def _restored(
    kind: type[HeadraceError], args: tuple[object, ...], attributes: dict[str, object]
) -> HeadraceError:
    """Makes an error out of what was pickled, without calling its constructor."""
    error = kind.__new__(kind, *args)
    vars(error).update(attributes)
    return error


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Fault):
        return Fault(clean(value.path), clean(value.message))
    if isinstance(value, dict):
        return {_without_secrets(key): _without_secrets(item) for key, item in value.items()}
    for kind in (tuple, list, set, frozenset):
        if isinstance(value, kind):
            return kind(map(_without_secrets, value))
    return value


def _shown(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _cut(row: str | None) -> str | None:
    if row is None or len(row) <= MAX_ROW_CHARACTERS:
        return row
    return row[: MAX_ROW_CHARACTERS - 1] + "…"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a config.

    Args:
        path: Where it stands, such as `resources[0].endpoint.paginator.limit`; empty where the
            fault is in the config as a whole.
        message: What is wrong, what was expected, and what to do about it.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return clean(f"{self.path}: {self.message}" if self.path else self.message)


class ConfigError(HeadraceError):
    """The config cannot be used, or a function was called with something it cannot work with.

    Args:
        faults: All that is wrong, in the order of the config; at least one.
        resource: The name of the resource that the faults are about; None where they are about
            several, or about the config as a whole.
    """

    faults: tuple[Fault, ...]

    def __init__(self, faults: Sequence[Fault], *, resource: str | None = None) -> None:
        self.faults = tuple(map(_without_secrets, faults))
        if len(self.faults) == 1 and not self.faults[0].path:
            super().__init__(self.faults[0].message, resource=resource)
            return
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"the config has {count}:\n{lines}", resource=resource)


class ExpressionError(HeadraceError):
    """An expression of the config is not allowed, or failed on the data it was given.

    Its data: `resource`; `url` and `status` where the data came with an answer; `row` where the
    data was a row.
    """


class RequestError(HeadraceError):
    """A request got no usable answer.

    Its data: `resource` and `url`; `status` where an answer came.
    """


class ConnectionFailed(RequestError):  # noqa: N818 - named after what happened, as httpx does
    """The server could not be reached, or the connection broke before the answer was whole.

    Its data: `resource` and `url`.
    """


class ResponseStatusError(RequestError):
    """The server answered with an error status.

    Args:
        message: What was asked, what the server answered, in its own words, and what to do.
        status: The HTTP status code.
        resource: The name of the resource that was being read.
        url: The URL of the request, without secrets.
        answer: What was asked and what the server answered, without what to do; None where the
            message is all there is.
    """

    status: int
    answer: str | None

    def __init__(
        self,
        message: str,
        status: int,
        *,
        resource: str | None = None,
        url: str | None = None,
        answer: str | None = None,
    ) -> None:
        super().__init__(message, resource=resource, url=url, status=status)
        self.answer = _shown(answer)


class RedirectRefused(RequestError):  # noqa: N818
    """The server pointed to another origin, where the credentials must not go.

    Its data: `resource`; `url`, which is the one that was asked for; `status` of the redirect.
    """


class AuthenticationFailed(RequestError):  # noqa: N818
    """The credentials of a request could not be had, so the request was not sent.

    Its data: `resource`; `url`, which is the token server's where a token was asked for;
    `status` of the token server's answer.
    """


class PageError(HeadraceError):
    """An answer is not the page that the config describes.

    Its data: `resource`, `url` and `status`; `row` where one row of the page is the reason.
    """


class IncompletePage(PageError):  # noqa: N818
    """An answer ends before its end, as when a server or a proxy breaks it off.

    So does one with 202 Accepted that holds no row yet.

    Its data: `resource`, `url` and `status`.
    """


class RowError(HeadraceError):
    """A row cannot be loaded as it is.

    Its data: `resource` and `row`; `url` of the request whose answer held the row.
    """


class StateError(HeadraceError):
    """What an earlier sync saved of a resource cannot be used.

    Its data: `resource`.
    """


class SyncError(HeadraceError):
    """The pipeline could not finish; what was committed before stays."""


class NothingLoaded(SyncError):  # noqa: N818
    """The tables that are to be looked at have not been loaded yet."""
