"""Says in plain words why a request failed, and what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from headrace.core.exceptions import ConnectionFailed, PageError, ResponseStatusError
from headrace.core.exchange import Response, ShownRequest
from headrace.core.secrets.redaction import Redactor, one_line
from headrace.http.failures.kinds import LONGEST_HEADER, MOST_HEADERS, Failure, FailureKind
from headrace.http.settings import BASE_URL

_LONGEST_SERVER_WORDS = 500
_MOST_ERRORS = 5
_LIMIT_WORDS = re.compile(
    rb"(?:rate|usage|request)s?[ _-]?limit|too many requests|quota|throttl", re.I
)

SLOW_DOWN = "The server asks to slow down: wait, then run again."
"""What to do about an answer that is a matter of time."""

_NEXT_STEP = {
    400: "Check the endpoint's parameters.",
    404: "Check `client.base_url` and the resource's `endpoint.path`.",
    405: "Check the endpoint's `method`.",
    429: SLOW_DOWN,
}


def connection_failed(
    failure: Failure,
    asked: ShownRequest,
    origin: str,
    timeout: float,
    url_key: str = BASE_URL,
) -> ConnectionFailed:
    """The error of a request that got no whole answer.

    Args:
        failure: What went wrong.
        asked: The request, fit to be shown.
        origin: The server's origin, such as `https://api.example.com`, without secrets.
        timeout: How many seconds one request was allowed to take.
        url_key: The key of the config that the server's URL comes from.
    """
    words = _in_words(failure, origin, timeout, url_key)
    return ConnectionFailed(f"{asked}: {words}", url=asked.url)


def _in_words(failure: Failure, origin: str, seconds: float, url_key: str) -> str:
    """What went wrong, and what to do."""
    match failure.kind:
        case FailureKind.UNKNOWN_HOST:
            return (
                f"the host of {origin} is unknown. Check `{url_key}`, and that this machine "
                "can look up names."
            )
        case FailureKind.TLS:
            return f"TLS with {origin} failed ({failure.detail}). {_about_tls(failure, url_key)}"
        case FailureKind.PROXY:
            return (
                "the proxy could not be reached, or refuses. Check HTTP_PROXY, HTTPS_PROXY and "
                "NO_PROXY."
            )
        case FailureKind.TIMEOUT:
            return (
                f"no whole answer within {seconds:g} s. Raise `client.timeout`, or ask for "
                "smaller pages."
            )
        case FailureKind.NO_CONNECTION:
            return (
                f"{origin} does not take the connection ({failure.detail}). "
                "Is the server running, and is the port right?"
            )
        case FailureKind.ENCODING:
            return (
                "the answer cannot be decompressed: it is not what its Content-Encoding "
                f"({failure.detail}) says. Run again, or ask for it unpacked: "
                '`client.headers: {Accept-Encoding: "identity"}`.'
            )
        case FailureKind.UNKNOWN_ENCODING:
            return (
                f"the answer is packed in a way that cannot be undone here ({failure.detail}). "
                'Or ask for another: `client.headers: {Accept-Encoding: "gzip"}`.'
            )
        case FailureKind.BROKEN_OFF:
            return "the answer broke off before its end. Run again."
        case FailureKind.CLOSED:
            hint = f" {_MAY_WANT_A_CERTIFICATE}" if origin.startswith("https") else ""
            return f"{origin} closed the connection before it answered. Run again.{hint}"
        case FailureKind.LONG_HEADERS:
            return (
                f"the headers of the answer are more than {MOST_HEADERS}, or one of them is longer "
                f"than {LONGEST_HEADER:,} bytes."
            )
        case FailureKind.NO_HTTP:
            return (
                f"{origin} answers, but not in HTTP ({failure.detail}). "
                f"Is the port in `{url_key}` right?"
            )
        case FailureKind.BROKEN_HEAD:
            return (
                f"the head of the answer is broken HTTP ({failure.detail}). The fault is the "
                f"server's at {origin}, or that of a proxy before it: tell whoever runs it."
            )
        case FailureKind.BROKEN_BODY:
            return (
                f"the body of the answer is broken HTTP ({failure.detail}). The fault is the "
                f"server's at {origin}, or that of a proxy before it: run again, and where it "
                "stays, tell whoever runs it."
            )
        case FailureKind.OTHER | FailureKind.OTHER_CONNECTION:
            return f"{failure.detail}. Check `{url_key}`."


# By a part of what OpenSSL says: what to do. An alert is what the other side says.
_TLS_STEPS = (
    (
        r"alert.*(certificate|unknown ca|handshake failure|access denied)",
        "The server wants a certificate of the client's, or does not accept the one that it got: "
        "name its file in `client.tls.cert`.",
    ),
    (
        r"protocol version|unsupported protocol",
        "The two speak no version of TLS in common: see `client.tls.min_version`.",
    ),
    (
        r"self-signed|issuer certificate",
        "Where an authority (CA) of your own signs its certificate, name the file of that in "
        "`client.tls.ca`; if one is named there already, it is another.",
    ),
    (
        r"expired",
        "It is the server's, or that of the authority in `client.tls.ca`: whoever runs it has to "
        "renew it.",
    ),
    (r"eof", "The server broke off. {may_want}"),
)
_MAY_WANT_A_CERTIFICATE = (
    "Where it stays so, the server may want a certificate of the client's: `client.tls.cert`."
)


def _about_tls(failure: Failure, url_key: str) -> str:
    for said, step in _TLS_STEPS:
        if re.search(said, failure.detail):
            return step.format(may_want=_MAY_WANT_A_CERTIFICATE)
    return f"Check the certificate, and whether `{url_key}` has the right scheme and port."


def redirect_to_nowhere(status: int, asked: ShownRequest, url_key: str) -> ResponseStatusError:
    """The error of a redirect that does not say where to.

    Args:
        status: The HTTP status code.
        asked: The request, fit to be shown.
        url_key: The key of the config that the server's URL comes from.
    """
    and_path = " and the resource's `endpoint.path`" if url_key == BASE_URL else ""
    return ResponseStatusError(
        f"{asked}: the server answers {_phrase(status)}, but not where to: there is no Location "
        f"header. Check `{url_key}`{and_path}.",
        status,
        url=asked.url,
    )


def status_error(
    status: int, body: bytes, asked: ShownRequest, redactor: Redactor, advice: Mapping[int, str]
) -> ResponseStatusError:
    """The error of an answer with an error status, with the server's own words.

    Args:
        status: The HTTP status code.
        body: The body of the answer, or the beginning of it.
        asked: The request, fit to be shown.
        redactor: Hides secrets in the server's words.
        advice: What to check, by HTTP status, where the kind of authentication in use knows more
            than can be said in general.
    """
    words = server_words(body, redactor)
    said = f' and says: "{words}"' if words else " without a word"
    step = (
        redactor.clean(advice.get(status, ""))
        or _NEXT_STEP.get(status)
        or ("The server is in trouble: run again later." if status >= 500 else "")
    )
    answer = f"{asked}: the server answers {_phrase(status)}{said}"
    return ResponseStatusError(f"{answer}. {step}".strip(), status, url=asked.url, answer=answer)


def speaks_of_limit(body: bytes) -> bool:
    """Whether the words of a refusal speak of a limit on requests.

    Args:
        body: The body of the answer, or the beginning of it.
    """
    return _LIMIT_WORDS.search(body) is not None


def refused_response(
    answer: Response, redactor: Redactor, advice: Mapping[int, str], why: str
) -> ResponseStatusError | PageError:
    """The error of an answer that a response hook refused.

    Args:
        answer: The answer, of any status.
        redactor: Hides secrets in the server's words and in the reason.
        advice: What to check, as for `status_error`.
        why: The reason that the hook gave.
    """
    reason, asked = redactor.clean(why), answer.request
    if answer.status >= 400:
        error = status_error(answer.status, answer.body, asked, redactor, advice)
        return error.located(f"{error} {reason}")
    words = server_words(answer.body, redactor)
    said = f' and says: "{words}"' if words else " without a word"
    return PageError(
        f"{asked}: the server answers {_phrase(answer.status)}{said}. {reason}",
        url=asked.url,
        status=answer.status,
    )


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def server_words(body: bytes, redactor: Redactor) -> str:
    """The message in the body of an error.

    Args:
        body: The body of the answer, or the beginning of it.
        redactor: Hides secrets in it.

    Returns:
        The text in a JSON document of one of the usual forms, otherwise the body as it is; on one
        line, of 500 characters at most.
    """
    text = body.decode("utf-8", errors="replace").strip()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        text = _message_in(document) or text
    # Secrets are hidden before the text is cut: half a secret would not be known for one.
    return one_line(redactor.clean(text), _LONGEST_SERVER_WORDS)


def _message_in(document: Mapping[str, Any]) -> str | None:
    # `detail` and `title` are of RFC 9457, 3.1; `error` and `error_description` of RFC 6749, 5.2.
    for key in ("message", "error", "detail", "error_description", "title"):
        words = document.get(key)
        if isinstance(words, dict):
            words = words.get("message")
        if isinstance(words, str) and words.strip():
            # There it is a code, and beside it stands what it means.
            more = document.get("error_description") if key == "error" else None
            return f"{words}: {more}" if isinstance(more, str) and more.strip() else words
    # GraphQL and JSON:API list errors.
    errors = document.get("errors")
    told = [_message_in(each) for each in errors or () if isinstance(each, dict)]
    words = "; ".join(each for each in told[:_MOST_ERRORS] if each)
    return words or None if isinstance(errors, list) else None
