"""The errors that Headrace raises, for `except` clauses: one small tree."""

from headrace.core.exceptions import (
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    ExpressionError,
    Fault,
    HeadraceError,
    IncompletePage,
    NothingLoaded,
    PageError,
    RedirectRefused,
    RequestError,
    ResponseStatusError,
    RowError,
    StateError,
    SyncError,
)

__all__ = [
    "AuthenticationFailed",
    "ConfigError",
    "ConnectionFailed",
    "ExpressionError",
    "Fault",
    "HeadraceError",
    "IncompletePage",
    "NothingLoaded",
    "PageError",
    "RedirectRefused",
    "RequestError",
    "ResponseStatusError",
    "RowError",
    "StateError",
    "SyncError",
]
