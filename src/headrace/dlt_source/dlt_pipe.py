"""The door to dlt's extract step: the pipe of the running resource, its steps, and its load.

dlt documents resources, and says little of the pipes that run them. What it does, by version
1.31, and what the functions here rest on:

- Each resource has a pipe, which is a list of steps. The first gives items: the function of the
  resource. Each other step gets what the one before it gives: a function of the user's
  (`add_map`, `add_filter`, `add_yield_map`), a limit, an incremental, a check by a pydantic
  model.
- A run works on copies of the pipes, so a step that is compared must be one of the running pipe.
- A resource that others depend on ends in a `ForkPipe`, which hands each item to their pipes. In
  their own right those have it as their `parent`.
- A resource can run twice in a process, even at the same time, but each run has a pipe of its
  own, which is gone after it.

At an upgrade of dlt check those sentences, and run the tests in `tests/stories`: most of them
fail where one is no longer true.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

import dlt
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.storages.exceptions import CurrentLoadPackageStateNotAvailable
from dlt.extract import DltResource
from dlt.extract.incremental import IncrementalResourceWrapper
from dlt.extract.items_transform import LimitItem
from dlt.extract.pipe import ForkPipe, Pipe

from headrace.core.dlt_door.contexts import context, has_context
from headrace.dlt_source.items import spares_others


def current_load_id() -> str | None:
    """The id of the load that the running resource is part of; None outside of a pipeline run."""
    try:
        # dlt says that this is for destinations. Its extract step sets it as well: its own
        # resources with Arrow tables take their `_dlt_load_id` from there.
        return dlt.current.load_package_state()["load_id"]
    except CurrentLoadPackageStateNotAvailable:
        return None


def tables_to_drop() -> set[str]:
    """The names of the tables that the running load drops before it loads, as by a full refresh."""
    try:
        state: Any = dlt.current.load_package_state()["state"]
    except CurrentLoadPackageStateNotAvailable:
        return set()
    return {table["name"] for table in state.get("dropped_tables", ())}


def capabilities_of_running_load() -> DestinationCapabilitiesContext:
    """What the destination of the running load takes; outside of a run, what most of them take.

    dlt hands this to its own steps through its container of contexts, and has no other way to
    ask for it within a resource. Asked of the pipeline it would make a client of the destination,
    which may connect.
    """
    if has_context(DestinationCapabilitiesContext):
        return context(DestinationCapabilitiesContext)
    return DestinationCapabilitiesContext.generic_capabilities()


def running_pipe() -> object:
    """What is the same for all calls of a resource within one run, and another in each run."""
    return _running_pipe()


def yields_are_counted() -> bool:
    """Whether `add_limit` counts what the running resource yields, and ends it early."""
    return any(isinstance(step, LimitItem) for step in _running_pipe().steps)


def may_drop_rows() -> bool:
    """Whether dlt may leave out rows of the tables that the running resource yields."""
    return yields_are_counted() or any(
        isinstance(step, IncrementalResourceWrapper) and step.incremental is not None
        for step in _running_pipe().steps
    )


def wants_dicts(dependents: Collection[str]) -> bool:
    """Whether functions or hints of the user's come between the running resource and the load.

    Those work on rows as dicts, as dlt's own source yields them.

    Args:
        dependents: The names of the resources that depend on the running one and take its rows
            in any form. Any other resource that depends on it is the user's own.
    """
    resource = dlt.current.resource()
    # Functions are asked about each row; and of an Arrow table nested ones would get the columns.
    if resource.has_dynamic_table_name or resource.nested_hints:
        return True
    own = _running_pipe()
    passes: tuple[type, ...] = (ForkPipe, IncrementalResourceWrapper)
    if not dependents:
        passes = (*passes, LimitItem)
    if any(not isinstance(step, passes) for step in own.steps[1:]):
        return True
    if yields_are_counted() and own.get_by_type(IncrementalResourceWrapper) is not None:
        # Tables go out behind the page after theirs: the cursor would be ahead of what is loaded.
        return True
    return depends_elsewhere(dependents)


def others_are_spared(dependents: Collection[str]) -> bool:
    """Whether rows for other tables come out of the running resource's pipe as they went in.

    Not so where a function or model that knows nothing of them is a step of it, or a resource that
    is not ours depends on it.

    Args:
        dependents: The names of the resources of ours that depend on the running one.
    """
    resource = dlt.current.resource()
    if resource.has_dynamic_table_name:
        return False
    own = _running_pipe()
    if any(
        not (isinstance(step, ForkPipe | LimitItem) or spares_others(getattr(step, "_f", None)))
        for step in own.steps[1:]
    ):
        return False
    return not depends_elsewhere(dependents)


def depends_elsewhere(dependents: Collection[str]) -> bool:
    """Whether a resource gets the rows of the running one that is not among some.

    Args:
        dependents: The names of those.
    """
    name = _running_pipe().name
    return any(
        other._pipe.parent is not None
        and other._pipe.parent.name == name
        and other.name not in dependents
        for other in dlt.current.source().resources.extracted
    )


def feeders(resource: DltResource) -> set[str]:
    """Names of a resource and of all that its rows come from.

    Args:
        resource: The resource, which need not be the running one.
    """
    names, pipe = {resource.name}, resource._pipe.parent
    while pipe is not None:
        names.add(pipe.name)
        pipe = pipe.parent
    return names


def _running_pipe() -> Pipe:
    return cast(Pipe, dlt.current.pipe())
