"""What each fault of a server comes to: the tests check it, and the documentation shows it.

    python -m tests.stories.networks.fault_matrix

writes it into `docs/reliability.md` anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from headrace.simulator import FAULTS
from tests.support.project import ROOT

PAGE = ROOT / "docs" / "reliability.md"
BEGIN = "| fault | the server sends | Headrace | and says |\n"

_AGAIN = "asks again"
_ONCE = "fails at once"
_LOADS = "loads the page"


@dataclass(frozen=True)
class Case:
    """What a fault comes to.

    Args:
        fault: its name.
        does: what Headrace does, in a few words.
        told: parts of what the user sees: the error of what fails, and of what comes again and
            again; the summary where the sync goes well.
    """

    fault: str
    does: str
    told: tuple[str, ...] = ()


def _case(fault: str, does: str, *told: str) -> Case:
    return Case(fault, does, told)


_SLOW = '429 Too Many Requests and says: "too many requests"'
_BROKE_OFF = "the answer broke off before its end"
_NOT_WHOLE = "no whole answer within"
_NOT_THE_ORIGIN = "which is not the origin of `client.base_url`"

CASES = [
    _case("500", _AGAIN, '500 Internal Server Error and says: "internal error"'),
    _case("502", _AGAIN, '502 Bad Gateway and says: "<html>'),
    _case("503", _AGAIN, '503 Service Unavailable and says: "overloaded"'),
    _case("504", _AGAIN, '504 Gateway Timeout and says: "<html>'),
    _case("429", _AGAIN, _SLOW),
    _case("429-seconds", "waits so long, then asks again", _SLOW),
    _case("429-date", "waits until then, then asks again", _SLOW),
    _case("429-zero", "asks again, after a pause of its own", _SLOW),
    _case("429-past", "asks again, after a pause of its own", _SLOW),
    _case("close", _AGAIN, "closed the connection before it answered"),
    _case("reset", _AGAIN, _BROKE_OFF),
    _case("short", _AGAIN, _BROKE_OFF),
    _case("stall", "asks again after `client.timeout`", _NOT_WHOLE),
    _case("drip", "asks again after `client.timeout`", _NOT_WHOLE),
    _case("gzip-cut", _AGAIN, _BROKE_OFF),
    _case("gzip-broken", _AGAIN, "the answer cannot be decompressed"),
    _case("json-cut", _AGAIN, "the answer is not JSON (Input data was truncated)"),
    _case("empty", _AGAIN, "the answer is empty where JSON was due"),
    _case("bom", _LOADS),
    _case("wrong-charset", _LOADS),
    _case("duplicate-keys", "loads the last value"),
    _case("empty-page", "goes on with the cursor"),
    _case("quota-used-up", "loads the page, waits for the reset", "waited 1 s for the server"),
    _case("redirect", "follows"),
    _case("bad-utf8-row", "puts the row in quarantine", "quarantine"),
    _case("deep-row", "puts the row in quarantine", "quarantine"),
    _case("429-long", _ONCE, "The server asks to wait 86,400 s, which is more than"),
    _case("html", _ONCE, "the answer is HTML or XML where JSON was due", "<title>Log in</title>"),
    _case(
        "error-200",
        _ONCE,
        "the answer has no `data`: the keys there are: `error`",
        '{"error": "quota exceeded"}',
    ),
    _case(
        "401",
        _ONCE,
        "The server does not accept the key in the header `X-API-KEY`: check `client.auth`",
    ),
    _case("403", _ONCE, "check what it is allowed to do"),
    _case(
        "404",
        # To a server that has forgotten a cursor, that is what is not found.
        "lists from the top again, as if the cursor were too old; then fails",
        "Check `client.base_url` and the resource's `endpoint.path`",
    ),
    _case("bad-utf8", _ONCE, "the answer is not valid utf-8: invalid start byte at byte"),
    _case("deep", _ONCE, "the answer nests lists or objects too deeply to be read"),
    _case("same-cursor", _ONCE, "a page names the cursor that it was asked for with"),
    _case("cursor-cycle", _ONCE, "a cursor at `nextCursor` that was followed before"),
    _case("redirect-host", _ONCE, "redirects to https://elsewhere.example", _NOT_THE_ORIGIN),
    _case("redirect-port", _ONCE, _NOT_THE_ORIGIN),
    _case("redirect-loop", _ONCE, "redirected more than 5 times"),
    _case("redirect-file", _ONCE, "which is neither http nor https; nothing else is followed"),
    _case("redirect-downgrade", _ONCE, "which is without TLS, while `client.base_url`"),
    _case("bomb", "stops at `client.max_response_bytes`", "the answer is larger than"),
    _case("long-header", _ONCE, "one of them is longer than 65,536 bytes"),
    _case("many-headers", _ONCE, "the headers of the answer are more than 128"),
]


def matrix() -> str:
    """The table as Markdown."""
    lines = [BEGIN, "| --- | --- | --- | --- |\n"]
    for case in CASES:
        told = " … ".join(_code(part) for part in case.told)
        lines.append(f"| `{case.fault}` | {FAULTS[case.fault].does} | {case.does} | {told} |\n")
    return "".join(lines)


def shown_matrix() -> str:
    """The table that stands in the documentation."""
    _, _, behind = PAGE.read_text().partition(BEGIN)
    return BEGIN + "".join(takewhile(lambda line: line.startswith("|"), behind.splitlines(True)))


def _code(text: str) -> str:
    """Text as Markdown's code, in which backticks may stand."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text().replace(shown_matrix(), matrix()))
