"""Follows the references of a document to its own parts, and to nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

from headrace.core.secrets.redaction import one_line

_MOST_STEPS = 50
_LONGEST_SHOWN = 100


class UnusablePart(Exception):  # noqa: N818 - says what is left out, and why
    """A part of a document that cannot be used; its text says why, as half a line."""


class References:
    """Follows references.

    The registry is one that retrieves nothing: neither files nor other hosts are read for a
    document, whatever it names.

    Args:
        document: The whole document.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        registry: Registry[Any] = Registry()
        self._resolver = registry.with_resource("", Resource.opaque(document)).resolver()

    def followed(self, part: Any) -> Any:
        """What a part of the document stands for.

        Args:
            part: The part, which may be a reference to another one.

        Raises:
            UnusablePart: The reference leads out of the document, to nothing, or in a circle.
        """
        for _ in range(_MOST_STEPS):
            reference = reference_of(part)
            if reference is None:
                return part
            part = self._target(reference)
        raise UnusablePart("its references lead in a circle")

    def _target(self, reference: str) -> Any:
        shown = one_line(reference, _LONGEST_SHOWN)
        if not reference.startswith("#"):
            raise UnusablePart(
                f"it refers to `{shown}`, and only the document itself is read: bundle its files "
                "into one"
            )
        try:
            return self._resolver.lookup(reference).contents
        except (Unresolvable, ValueError, TypeError, AttributeError, LookupError):
            pass
        raise UnusablePart(f"it refers to `{shown}`, which the document does not have")


def reference_of(part: Any) -> str | None:
    """The reference that a part of a document is; None where it is none.

    Args:
        part: The part.
    """
    reference = part.get("$ref") if isinstance(part, Mapping) else None
    return reference if isinstance(reference, str) else None
