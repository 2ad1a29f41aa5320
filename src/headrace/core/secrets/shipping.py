"""What holds secrets stays in its process: the one rule for all that could be pickled.

Engines that work on many machines (Spark, Ray, multiprocessing) pickle what they ship, closures
with all that they hold. A pickle is plain text to whoever sees it: in a plan, an object store, a
log. So what holds a secret refuses to be pickled, and says what to ship in its place.
"""

from __future__ import annotations

from typing import Any, Never, TypeVar

Kind = TypeVar("Kind", bound=type[object])

_REFUSED = (
    "`{name}` holds what the API is asked with, secrets among it, so it is neither pickled nor "
    "copied: ship the config as it is written, with ${{NAME}} in place of each secret, and read it "
    "where it arrives, with `headrace.read` or `headrace.rest_api_source`"
)


def stays_here(kind: Kind) -> Kind:
    """Keeps the instances of a class, and of those below it, in the process that made them.

    To pickle one, alone or within anything else, is a `TypeError`; so is `copy.copy`, which asks
    for the same, where the class does not copy in its own way.

    Args:
        kind: The class. `dataclasses.replace` still makes another instance of it.
    """
    kind.__reduce_ex__ = _refused  # type: ignore[method-assign]
    return kind


def _refused(self: Any, protocol: object) -> Never:
    raise TypeError(_REFUSED.format(name=type(self).__name__))
