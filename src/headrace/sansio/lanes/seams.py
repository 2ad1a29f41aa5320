"""Whether two pages that join show that the listing keeps its order."""

from __future__ import annotations

from collections.abc import Sequence


def keep_order(above: Sequence[bytes], below: Sequence[bytes]) -> bool:
    """Tells whether two pages can be of one listing whose rows keep their order.

    Rows may have come or gone between the moments of the two. Where some have both come and gone in
    just the stretch that the pages share, they are taken to have moved.

    Args:
        above: The keys of a page.
        below: Those of the page that is handed on behind it.
    """
    shared = set(above).intersection(below)
    if not shared:
        return True
    kept = [key for key in above if key in shared]
    if kept != [key for key in below if key in shared]:
        return False
    only_above = _others(above, kept) or (above[-1] != kept[-1] and below[-1] != kept[-1])
    only_below = _others(below, kept) or (above[0] != kept[0] and below[0] != kept[0])
    return not (only_above and only_below)


def _others(keys: Sequence[bytes], kept: Sequence[bytes]) -> bool:
    """Whether there are other rows between the first and the last one that both pages have."""
    from_first = keys[keys.index(kept[0]) :]
    return from_first.index(kept[-1]) + 1 > len(kept)
