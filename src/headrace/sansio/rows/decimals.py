"""Numbers for decimal columns, kept digit by digit."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

# More than any destination's widest decimal: rounding happens at the column's scale only.
_EXACT = Context(prec=200, rounding=ROUND_HALF_UP)


def rounded_to_scale(
    value: int | float | Decimal | str, precision: int, scale: int
) -> Decimal | None:
    """Rounds a number to the scale of a decimal column, half up, as databases do.

    Args:
        value: The decoded value; a text must be a number.
        precision: How many digits the column has in all.
        scale: How many of them stand after the point.

    Returns:
        The number, or None where it has more digits before the point than the column.
    """
    try:
        number = Decimal(str(value)).quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < precision - scale else None


def as_floats(value: Any) -> Any:
    """Makes floats of all decimals in a nested value, as JSON is usually read."""
    if isinstance(value, dict):
        return {name: as_floats(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_floats(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value
