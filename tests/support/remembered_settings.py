"""Has dlt find out once what does not change, instead of each time that it looks up a setting.

dlt resolves its settings dozens of times for each load, and asks the same questions of the same
type hints and names each time: more than half of what a test with a pipeline costs. The answers
depend on nothing but what is asked and on the environment, so that the tests test the same.
scripts/compare --newest-dlt runs without this, and so does each process that is started as users
start it.
"""

from __future__ import annotations

import copy
import functools
import os
import sys
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import dlt  # noqa: F401  (brings the modules below, and all that take functions from them)
from dlt.common import typing as dlt_typing
from dlt.common import validation
from dlt.common.configuration import resolve
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.environ import EnvironProvider
from dlt.common.configuration.specs import PluggableRunContext, base_configuration
from dlt.common.configuration.specs.base_configuration import BaseConfiguration
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.destination import Destination

_ASKED_AGAIN = {
    dlt_typing: (
        "extract_inner_type",
        "extract_type_if_modifier",
        "is_literal_type",
        "is_optional_type",
        "is_subclass",
        "is_union_type",
    ),
    base_configuration: (
        "extract_inner_hint",
        "is_hint_not_resolvable",
        "is_secret_hint",
        "is_valid_configspec_field",
        "is_valid_hint",
    ),
    resolve: ("_build_section_lookup_paths",),
}


_GET_TYPE_HINTS: Callable[..., dict[str, Any]] = validation.get_type_hints  # type: ignore[attr-defined]


def remember_settings() -> None:
    """Puts functions that remember in the place of dlt's, wherever a module has taken one."""
    _remember_functions()
    _remember_fields()
    _remember_single_values()
    _remember_configurations()
    _remember_capabilities()


def _remember_functions() -> None:
    for module, names in _ASKED_AGAIN.items():
        for name in names:
            asked = getattr(module, name)
            remembering = _remembering(asked)
            for each in list(sys.modules.values()):
                if getattr(each, "__name__", "").startswith("dlt") and (
                    vars(each).get(name) is asked
                ):
                    setattr(each, name, remembering)
    validation.get_type_hints = _type_hints  # type: ignore[assignment, attr-defined]
    key_name = staticmethod(_remembering(EnvironProvider.get_key_name))
    EnvironProvider.get_key_name = key_name  # type: ignore[method-assign]


@functools.cache
def _hints_of(spec: type) -> dict[str, Any]:
    return _GET_TYPE_HINTS(spec, globalns=vars(sys.modules[spec.__module__]))


def _type_hints(spec: type, globalns: object) -> dict[str, Any]:
    """The type hints of a typed dict, in the names of its own module as dlt's check asks for."""
    return _hints_of(spec)


def _remembering(asked: Callable[..., Any]) -> Callable[..., Any]:
    remembered = functools.lru_cache(maxsize=None)(asked)

    @functools.wraps(asked)
    def answer(*arguments: Any, **options: Any) -> Any:
        try:
            return remembered(*arguments, **options)
        except TypeError:
            return asked(*arguments, **options)

    return answer


def _remember_fields() -> None:
    """Has dlt find out once which fields a specification has."""
    really_iterate = BaseConfiguration.__iter__
    really_resolvable = BaseConfiguration.get_resolvable_fields.__func__  # type: ignore[attr-defined]
    names: dict[type, tuple[str, ...]] = {}
    resolvable: dict[type, dict[str, type]] = {}

    def names_of(self: BaseConfiguration) -> tuple[str, ...]:
        spec = type(self)
        if spec not in names:
            names[spec] = tuple(really_iterate(self))
        return names[spec]

    def resolvable_fields(spec: type) -> dict[str, type]:
        if spec not in resolvable:
            resolvable[spec] = really_resolvable(spec)
        return resolvable[spec].copy()

    BaseConfiguration.__iter__ = lambda self: iter(names_of(self))  # type: ignore[method-assign]
    BaseConfiguration.__len__ = lambda self: len(names_of(self))  # type: ignore[method-assign]
    BaseConfiguration.get_resolvable_fields = classmethod(resolvable_fields)  # type: ignore[assignment, method-assign]


def _remember_single_values() -> None:
    """Has dlt look up a setting once for each environment, where no file has any."""
    really = resolve._resolve_single_value
    remembered: dict[Any, Any] = {}

    @functools.wraps(really)
    def single_value(*asked: Any) -> Any:
        place = _place()
        try:
            found = remembered.get((asked, place)) if place else None
        except TypeError:
            place = None
        if not place:
            return really(*asked)
        if found is None:
            found = really(*asked)
            # What is not a setting, but an object of the moment, is asked for again.
            if found[0] is not None and not isinstance(found[0], str):
                return found
            remembered[asked, place] = found
        value, traces = found
        return value, traces.copy()

    resolve._resolve_single_value = single_value  # type: ignore[assignment]


def _copy(resolved: Any) -> Any:
    """A resolved configuration that shares nothing that can be changed."""
    copied = resolved.copy()
    for each in (copied, copied.credentials):
        for name, value in vars(each).items():
            if isinstance(value, list | dict):
                vars(each)[name] = copy.deepcopy(value)
    return copied


def _place() -> Hashable:
    """What settings depend on besides their names; None where files have some as well."""
    container = Container()
    for provider in container[PluggableRunContext].providers.providers:
        if not (isinstance(provider, EnvironProvider) or provider.is_empty):
            return None
    context = container[ConfigSectionContext]
    return context.pipeline_name, context.sections, _environment()


_environments: dict[Any, int] = {}
_last_environment: list[tuple[Any, int]] = [(None, 0)]


def _environment() -> int:
    """A number for what the environment holds; the same whenever it holds the same."""
    # What os.environ decodes at each look: that takes longer than to look up a setting.
    held = os.environ._data  # type: ignore[attr-defined]
    last, number = _last_environment[0]
    if held != last:
        number = _environments.setdefault(frozenset(held.items()), len(_environments))
        _last_environment[0] = held.copy(), number
    return number


def _remember_configurations() -> None:
    """Has dlt resolve once how a destination with a connection string is reached."""
    really = Destination.configuration
    remembered: dict[Any, Any] = {}

    @functools.wraps(really)
    def configuration(self: Any, initial_config: Any, accept_partial: bool = False) -> Any:
        place = _place()
        given = initial_config if initial_config is not None else self.spec()
        fields = {**vars(given), **self.config_params}
        credentials = self.config_params.get("credentials")
        if (
            not (place and isinstance(credentials, str))
            or given.is_resolved()
            or any(isinstance(value, BaseConfiguration) for value in fields.values())
        ):
            return really(self, initial_config, accept_partial)
        asked = repr((vars(given), self.config_params, accept_partial))
        key = (type(self), type(given), asked, Path.cwd(), place)
        if key not in remembered:
            resolved = really(self, given, accept_partial)
            if resolved.is_resolved() and isinstance(resolved.credentials, BaseConfiguration):
                remembered[key] = _copy(resolved)
            return resolved
        vars(given).update(vars(_copy(remembered[key])))
        # Copied credentials lack what belongs to one object alone, as DuckDB's connections.
        given.credentials.resolve()
        return given

    Destination.configuration = configuration  # type: ignore[method-assign]


def _remember_capabilities() -> None:
    """Has dlt find out once for each environment what destinations of the same settings can.

    dlt resolves all settings of the destination for that, a dozen times for each load.
    """
    really = Destination.capabilities
    remembered: dict[Any, Any] = {}

    @functools.wraps(really)
    def capabilities(self: Any, config: Any = None, naming: Any = None) -> Any:
        if config is not None:
            return really(self, config, naming)
        given = repr((self.config_params, self.caps_params))
        key = (type(self), given, naming and naming.name(), Path.cwd(), _environment())
        if key not in remembered:
            remembered[key] = really(self, None, naming)
        return remembered[key].copy()

    Destination.capabilities = capabilities  # type: ignore[method-assign]
