"""Plans: what a backfill is about, as the machines that share it find it in the folder."""

from __future__ import annotations

import msgspec

from headrace.backfill.folder import SharedFolder
from headrace.backfill.lanes import Lane, tenants_in
from headrace.config import SourceConfig
from headrace.core.exceptions import ConfigError, Fault, SyncError
from headrace.reading.travelling import load_travelled

VERSION = 1
_PLAN = "plan.json"
_LONGEST_SHOWN = 60
_NO_PLAN = (
    "there is no plan in {url}: `headrace backfill plan CONFIG --resource NAME --out {url}` writes "
    "one"
)
_LATER = (
    "the plan in {url} was written by a later version of Headrace ({version}): install that one on "
    "this machine as well"
)
_BROKEN = "{path} cannot be read: {error}. Plan anew, into another folder"
_NOT_THERE = "{path} is not there: the folder has lost it. Plan anew, into another folder"
_OF_ANOTHER = (
    "{path} is of another plan than the folder's: two were written there at the same time. Plan "
    "anew, into another folder"
)
_NO_LANE = "the plan in {url} has no lane {number}: expected a number from 0 to {last}"


class Plan(msgspec.Struct, frozen=True):
    """What a backfill is about.

    Args:
        id: What tells it from all other plans.
        name: What the pipeline is called where the config does not say.
        config: The config as YAML, in which `${NAME}` stands for secrets.
        resource: The name of the resource.
        lanes: How many lanes it has.
        made_at: When it was made, in seconds since 1970.
        requests: How many requests were made for it.
        notes: What whoever plans should know.
        within: The two ends of the range of an incremental that is read in windows; None without.
        headrace: The version of Headrace that made it.
        version: The version of its form.
    """

    id: str
    name: str
    config: str
    resource: str
    lanes: int
    made_at: float
    requests: int
    notes: tuple[str, ...]
    headrace: str
    within: tuple[int, int] | None = None
    version: int = VERSION

    def source_config(self, secrets: str | None = None, lane: Lane | None = None) -> SourceConfig:
        """The config, with the secrets that this machine knows.

        Args:
            secrets: A function, written as `package.module:function`, from the NAME in `${NAME}` to
                its value; None looks where `dlt.secrets` does.
            lane: The lane whose tenants are wanted alone; None for all that there are.

        Raises:
            ConfigError: A secret is not known here.
        """
        tenants = None if lane is None else tenants_in(lane)
        return load_travelled(self.config, secrets, tenants=tenants)


def lane_name(number: int) -> str:
    """The name of the folder of a lane.

    Args:
        number: Its number.
    """
    return f"lanes/{number:05}"


def write_plan(folder: SharedFolder, plan: Plan, lanes: list[Lane]) -> None:
    """Writes a plan: its lanes first, so that a plan that is there is whole.

    Args:
        folder: Where to.
        plan: The plan.
        lanes: Its lanes.
    """
    for each in lanes:
        planned = _PlannedLane(plan.id, each)
        folder.write(f"{lane_name(each.number)}/lane.json", msgspec.json.encode(planned))
    folder.write(_PLAN, msgspec.json.format(msgspec.json.encode(plan), indent=1))


def find_plan(folder: SharedFolder) -> Plan | None:
    """The plan in a folder; None where there is none.

    Args:
        folder: The folder.

    Raises:
        SyncError: It cannot be read, or is of a later version.
    """
    content = folder.read(_PLAN)
    if content is None:
        return None
    path = folder.path(_PLAN)
    try:
        version = msgspec.json.decode(content, type=_Versioned)
        if version.version > VERSION:
            raise SyncError(_LATER.format(url=folder.shown, version=version.headrace))
        return msgspec.json.decode(content, type=Plan)
    except msgspec.MsgspecError as error:
        raise SyncError(_BROKEN.format(path=path, error=error)) from None


def read_plan(folder: SharedFolder) -> Plan:
    """The plan in a folder.

    Args:
        folder: The folder.

    Raises:
        ConfigError: There is none.
        SyncError: It cannot be read, or is of a later version.
    """
    plan = find_plan(folder)
    if plan is None:
        raise ConfigError([Fault("", _NO_PLAN.format(url=folder.shown))])
    return plan


def lane_in(folder: SharedFolder, plan: Plan, number: int) -> Lane:
    """A lane of a plan.

    Args:
        folder: The folder of the plan.
        plan: The plan.
        number: The number of the lane, from 0.

    Raises:
        ConfigError: There is no such lane.
        SyncError: It cannot be read.
    """
    if not 0 <= number < plan.lanes:
        told = _NO_LANE.format(url=folder.shown, number=number, last=plan.lanes - 1)
        raise ConfigError([Fault("", told)])
    name = f"{lane_name(number)}/lane.json"
    content = folder.read(name)
    if content is None:
        raise SyncError(_NOT_THERE.format(path=folder.path(name)))
    try:
        found = msgspec.json.decode(content, type=_PlannedLane)
    except msgspec.MsgspecError as error:
        raise SyncError(_BROKEN.format(path=folder.path(name), error=error)) from None
    if found.plan != plan.id:
        raise SyncError(_OF_ANOTHER.format(path=folder.path(name)))
    return found.lane


class _PlannedLane(msgspec.Struct, frozen=True):
    """A lane as it stands in the folder, with the id of its plan."""

    plan: str
    lane: Lane


class _Versioned(msgspec.Struct, frozen=True):
    version: int
    headrace: str
