"""How the commands say how many there are of a thing."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """Says a number of things: `1 row`, `2,000 rows`.

    Args:
        number: How many there are.
        what: What one of them is called.
    """
    return f"{number:,} {what}" + "s" * (number != 1)
