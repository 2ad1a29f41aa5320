"""What can go wrong between a request and its whole answer, whichever library carries them."""

from __future__ import annotations

from enum import Enum, auto

# What Python's own client allows: some servers put long cursors and policies in headers.
LONGEST_HEADER = 64 * 1024
MOST_HEADERS = 128


class Trouble(Enum):
    """Why there is no whole answer."""

    UNKNOWN_HOST = auto()
    TLS = auto()
    PROXY = auto()
    TIMEOUT = auto()
    NO_CONNECTION = auto()
    ENCODING = auto()
    BROKEN_OFF = auto()
    CLOSED = auto()
    LONG_HEADERS = auto()
    NO_HTTP = auto()
    OTHER = auto()


def in_words(trouble: Trouble, detail: str, target: str, seconds: float, url_key: str) -> str:
    """What went wrong, and what to do.

    Args:
        trouble: the kind.
        detail: more of it, fit to be shown.
        target: the server's origin, fit to be shown.
        seconds: allowed for one request.
        url_key: of the config, that the server's URL comes from.
    """
    match trouble:
        case Trouble.UNKNOWN_HOST:
            return (
                f"the host of {target} is unknown. Check `{url_key}`, and that this machine "
                "can look up names."
            )
        case Trouble.TLS:
            return (
                f"TLS with {target} failed ({detail}). Check the certificate, and whether "
                f"`{url_key}` has the right scheme and port."
            )
        case Trouble.PROXY:
            return (
                "the proxy could not be reached, or refuses. Check HTTP_PROXY, HTTPS_PROXY and "
                "NO_PROXY."
            )
        case Trouble.TIMEOUT:
            return (
                f"no whole answer within {seconds:g} s. Raise `client.timeout`, or ask for "
                "smaller pages."
            )
        case Trouble.NO_CONNECTION:
            return (
                f"{target} does not take the connection ({detail}). "
                "Is the server running, and is the port right?"
            )
        case Trouble.ENCODING:
            return "the answer cannot be decompressed: it is not what its Content-Encoding says."
        case Trouble.BROKEN_OFF:
            return "the answer broke off before its end. Run again."
        case Trouble.CLOSED:
            return f"{target} closed the connection before it answered. Run again."
        case Trouble.LONG_HEADERS:
            return (
                f"the headers of the answer are more than {MOST_HEADERS}, or one of them is longer "
                f"than {LONGEST_HEADER:,} bytes."
            )
        case Trouble.NO_HTTP:
            return (
                f"{target} answers, but not in HTTP ({detail}). Is the port in `{url_key}` right?"
            )
        case Trouble.OTHER:
            return f"{detail}. Check `{url_key}`."
