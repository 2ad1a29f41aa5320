"""How the commands put figures into words."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """A number of things: `1 row`, `2,000 rows`.

    Args:
        number: of them.
        what: one of them is called.
    """
    return f"{number:,} {what}" + "s" * (number != 1)
