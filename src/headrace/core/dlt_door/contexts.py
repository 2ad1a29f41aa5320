"""What dlt's container of contexts holds: how the parts of dlt tell each other of what runs.

dlt documents none of it, and has no other way to ask for some of what is there. At an upgrade of
dlt check that each context that is asked for here and in the modules that import this one is
still there, under the same attributes.
"""

from __future__ import annotations

from typing import Any, TypeVar

from headrace.core.dlt_door.loading import imported

Context = TypeVar("Context")


def has_context(kind: type[Any]) -> bool:
    """Whether dlt has set a context for the running thread.

    Args:
        kind: The class of the context.
    """
    found: bool = kind in _container()
    return found


def context(kind: type[Context]) -> Context:
    """Take a context; dlt makes one where none is set.

    Args:
        kind: The class of the context, which must be one that dlt can create by itself.
    """
    found: Context = _container()[kind]
    return found


def _container() -> Any:
    return imported("dlt.common.configuration.container").Container()
