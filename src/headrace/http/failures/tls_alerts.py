"""What the other side says of TLS in the midst of a connection."""

from __future__ import annotations

import ssl

from headrace.core.causes import errors_within
from headrace.http.failures.kinds import Failure, FailureKind


def tls_alert(error: Exception) -> Failure | None:
    """The failure that an error of TLS stands for, or None where the error is none.

    With TLS 1.3 a server refuses the client's certificate where its answer was due.

    Args:
        error: What the connection ended with.
    """
    alerts = (each for each in errors_within(error) if isinstance(each, ssl.SSLError))
    alert = next(alerts, None)
    if alert is None or not alert.reason:
        return None
    return Failure(FailureKind.TLS, in_words(alert.reason))


def in_words(reason: str) -> str:
    """A reason of OpenSSL's in words.

    Args:
        reason: Such as `CERTIFICATE_VERIFY_FAILED`.
    """
    return reason.replace("_", " ").lower()
