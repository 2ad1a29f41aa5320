"""A REST API source for dlt: from a config to exact, typed tables.

All that is public stands in `__all__`, and in that of `headrace.testing`, which tries connectors;
the modules below may change with each release. The errors can be imported from
`headrace.exceptions` as well.
"""

import importlib as _importlib
import logging as _logging
import typing as _typing

from headrace._version import __version__ as __version__

# For type checkers and editors, which do not look into the table below. A test holds that both
# name the same.
if _typing.TYPE_CHECKING:
    from headrace.core.exceptions import AuthenticationFailed as AuthenticationFailed
    from headrace.core.exceptions import ConfigError as ConfigError
    from headrace.core.exceptions import ConnectionFailed as ConnectionFailed
    from headrace.core.exceptions import ExpressionError as ExpressionError
    from headrace.core.exceptions import Fault as Fault
    from headrace.core.exceptions import HeadraceError as HeadraceError
    from headrace.core.exceptions import IncompletePage as IncompletePage
    from headrace.core.exceptions import NothingLoaded as NothingLoaded
    from headrace.core.exceptions import PageError as PageError
    from headrace.core.exceptions import RedirectRefused as RedirectRefused
    from headrace.core.exceptions import RequestError as RequestError
    from headrace.core.exceptions import ResponseStatusError as ResponseStatusError
    from headrace.core.exceptions import RowError as RowError
    from headrace.core.exceptions import StateError as StateError
    from headrace.core.exceptions import SyncError as SyncError
    from headrace.core.failed_requests import FailedRequest as FailedRequest
    from headrace.core.figures import Figures as Figures
    from headrace.core.figures import ResourceFigures as ResourceFigures
    from headrace.destination.run_history import ResourceRun as ResourceRun
    from headrace.destination.views import CreatedViews as CreatedViews
    from headrace.destination.views import create_views as create_views
    from headrace.discovery.discover import discover as discover
    from headrace.discovery.probing_client import AskedRequest as AskedRequest
    from headrace.discovery.results import Discovery as Discovery
    from headrace.dlt_source.by_call import rest_api_resources as rest_api_resources
    from headrace.dlt_source.by_call import rest_api_source as rest_api_source
    from headrace.dlt_source.by_name import rest_api as rest_api
    from headrace.dlt_source.plain_reading import read as read
    from headrace.explaining.explain import explain as explain
    from headrace.explaining.explanation import ExplainedRequest as ExplainedRequest
    from headrace.explaining.explanation import ExplainedResource as ExplainedResource
    from headrace.explaining.explanation import ExplainedStep as ExplainedStep
    from headrace.explaining.explanation import Explanation as Explanation
    from headrace.reading.keep_up.legs import LegSettings as LegSettings
    from headrace.reading.plain_batches import RowSetAside as RowSetAside
    from headrace.reading.reader import Reader as Reader
    from headrace.reports.html.report import Report as Report
    from headrace.reports.html.report import report as report
    from headrace.reports.served.serving import ServedPage as ServedPage
    from headrace.reports.served.serving import serve_report as serve_report
    from headrace.reports.status.results import MissingRows as MissingRows
    from headrace.reports.status.results import NextSync as NextSync
    from headrace.reports.status.results import OpenRows as OpenRows
    from headrace.reports.status.results import Quarantine as Quarantine
    from headrace.reports.status.results import QuarantinedRow as QuarantinedRow
    from headrace.reports.status.results import ResourceStatus as ResourceStatus
    from headrace.reports.status.results import Status as Status
    from headrace.reports.status.status import status as status
    from headrace.sansio.discovery.evidence import Evidence as Evidence
    from headrace.syncing.results import FoundMissing as FoundMissing
    from headrace.syncing.results import SyncReport as SyncReport
    from headrace.syncing.retention import Retention as Retention
    from headrace.syncing.sync import sync as sync
    from headrace.verification.comparison import RowKeys as RowKeys
    from headrace.verification.comparison import TableComparison as TableComparison
    from headrace.verification.repair import TableRepair as TableRepair
    from headrace.verification.results import TableVerification as TableVerification
    from headrace.verification.results import VerificationReport as VerificationReport
    from headrace.verification.verify import verify as verify

# The public names by the module that defines them. dlt takes most of a second to import: no module
# is imported before one of its names is asked for.
_NAMES_BY_MODULE = {
    "headrace.core.exceptions": (
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
    ),
    "headrace.core.failed_requests": ("FailedRequest",),
    "headrace.core.figures": (
        "Figures",
        "ResourceFigures",
    ),
    "headrace.destination.run_history": ("ResourceRun",),
    "headrace.destination.views": (
        "CreatedViews",
        "create_views",
    ),
    "headrace.discovery.discover": ("discover",),
    "headrace.discovery.probing_client": ("AskedRequest",),
    "headrace.discovery.results": ("Discovery",),
    "headrace.dlt_source.by_name": ("rest_api",),
    "headrace.dlt_source.by_call": (
        "rest_api_resources",
        "rest_api_source",
    ),
    "headrace.dlt_source.plain_reading": ("read",),
    "headrace.explaining.explain": ("explain",),
    "headrace.explaining.explanation": (
        "ExplainedRequest",
        "ExplainedResource",
        "ExplainedStep",
        "Explanation",
    ),
    "headrace.reading.keep_up.legs": ("LegSettings",),
    "headrace.reading.plain_batches": ("RowSetAside",),
    "headrace.reading.reader": ("Reader",),
    "headrace.reports.html.report": (
        "Report",
        "report",
    ),
    "headrace.reports.served.serving": ("ServedPage", "serve_report"),
    "headrace.reports.status.results": (
        "MissingRows",
        "NextSync",
        "OpenRows",
        "Quarantine",
        "QuarantinedRow",
        "ResourceStatus",
        "Status",
    ),
    "headrace.reports.status.status": ("status",),
    "headrace.sansio.discovery.evidence": ("Evidence",),
    "headrace.syncing.results": ("FoundMissing", "SyncReport"),
    "headrace.syncing.retention": ("Retention",),
    "headrace.syncing.sync": ("sync",),
    "headrace.verification.comparison": (
        "RowKeys",
        "TableComparison",
    ),
    "headrace.verification.repair": ("TableRepair",),
    "headrace.verification.results": (
        "TableVerification",
        "VerificationReport",
    ),
    "headrace.verification.verify": ("verify",),
}
_MODULES = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names}

# Parts of dlt import each other: two threads that begin with different ones would wait for each
# other, which Python breaks off with an error. Whoever begins with dlt itself waits for the other.
_NEED_DLT = frozenset(
    [
        "headrace.destination.run_history",
        "headrace.destination.views",
        "headrace.dlt_source.by_call",
        "headrace.dlt_source.by_name",
        "headrace.dlt_source.plain_reading",
        "headrace.explaining.explain",
        "headrace.reports.html.report",
        "headrace.reports.served.serving",
        "headrace.reports.status.results",
        "headrace.reports.status.status",
        "headrace.syncing.sync",
        "headrace.verification.repair",
        "headrace.verification.results",
        "headrace.verification.verify",
    ]
)

__all__ = sorted(_MODULES)

# What becomes of the logs is for the program to say.
_logging.getLogger(__name__).addHandler(_logging.NullHandler())


if not _typing.TYPE_CHECKING:
    # Hidden from type checkers, which would take it that there is an attribute of any name.
    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module `headrace` has no attribute `{name}`")
        module = _MODULES[name]
        if module in _NEED_DLT:
            _importlib.import_module("dlt")
        return getattr(_importlib.import_module(module), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
