"""Numbers for decimal columns, kept digit by digit."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

# More than any destination's widest decimal: rounding happens at the column's scale only.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)


def rounded_to_scale(
    value: int | float | Decimal | str, precision: int, scale: int
) -> Decimal | None:
    """A number at a column's scale, rounded there as databases do.

    Args:
        value: as decoded; text must be a number.
        precision: digits of the column in all.
        scale: of them behind the point.

    Returns:
        The number; None when it has more digits before the point than the column.
    """
    try:
        number = Decimal(str(value)).quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < precision - scale else None


def as_floats(value: Any) -> Any:
    """A nested value with its decimals as floats, as JSON is read otherwise."""
    if isinstance(value, dict):
        return {name: as_floats(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_floats(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value
