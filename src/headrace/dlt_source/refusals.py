"""The rows that the destination has refused, for the load that sets them aside."""

from __future__ import annotations

from dataclasses import field
from hashlib import blake2b

import msgspec

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.rows import RejectedRow

_DIGEST_BYTES = 16


@dataclass(slots=True)
class Refusals:
    """Knows refused rows again by their text.

    Args:
        reasons: Why each row was refused, by the name of its resource and a hash of its text.
    """

    reasons: dict[str, dict[bytes, str]] = field(default_factory=dict)

    def add(self, resource: str, row: msgspec.Raw, reason: str) -> None:
        """Notes a row.

        Args:
            resource: The name of its resource.
            row: The JSON of the row.
            reason: Why it is refused, as the quarantine words it, without secrets.
        """
        self.reasons.setdefault(resource, {})[_digest(row)] = reason

    def part(
        self, resource: str, rows: list[msgspec.Raw]
    ) -> tuple[list[msgspec.Raw], list[RejectedRow]]:
        """Parts rows into those that are free to be loaded and those that were refused.

        Args:
            resource: The name of their resource.
            rows: The JSON of each row.
        """
        known = self.reasons.get(resource)
        if not known:
            return rows, []
        free: list[msgspec.Raw] = []
        rejected: list[RejectedRow] = []
        for row in rows:
            reason = known.get(_digest(row))
            if reason is None:
                free.append(row)
            else:
                rejected.append(RejectedRow(row, reason))
        return free, rejected


def _digest(row: msgspec.Raw) -> bytes:
    return blake2b(bytes(row), digest_size=_DIGEST_BYTES).digest()
