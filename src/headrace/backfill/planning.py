"""`headrace.backfill.plan`: parts a resource into lanes that any machine can read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from headrace._version import __version__
from headrace.backfill.folder import SharedFolder
from headrace.backfill.lanes import DEFAULT_LANES, lanes_of, parted_resource
from headrace.backfill.plans import Plan, find_plan, write_plan
from headrace.config.loading import read_config
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.figures import Figures
from headrace.destination.tenant_rows import with_stored_tenants
from headrace.reading.stretches.stretch import WindowStretch
from headrace.reading.travelling import load_travelled, travelling_text

_THERE = (
    "{url} has a plan of `{resource}` already. Read its lanes with `headrace backfill lane {url} "
    "--left`, or plan into another folder"
)
_NAME = "backfill"


def plan(
    config: Path | str | Mapping[str, Any],
    resource: str | None = None,
    *,
    out: str,
    lanes: int = DEFAULT_LANES,
    overrides: Iterable[str] = (),
    secrets: str | None = None,
    figures: Figures | None = None,
    clock: Callable[[], float] = time.time,
) -> Plan:
    """Parts a resource into lanes, and writes them into a folder that other machines see.

    The API is asked a few times: for the values or the rows of the parent that the resource is
    listed by, and for what is at the seams of lanes. No row is loaded.

    Args:
        config: The path of a config file, the name of a connector, or a config as a dictionary.
            Secrets have to stand in it as `${NAME}`: it is written into the plan as it is.
        resource: The name of the resource; None where the config has only one.
        out: The folder: a path, or a URL that fsspec knows, as `s3://bucket/backfill`.
        lanes: How many lanes there are at most.
        overrides: Values to set in the config, each written as `path=value`.
        secrets: A function, written as `package.module:function`, from the NAME in `${NAME}` to its
            value; None looks where `dlt.secrets` does.
        figures: Where to count, for whoever wants to watch meanwhile.
        clock: Gives the time, in seconds since 1970.

    Returns:
        The plan.

    Raises:
        ConfigError: The config cannot be used, or the folder has a plan already.
        HeadraceError: A request failed.
    """
    folder = SharedFolder(out)
    name = _NAME if isinstance(config, Mapping) else Path(config).stem
    document = with_stored_tenants(read_config(config, overrides), name, None, None)
    text = travelling_text(document)
    parted = parted_resource(load_travelled(text, secrets), resource, figures)
    _refuse_second(folder)
    made_at = clock()
    planned, notes = lanes_of(parted, lanes)
    # Somebody may have planned into it meanwhile.
    _refuse_second(folder)
    counted = parted.tree.figures.total
    stretches = [each for lane in planned for each in lane.stretches]
    first = stretches[0] if stretches else None
    made = Plan(
        id=token_hex(8),
        name=name,
        config=text,
        resource=parted.name,
        lanes=len(planned),
        made_at=made_at,
        requests=counted.requests,
        notes=(*notes, *counted.notes),
        headrace=__version__,
        within=first.within if isinstance(first, WindowStretch) else None,
    )
    write_plan(folder, made, planned)
    return made


def _refuse_second(folder: SharedFolder) -> None:
    there = find_plan(folder)
    if there is not None:
        told = _THERE.format(url=folder.shown, resource=there.resource)
        raise ConfigError([Fault("", told)])
