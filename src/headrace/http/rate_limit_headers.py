"""When a server wants to be asked again, as the headers of its answers say.

`Retry-After` is standard (RFC 9110, 10.2.3). How much is left of a limit is not: servers use three
families of headers, and two forms that drafts of the IETF have given the `RateLimit` field
(draft-ietf-httpapi-ratelimit-headers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from headrace.http.server_time import moment_of, server_time

_SECONDS = re.compile(r"\d+(?:\.\d+)?")
_FAMILIES = ("ratelimit", "x-ratelimit", "x-rate-limit")
# One field for all, in the two forms of its drafts: `remaining=0, reset=5` and `"name";r=0;t=5`.
_LEFT = re.compile(r"(?:\bremaining|;\s*r)\s*=\s*(\d+)")
_RESET = re.compile(r"(?:\breset|;\s*t)\s*=\s*(\d+)")
# A greater number is no span but a moment: in seconds since 1970, or in milliseconds.
_LONGEST_SPAN = 1e9
_LATEST_MOMENT = 1e11


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How long to wait by the Retry-After header (RFC 9110, 10.2.3).

    Args:
        headers: The headers of the answer, looked up without regard to case.
        now: The time in seconds since 1970. Where the answer has a Date header, that counts
            instead: the server's clock may differ.

    Returns:
        Seconds; None where there is no such header, or it names no moment to come.
    """
    said = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(said):
        return float(said) or None
    moment = moment_of(said)
    if moment is None:
        return None
    left = moment - _server_time(headers, now)
    return left if left > 0 else None


def says_later(headers: Mapping[str, str]) -> bool:
    """Whether an answer with an error status says that it is a matter of time.

    Args:
        headers: The headers of the answer, looked up without regard to case.

    Returns:
        True where there is a Retry-After, past or to come, or nothing is left of a limit.
    """
    said = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(said) or moment_of(said) is not None:
        return True
    return _used_up_family(headers) is not None or bool(_used_up_policies(headers))


def seconds_to_reset(headers: Mapping[str, str], now: float) -> float | None:
    """How long until something is left again of the server's limit on requests.

    Args:
        headers: The headers of the answer, looked up without regard to case.
        now: The time in seconds since 1970. Where the answer has a Date header, that counts
            instead.

    Returns:
        Seconds; None where something is left, or the server does not say until when there is
        nothing.
    """
    family = _used_up_family(headers)
    if family is not None:
        return _span(headers.get(f"{family}-reset", ""), headers, now)
    # There may be several policies; of those that are used up the longest counts.
    spans = [
        _span(reset[1], headers, now)
        for policy in _used_up_policies(headers)
        if (reset := _RESET.search(policy))
    ]
    return max((span for span in spans if span is not None), default=None)


def asked_for(seconds: float, why: str) -> str:
    """Says that the server asks to be left alone.

    Args:
        seconds: For how many seconds.
        why: What the server said, in a word or two.
    """
    return f"the server asks for {rounded(seconds)} s ({why})"


def rounded(seconds: float) -> str:
    """Seconds as they are shown: with one decimal below ten, and with none from there on."""
    return f"{seconds:,.1f}" if seconds < 10 else f"{seconds:,.0f}"


def _used_up_family(headers: Mapping[str, str]) -> str | None:
    for family in _FAMILIES:
        if headers.get(f"{family}-remaining", "").strip() == "0":
            return family
    return None


def _used_up_policies(headers: Mapping[str, str]) -> list[str]:
    field = headers.get("ratelimit")
    if field is None:
        return []
    policies = field.split(",") if ";" in field else [field]
    return [policy for policy in policies if (left := _LEFT.search(policy)) and int(left[1]) == 0]


def _span(reset: str, headers: Mapping[str, str], now: float) -> float | None:
    reset = reset.strip()
    if _SECONDS.fullmatch(reset):
        seconds = float(reset)
        if seconds <= _LONGEST_SPAN:
            return seconds or None
        moment: float | None = seconds / 1000 if seconds > _LATEST_MOMENT else seconds
    else:
        moment = moment_of(reset)
    if moment is None:
        return None
    left = moment - _server_time(headers, now)
    return left if left > 0 else None


def _server_time(headers: Mapping[str, str], now: float) -> float:
    said = server_time(headers)
    return now if said is None else said
