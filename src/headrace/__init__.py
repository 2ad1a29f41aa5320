"""A REST API source for dlt: from a config to exact, typed tables."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from headrace.exceptions import (
    ConfigError,
    ConnectionFailed,
    ExpressionError,
    Fault,
    HeadraceError,
    NothingLoaded,
    PageError,
    RedirectRefused,
    RequestError,
    ResponseStatusError,
    RowError,
    StateError,
    SyncError,
)

if TYPE_CHECKING:
    from headrace.legs import LegSettings
    from headrace.monitoring import status
    from headrace.named_source import rest_api
    from headrace.reporting import Report, report
    from headrace.source import rest_api_resources, rest_api_source
    from headrace.status_report import Status
    from headrace.syncing import SyncReport, sync
    from headrace.verification import verify
    from headrace.verification_report import VerificationReport
    from headrace.views import CreatedViews, create_views

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "ConnectionFailed",
    "CreatedViews",
    "ExpressionError",
    "Fault",
    "HeadraceError",
    "LegSettings",
    "NothingLoaded",
    "PageError",
    "RedirectRefused",
    "Report",
    "RequestError",
    "ResponseStatusError",
    "RowError",
    "StateError",
    "Status",
    "SyncError",
    "SyncReport",
    "VerificationReport",
    "create_views",
    "report",
    "rest_api",
    "rest_api_resources",
    "rest_api_source",
    "status",
    "sync",
    "verify",
]

# What becomes of the logs is for the program to say.
logging.getLogger(__name__).addHandler(logging.NullHandler())

# dlt takes most of a second to import: not before it is needed.
_LATER = {
    "CreatedViews": "headrace.views",
    "LegSettings": "headrace.legs",
    "Report": "headrace.reporting",
    "Status": "headrace.status_report",
    "SyncReport": "headrace.syncing",
    "VerificationReport": "headrace.verification_report",
    "create_views": "headrace.views",
    "report": "headrace.reporting",
    "rest_api": "headrace.named_source",
    "rest_api_resources": "headrace.source",
    "rest_api_source": "headrace.source",
    "status": "headrace.monitoring",
    "sync": "headrace.syncing",
    "verify": "headrace.verification",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module `headrace` has no attribute `{name}`")
    return getattr(import_module(_LATER[name]), name)
