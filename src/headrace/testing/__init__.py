"""Tries a connector against a server, from its first sync to its secrets: one call in a test.

All that is public of it stands in `__all__`.
"""

from headrace.testing.check_connector import check_connector
from headrace.testing.connector_server import ConnectorServer
from headrace.testing.results import CheckResult, ConnectorChecks, ConnectorFailed

__all__ = [
    "CheckResult",
    "ConnectorChecks",
    "ConnectorFailed",
    "ConnectorServer",
    "check_connector",
]
