"""`headrace.backfill.status`: how far a backfill has come."""

from __future__ import annotations

import random
from dataclasses import dataclass

from headrace.backfill.folder import SharedFolder
from headrace.backfill.manifests import find_manifest
from headrace.backfill.plans import Plan, read_plan

_MOST_FAILURES = 5


@dataclass(frozen=True)
class BackfillStatus:
    """How far a backfill has come.

    Args:
        plan: The plan.
        left: The numbers of the lanes that are still to be read.
        rows: How many rows the others have.
        size: How many bytes their files have.
        failed: How many requests beside their listings failed.
        failures: The first few of these: the lane, and what went wrong.
    """

    plan: Plan
    left: tuple[int, ...]
    rows: int
    size: int
    failed: int
    failures: tuple[tuple[int, str], ...]


def status(url: str) -> BackfillStatus:
    """Looks which lanes of a plan have been read.

    Args:
        url: The folder of the plan.

    Raises:
        ConfigError: There is no plan.
        SyncError: The folder, or what is in it, cannot be read.
    """
    folder = SharedFolder(url)
    plan = read_plan(folder)
    found = [find_manifest(folder, plan, number) for number in range(plan.lanes)]
    there = [each for each in found if each is not None]
    return BackfillStatus(
        plan=plan,
        left=tuple(number for number, each in enumerate(found) if each is None),
        rows=sum(each.rows for each in there),
        size=sum(each.size for each in there),
        failed=sum(len(each.failed) for each in there),
        failures=tuple(
            (each.lane, f"{failed.key}: {failed.message}")
            for each in there
            for failed in each.failed
        )[:_MOST_FAILURES],
    )


def lanes_left(url: str) -> list[int]:
    """The numbers of the lanes that are still to be read, in an order of chance.

    Of several machines that read what is left, each begins elsewhere.

    Args:
        url: The folder of the plan.

    Raises:
        ConfigError: There is no plan.
        SyncError: The folder, or what is in it, cannot be read.
    """
    left = list(status(url).left)
    random.shuffle(left)
    return left
