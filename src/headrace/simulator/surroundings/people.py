"""The users of the sample API; none of them exists."""

from __future__ import annotations

from typing import Any

from headrace.simulator.surroundings.made_up import moment_of, uuid_of

_NAMES = (
    ("Some", "Owner", "global:owner"),
    ("Any", "Admin", "global:admin"),
    ("Test", "Person", "global:member"),
    ("Sample", "User", "global:member"),
    ("Example", "Member", "global:member"),
)


def users(*, include_role: bool) -> list[dict[str, Any]]:
    """Return the users as the API lists them.

    Args:
        include_role: Whether their role comes too.
    """
    return [
        {
            "id": uuid_of(first + last),
            "email": f"{first}.{last}@example.com".lower(),
            "firstName": first,
            "lastName": last,
            "createdAt": moment_of(first + last),
            "updatedAt": moment_of(first + last, after_days=30),
            "isPending": False,
            "mfaEnabled": role == "global:owner",
            **({"role": role} if include_role else {}),
        }
        for first, last, role in _NAMES
    ]
