"""The resources of a draft one by one, and the config that is put together of them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.listings import ListingOutline
from headrace.discovery.openapi.paging import UNKNOWN
from headrace.sansio.discovery.evidence import Evidence

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DraftPart:
    """One resource of a draft.

    Args:
        outline: Its listing.
        resource: What the config says of it.
        evidence: What is known of its keys; the paths begin behind that of the resource.
        left_out: Why it is left out, as half a line; None where it is not.
    """

    outline: ListingOutline
    resource: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    left_out: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether it says how its pages go on."""
        return bool(self.resource["endpoint"]["paginator"] != UNKNOWN)

    @property
    def what_is_unknown(self) -> str:
        """What is to be found out of its pages."""
        told = (
            each.text
            for each in self.evidence
            if each.path == "endpoint.paginator" and each.verdict == "unknown"
        )
        return next(told, "how its pages go on is not known")


def evidence_of(number: int, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """What is known of one resource.

    Args:
        number: Its place among the resources.
        evidence: What is known of all.

    Returns:
        The same, with paths that begin behind that of the resource.
    """
    own = f"resources[{number}]."
    return tuple(
        Evidence(each.path.removeprefix(own), each.verdict, each.text, each.value)
        for each in evidence
        if each.path.startswith(own)
    )


def without_unknown(parts: Sequence[DraftPart]) -> list[DraftPart]:
    """The parts, of which those are left out that nobody can run, and those below them.

    Args:
        parts: The resources, parents first.
    """
    found: list[DraftPart] = []
    gone: set[str] = set()
    for each in parts:
        reason = each.left_out
        if reason is None and not each.is_known:
            reason = each.what_is_unknown
        if reason is None and each.outline.parent in gone:
            reason = f"`{each.outline.parent}` is left out"
        if reason is not None:
            gone.add(each.outline.name)
        found.append(DraftPart(each.outline, each.resource, each.evidence, reason))
    return found


def put_together(
    config: Mapping[str, Any], evidence: Sequence[Evidence], parts: Sequence[DraftPart]
) -> tuple[dict[str, Any], tuple[Evidence, ...]]:
    """A config of the parts that are not left out, and what is known of its keys.

    Args:
        config: What the config says besides.
        evidence: What is known of all; of that what is not about a resource is kept.
        parts: The resources.

    Raises:
        ConfigError: All of them are left out.
    """
    kept = [each for each in parts if each.left_out is None]
    reasons = [f"{each.outline.name}: {each.left_out}" for each in parts if each.left_out]
    if not kept:
        told = f"none of the listings can be written: {'; '.join(reasons[:_SHOWN])}"
        raise ConfigError([Fault("", f"{told}. Name those that you want: --resource NAME")])
    known = [each for each in evidence if not each.path.startswith("resources[")]
    for number, part in enumerate(kept):
        own = f"resources[{number}]"
        known.extend(
            Evidence(
                f"{own}.{each.path}" if each.path else own, each.verdict, each.text, each.value
            )
            for each in part.evidence
        )
    known.extend(Evidence("", "ruled out", f"left out: {reason}") for reason in reasons)
    return {**config, "resources": [dict(each.resource) for each in kept]}, tuple(known)
