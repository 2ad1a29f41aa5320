"""Every error that Headrace raises.

    HeadraceError
    ├── ConfigError            the config, or the call, is wrong; holds every fault found
    ├── ExpressionError        a config's expression failed on the data it was given
    ├── RequestError           a request got no usable answer
    │   ├── ConnectionFailed     host unknown, refused, timed out, TLS, cut off
    │   ├── ResponseStatusError  answered with an error status
    │   ├── RedirectRefused      would have led away from the API's origin
    │   └── AuthenticationFailed there is no proof of who asks: no token, or an object that fails
    ├── PageError              answered, but not with the page that the config describes
    │   └── IncompletePage       with one that ends before its end
    ├── RowError               a row that cannot be loaded as it is
    ├── StateError             the saved ledger of a tail cannot be used
    └── SyncError              the pipeline could not finish
        └── NothingLoaded        there are no tables to look at yet

Each message says what to do next. None holds a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.core.secrets.redaction import clean


class HeadraceError(Exception):
    """Base of all errors that Headrace raises on purpose."""

    def __str__(self) -> str:
        return clean(super().__str__())

    def __repr__(self) -> str:
        return clean(super().__repr__())


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a config.

    Args:
        path: where it stands, as `resources[0].endpoint.paginator.limit`; empty for the whole.
        message: what is wrong, what was expected, and what to do about it.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigError(HeadraceError):
    """The config cannot be used.

    Args:
        faults: all that is wrong, in the order of the config; at least one.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        if len(self.faults) == 1 and not self.faults[0].path:
            super().__init__(self.faults[0].message)
            return
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"the config has {count}:\n{lines}")


class ExpressionError(HeadraceError):
    """An expression of the config is not allowed, or failed on the data it was given."""


class RequestError(HeadraceError):
    """A request got no usable answer."""


class ConnectionFailed(RequestError):  # noqa: N818 - named after what happened, as httpx does
    """The server could not be reached, or the connection broke before the answer was whole."""


class ResponseStatusError(RequestError):
    """The server answered with an error status.

    Args:
        message: the whole story, with the server's own words.
        status: the HTTP status code.
    """

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


class RedirectRefused(RequestError):  # noqa: N818
    """The server pointed to another origin, where the credentials must not go."""


class AuthenticationFailed(RequestError):  # noqa: N818
    """What proves who asks could not be had, so the request was not sent."""


class PageError(HeadraceError):
    """An answer is not the page that the config describes."""


class IncompletePage(PageError):  # noqa: N818
    """The JSON of an answer ends before its end, as when a server or a proxy breaks it off."""


class RowError(HeadraceError):
    """A row cannot be loaded as it is."""


class StateError(HeadraceError):
    """The ledger that an earlier sync saved cannot be used."""


class SyncError(HeadraceError):
    """The pipeline could not finish; what was committed before stays."""


class NothingLoaded(SyncError):  # noqa: N818
    """What is to be looked at has not been loaded yet."""
