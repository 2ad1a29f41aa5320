"""A REST API source for dlt: from a config to exact, typed tables."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from headrace._version import __version__ as __version__
from headrace.core.exceptions import (
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
    from headrace.destination.views import CreatedViews, create_views
    from headrace.dlt_source.by_name import rest_api
    from headrace.dlt_source.source import rest_api_resources, rest_api_source
    from headrace.reading.keep_up.legs import LegSettings
    from headrace.reports.html.report import Report, report
    from headrace.reports.status.results import Status
    from headrace.reports.status.status import status
    from headrace.syncing.results import SyncReport
    from headrace.syncing.sync import sync
    from headrace.verification.results import VerificationReport
    from headrace.verification.verify import verify

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
    "CreatedViews": "headrace.destination.views",
    "LegSettings": "headrace.reading.keep_up.legs",
    "Report": "headrace.reports.html.report",
    "Status": "headrace.reports.status.results",
    "SyncReport": "headrace.syncing.results",
    "VerificationReport": "headrace.verification.results",
    "create_views": "headrace.destination.views",
    "report": "headrace.reports.html.report",
    "rest_api": "headrace.dlt_source.by_name",
    "rest_api_resources": "headrace.dlt_source.source",
    "rest_api_source": "headrace.dlt_source.source",
    "status": "headrace.reports.status.status",
    "sync": "headrace.syncing.sync",
    "verify": "headrace.verification.verify",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module `headrace` has no attribute `{name}`")
    return getattr(import_module(_LATER[name]), name)
