"""The same trouble is tried again as often whichever library sends the request."""

from __future__ import annotations

import aiohttp
import pytest
import requests
from aiohttp.client_reqrep import ConnectionKey
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

from headrace.core.exceptions import ConnectionFailed
from headrace.core.secrets.redaction import Redactor
from headrace.http.failures.aiohttp_failures import ClosedUnanswered, aiohttp_failure
from headrace.http.failures.attempts import AttemptFailed, attempt_failed, passing_name
from headrace.http.failures.kinds import Failure, FailureKind
from headrace.http.failures.requests_failures import requests_failure

KEY = ConnectionKey("h", 80, False, True, None, None, None)
REFUSED = ConnectionRefusedError(111, "refused")
CONNECTION = HTTPConnection("h")
FAILED = ConnectionFailed("no answer")


def wrapped(reason: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(MaxRetryError(HTTPConnectionPool("h"), "/", reason))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "unknown")),
            wrapped(NameResolutionError("h", CONNECTION, OSError(-2, "unknown"))),  # type: ignore[arg-type]
        ),
        (
            aiohttp.ClientConnectorError(KEY, REFUSED),
            wrapped(NewConnectionError(CONNECTION, "refused")),
        ),
        (TimeoutError(), requests.ReadTimeout()),
        (aiohttp.ClientPayloadError(), requests.exceptions.ChunkedEncodingError()),
        (ClosedUnanswered(), requests.ConnectionError(ConnectionResetError())),
        (aiohttp.ClientProxyConnectionError(KEY, REFUSED), requests.exceptions.ProxyError()),
        (aiohttp.InvalidURL("h"), requests.exceptions.InvalidURL("h")),
    ],
)
def test_both_libraries_lead_to_the_same_rule(ours: Exception, theirs: Exception) -> None:
    failures = [aiohttp_failure(ours, Redactor()), requests_failure(theirs, Redactor())]
    assert failures[0].kind is failures[1].kind
    for has_answered in (False, True):
        one, other = (attempt_failed(each, FAILED, has_answered=has_answered) for each in failures)
        assert type(one) is type(other)
        assert vars(one) == vars(other)


def test_tls_and_what_is_no_http_are_not_tried_again() -> None:
    for kind in (FailureKind.TLS, FailureKind.NO_HTTP, FailureKind.LONG_HEADERS, FailureKind.OTHER):
        assert attempt_failed(Failure(kind), FAILED, has_answered=True) is FAILED


def test_a_proxy_in_trouble_is_tried_again_and_one_that_refuses_is_not() -> None:
    assert passing_name(Failure(FailureKind.PROXY)) == "no proxy"
    assert passing_name(Failure(FailureKind.PROXY, proxy_status=503)) == "proxy 503"
    assert passing_name(Failure(FailureKind.PROXY, proxy_status=407)) is None


def test_an_unknown_host_is_tried_twice_and_a_server_that_was_there_gets_time() -> None:
    unknown = attempt_failed(Failure(FailureKind.UNKNOWN_HOST), FAILED, has_answered=False)
    assert isinstance(unknown, AttemptFailed)
    assert unknown.most_attempts == 2
    for has_answered, patience in ((False, 1.0), (True, 2.0)):
        gone = attempt_failed(Failure(FailureKind.NO_CONNECTION), FAILED, has_answered=has_answered)
        assert isinstance(gone, AttemptFailed)
        assert (gone.most_attempts, gone.patience) == (None, patience)
