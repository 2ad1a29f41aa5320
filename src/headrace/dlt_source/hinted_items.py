"""Items that a resource yields to dlt with hints for their table."""

from __future__ import annotations

from typing import Any

import dlt

from headrace.destination.direct_merges import CLAIM, UNIQUE_KEYS


def uniqueness_claim(is_deduplicated: bool) -> dict[str, Any]:
    """The hints that say whether the load has each key once, so that its merge need not look.

    They are given with each load, true or not: dlt's schema remembers the last ones. dlt's own is
    never true, as rows of a load that is gone on with may be staged twice; only a merge that knows
    better goes by ours.
    """
    return {CLAIM: False, UNIQUE_KEYS: is_deduplicated}


def with_hints(item: Any, **hints: Any) -> Any:
    """The item with hints for dlt, which looks at the first item of a resource only otherwise."""
    given = {name: value for name, value in hints.items() if value}
    return dlt.mark.with_hints(item, dlt.mark.make_hints(**given)) if given else item
