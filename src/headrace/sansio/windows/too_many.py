"""Whether an answer says that a window has more than the API gives at once."""

from __future__ import annotations

import re

_TOO_LARGE = 413
# Who asks, how often, and what for: none of these is a matter of the window.
_OF_OTHERS = frozenset({401, 404, 407, 408, 429})
_UNIT = r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)"
_ROWS = r"(?:results?|records?|rows?|items?|hits?|matches|entries|entities|documents?|objects?)"
_RANGE = r"(?:range|window|interval|period|span|time ?frame|difference|duration|result set)"
PHRASES = (
    rf"at most [\d,.]+ (?:{_UNIT}|{_ROWS})",
    rf"(?:more|longer|greater|larger) than [\d,.]+ (?:{_UNIT}|{_ROWS})",
    rf"(?:exceeds?|exceeded|beyond) [\d,.]+ (?:{_UNIT}|{_ROWS})",
    rf"(?:limited to|maximum of|up to|within) [\d,.]+ (?:{_UNIT}|{_ROWS})",
    rf"too many {_ROWS}",
    rf"{_RANGE}[\w ]{{0,20}} (?:is |was )?too (?:large|long|big|wide|great)",
    r"(?:result|response)[\w ]{0,20} too (?:large|long|big)",
    rf"(?:maximum|max\.?|allowed)[\w -]{{0,20}} {_RANGE}",
    rf"{_RANGE}[\w -]{{0,40}} (?:exceeds?|cannot exceed|must not exceed|may not exceed|limit)",
    rf"(?:smaller|shorter|narrower) (?:\w+ )?{_RANGE}",
    rf"(?:narrow|reduce|shorten|limit) (?:down )?(?:the|your) (?:\w+ )?(?:{_RANGE}|search|query)",
)
"""What such an answer says, in any case of its letters."""
_SAYS_SO = re.compile("|".join(PHRASES), re.IGNORECASE)
_READ_BYTES = 64 * 1024


def says_too_many(status: int, body: bytes) -> bool:
    """Whether an answer says that less should be asked for at once.

    Args:
        status: The status of the answer.
        body: Its body.
    """
    if status == _TOO_LARGE:
        return True
    if not 400 <= status < 500 or status in _OF_OTHERS:
        return False
    return words_of_too_many(body)


def words_of_too_many(body: bytes) -> bool:
    """Whether a text says that less should be asked for at once.

    Args:
        body: The text, in UTF-8.
    """
    return _SAYS_SO.search(body[:_READ_BYTES].decode("utf-8", "replace")) is not None
