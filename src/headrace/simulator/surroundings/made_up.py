"""Keys and moments that are made up, always the same for the same thing."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

PROJECT_ID = "woQknAS9WFaC0GUI"
_FIRST_DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
_DAYS = 200


def key_of(thing: str) -> str:
    """Return a key of sixteen letters and digits."""
    return hashlib.sha256(thing.encode()).hexdigest()[:16]


def uuid_of(thing: str) -> str:
    """Return a key in the form of a UUID."""
    return str(uuid.UUID(bytes=hashlib.sha256(thing.encode()).digest()[:16], version=4))


def moment_of(thing: str, *, after_days: float = 0.0) -> str:
    """Return a moment, so many days after the one that belongs to the thing."""
    number = int.from_bytes(hashlib.sha256(thing.encode()).digest()[:6])
    seconds = number % (_DAYS * 86_400) + after_days * 86_400
    moment = _FIRST_DAY + timedelta(seconds=seconds, milliseconds=number % 1_000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
