"""Manifests: what the reading of a lane says of itself once it is whole."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from headrace.backfill.folder import SharedFolder
from headrace.backfill.plans import Plan, lane_name
from headrace.core.exceptions import SyncError

_SUFFIX = ".json"
_LANE = "lane.json"
_BROKEN = (
    "{path} cannot be read: {error}. Delete it, and read the lane again with "
    "`headrace backfill lane {url} {number}`"
)
_CUT = (
    "{path} has {size} bytes, and {expected:,} were written: the folder has lost a part of it. "
    "Delete {manifest}, and read the lane again with `headrace backfill lane {url} {number}`"
)

Counts: TypeAlias = dict[str, int | float]


class FailedListing(msgspec.Struct, frozen=True):
    """A request beside a listing that failed, and is asked again by the next sync.

    Args:
        key: What tells it from others: the key of the row, or of the parent's row.
        request: The method and the URL, without secrets.
        url: The URL, without secrets.
        message: Why it failed.
        status: The status of the last answer; None where none came.
        was_asked: Whether it was made at all.
        needed: What is needed to ask again.
    """

    key: str
    request: str
    url: str | None
    message: str
    status: int | None
    was_asked: bool
    needed: dict[str, Any] = {}


class StretchResult(msgspec.Struct, frozen=True):
    """What the reading of a stretch has left beside its rows.

    Args:
        rows: How many rows it has.
        state: What is known of a listing that is kept up with; None of others.
        settled: The place up to which windows had shown all that will come; None where they all
            had, and without windows.
        gone: The keys that are known to be gone, each with the time since when.
        singles_have_worked: Whether a request for a single row has worked.
    """

    rows: int
    state: dict[str, Any] | None = None
    settled: int | None = None
    gone: tuple[tuple[int | str, float], ...] = ()
    singles_have_worked: bool = False


class Manifest(msgspec.Struct, frozen=True):
    """What the reading of a lane says of itself.

    Args:
        plan: The id of the plan.
        lane: The number of the lane.
        attempt: What tells the reading from others of the lane.
        size: The size of the file with its rows, in bytes.
        rows: How many rows it has.
        unreadable: How many rows of it cannot be read.
        started: When it began, in seconds since 1970.
        ended: When it ended.
        stretches: What its stretches have left, in their order.
        failed: The requests beside its listings that failed.
        counts: What was counted for each resource, by its name.
        notes: What whoever runs it should know.
    """

    plan: str
    lane: int
    attempt: str
    size: int
    rows: int
    unreadable: int
    started: float
    ended: float
    stretches: tuple[StretchResult, ...]
    failed: tuple[FailedListing, ...]
    counts: dict[str, Counts]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in the folder of the plan."""
        return manifest_name(self.lane, self.attempt)

    @property
    def rows_name(self) -> str:
        """The name of the file with its rows."""
        return rows_name(self.lane, self.attempt)


def attempts_in(folder: SharedFolder, number: int) -> list[str]:
    """What tells the readings of a lane that have ended from each other, as they began.

    Args:
        folder: The folder of the plan.
        number: The number of the lane.
    """
    names = [name for name in folder.names(lane_name(number)) if name != _LANE]
    return [name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)]


def delete_attempts(folder: SharedFolder, number: int, attempts: list[str]) -> None:
    """Deletes readings of a lane, which another one has taken the place of.

    Args:
        folder: The folder of the plan.
        number: The number of the lane.
        attempts: What tells them from others.

    Raises:
        SyncError: The folder cannot be written.
    """
    for attempt in attempts:
        # First what makes the rows count.
        folder.delete(manifest_name(number, attempt))
        folder.delete(rows_name(number, attempt))


def manifest_name(lane: int, attempt: str) -> str:
    """The name of the manifest of an attempt, in the folder of the plan.

    Args:
        lane: The number of the lane.
        attempt: What tells the attempt from others.
    """
    return f"{lane_name(lane)}/{attempt}{_SUFFIX}"


def rows_name(lane: int, attempt: str) -> str:
    """The name of the file with the rows of an attempt, in the folder of the plan.

    Args:
        lane: The number of the lane.
        attempt: What tells the attempt from others.
    """
    return f"{lane_name(lane)}/{attempt}.parquet"


def find_manifest(folder: SharedFolder, plan: Plan, number: int) -> Manifest | None:
    """The manifest that counts for a lane: of several readings the one that began first.

    Args:
        folder: The folder of the plan.
        plan: The plan.
        number: The number of the lane.

    Returns:
        None where the lane has not been read.

    Raises:
        SyncError: It, or what it tells of, cannot be read.
    """
    for attempt in attempts_in(folder, number):
        path = manifest_name(number, attempt)
        content = folder.read(path)
        if content is None:
            # Another reading has just taken its place.
            continue
        try:
            found = msgspec.json.decode(content, type=Manifest)
        except msgspec.MsgspecError as error:
            told = _BROKEN.format(
                path=folder.path(path), error=error, url=folder.shown, number=number
            )
            raise SyncError(told) from None
        if found.plan != plan.id:
            continue
        size = folder.size(found.rows_name)
        if size == found.size:
            return found
        if folder.size(path) is not None:
            raise _cut(folder, found, size)
    return None


def _cut(folder: SharedFolder, manifest: Manifest, size: int | None) -> SyncError:
    told = _CUT.format(
        path=folder.path(manifest.rows_name),
        size="no" if size is None else f"{size:,}",
        expected=manifest.size,
        manifest=folder.path(manifest.name),
        url=folder.shown,
        number=manifest.lane,
    )
    return SyncError(told)
