"""Has dlt look up once how a destination is reached, and not at each of the steps of a run.

dlt resolves all settings of a destination anew for each client and for each question of what the
destination can do: three dozen times in a sync, which is a third of what a small one costs. Within
a run they stay the same.

What this rests on, by dlt 1.31: whatever asks for them calls `configuration` of the destination of
the pipeline, with a configuration that has the name of the dataset and takes the rest; a copy of
credentials shares no connection with them, and to resolve those of DuckDB again gives them a pool
of connections of their own; the settings of a destination depend on the name of the pipeline that
dlt has in its context, and on nothing else there. At an upgrade of dlt check those sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext

from headrace.core.dlt_door.contexts import context
from headrace.core.leaps import Leap, is_taken

# Those whose credentials are known to be values and nothing else, but for connections.
_DESTINATIONS = ("dlt.destinations.duckdb", "dlt.destinations.postgres")
# The attribute that is covered for as long as a block lasts.
_ASKED = "configuration"
_POOL = "conn_pool"

Resolve = Callable[..., Any]


@contextmanager
def settings_looked_up_once(*destinations: Any) -> Iterator[None]:
    """Has the settings of destinations looked up once, for as long as the block lasts.

    Args:
        destinations: Destinations of dlt's; others than DuckDB and PostgreSQL, names and None are
            left as they are, and so is one that a block around this one has already.
    """
    covered = [
        each
        for each in destinations
        if getattr(each, "destination_type", None) in _DESTINATIONS and _ASKED not in vars(each)
    ]
    if not is_taken(Leap.REMEMBERED_SETTINGS):
        covered = []
    for each in covered:
        vars(each)[_ASKED] = _remembering(each.spec, each.configuration)
    try:
        yield
    finally:
        for each in covered:
            # Another thread may load into it as well.
            vars(each).pop(_ASKED, None)


def _remembering(spec: Callable[[], BaseConfiguration], resolve: Resolve) -> Resolve:
    """The function that remembers what another one has resolved."""
    resolved: dict[Hashable, Any] = {}

    def configuration(initial_config: Any = None, accept_partial: bool = False) -> Any:
        given = initial_config or spec()
        if given.is_resolved():
            return resolve(given, accept_partial)
        asked = (_values(given), accept_partial, context(ConfigSectionContext).pipeline_name)
        if asked not in resolved:
            made = resolve(given, accept_partial)
            resolved[asked] = made.copy()
            return made
        found = resolved[asked].copy()
        credentials = found.credentials
        if hasattr(credentials, _POOL) and credentials.is_resolved():
            credentials.resolve()
        return found

    return configuration


def _values(settings: BaseConfiguration) -> Hashable:
    """All that a configuration holds, to compare it by; of a pool of connections whose it is."""
    return type(settings), *(
        (name, _values(value) if isinstance(value, BaseConfiguration) else repr(value))
        for name, value in vars(settings).items()
    )
