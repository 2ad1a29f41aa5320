"""Asks dlt for settings and secrets, which users keep in the environment and in `.dlt/`."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any, TypeVar

from headrace.core.dlt_door.contexts import context
from headrace.core.dlt_door.loading import imported, is_imported

if TYPE_CHECKING:
    from dlt.common.configuration.providers.provider import ConfigProvider

Number = TypeVar("Number", int, float)

_REPLACING = threading.Lock()

Spelling = tuple[tuple[str, ...], str]
"""One way to write the name of a setting: its sections, and its key in them."""


class SettingsUnreadable(Exception):  # noqa: N818 - says what is so, and carries it to a path
    """One of dlt's files cannot be read.

    Its text is fit to be shown: dlt's own text may quote a line of the file.

    Args:
        provider: The name that dlt gives to the file.
    """

    def __init__(self, provider: str) -> None:
        # What an exception is pickled by is what it hands on here.
        super().__init__(provider)
        self.provider = provider

    def __str__(self) -> str:
        return (
            f"dlt cannot read {self.provider}; check that it is valid TOML, here and in dlt's "
            "home folder"
        )


def setting_text(spellings: Iterable[Spelling]) -> str | None:
    """Find a setting or a secret in the places that dlt knows, in dlt's order.

    Args:
        spellings: The ways to write its name; each place is asked for all of them in turn.

    Returns:
        The value as text, or None where it is nowhere. Tables and lists do not count.

    Raises:
        SettingsUnreadable: One of dlt's files is no valid TOML.
    """
    secret = imported("dlt.common.typing").TSecretValue
    tried = list(spellings)
    for provider in _providers():
        for sections, key in tried:
            value, _ = provider.get_value(key, secret, None, *sections)
            if value is not None and not isinstance(value, (dict, list)):
                return str(value).lower() if isinstance(value, bool) else str(value)
    return None


def files_of_settings() -> list[str]:
    """The files in which dlt looks for settings, in its order.

    Raises:
        SettingsUnreadable: One of the files is no valid TOML.
    """
    return [file for provider in _providers() for file in provider.locations]


def runtime_number(name: str, kind: type[Number]) -> Number | None:
    """A number of dlt's section `[runtime]`, for example `request_timeout`.

    Args:
        name: The key of the number in the section.
        kind: The type of the number, `int` or `float`.

    Returns:
        The number, or None where the user has not set it.

    Raises:
        ValueError: The value that is set there is not a number of this type.
    """
    dlt = imported("dlt")
    error = imported("dlt.common.configuration.exceptions").ConfigurationException
    try:
        with traces_forgotten():
            value: Number | None = dlt.config.get(f"runtime.{name}", kind)
    except error:
        raise ValueError(f"runtime.{name} is no number") from None
    return value


def mappings_found(key: str) -> Iterator[Mapping[str, Any]]:
    """What each place for settings says of a key in the sections of the running dlt source.

    dlt itself takes the first of these, and leaves the others.

    Args:
        key: The name of an argument of the running source.

    Yields:
        The mappings, those first that dlt looks in first: for the pipeline, then for all, and
        for each in the order of the places.
    """
    dlt = imported("dlt")
    # dlt's own functions for this look for one value. At an upgrade check that this one still
    # looks in one place, and takes the sections from the outermost inwards.
    look_up = imported("dlt.common.configuration.resolve").resolve_single_provider_value
    specs = imported("dlt.common.configuration.specs")
    sections = context(specs.ConfigSectionContext)
    name = sections.pipeline_name
    pipelines = [name, None] if name else [None]
    for pipeline, provider in product(pipelines, dlt.config.config_providers):
        value, _ = look_up(
            provider, key, dict, pipeline_name=pipeline, explicit_sections=sections.sections
        )
        if isinstance(value, Mapping):
            yield value


def documents_of_secrets() -> Iterator[Mapping[str, Any]]:
    """What the files hold in which dlt keeps secrets, as `.dlt/secrets.toml`.

    Yields:
        Each file as a document; none where nobody has imported dlt, since then no value of a
        config can come from there, and none where a file cannot be read: whoever asks for a
        value is told so.
    """
    if not is_imported("dlt"):
        return
    toml = imported("dlt.common.configuration.providers.toml").SettingsTomlProvider
    try:
        providers = _providers()
    except SettingsUnreadable:
        return
    for provider in providers:
        if isinstance(provider, toml) and provider.supports_secrets:
            yield tomllib.loads(provider.to_toml())


@contextmanager
def overridden(settings: Mapping[str, Any]) -> Iterator[None]:
    """Put settings before those of all places, for what this thread looks up in the block.

    Args:
        settings: The settings by their names, in tables by those of their sections.
    """
    kind: Any = imported("dlt.common.configuration.providers.dictionary").DictionaryProvider
    own = threading.get_ident()

    class OfThread(kind):  # type: ignore[misc]
        def get_value(self, key: str, *place: Any) -> Any:
            found, name = super().get_value(key, *place)
            return (found if threading.get_ident() == own else None), name

    first = OfThread()
    with first.values(dict(settings)):
        _replace_providers(lambda there: [first, *there])
        try:
            yield
        finally:
            _replace_providers(lambda there: [each for each in there if each is not first])


def secrets_looked_up() -> Iterator[tuple[str, str]]:
    """The texts that anybody has looked up as secrets, for example with `dlt.secrets[...]`.

    `dlt.secrets[...]` gives plain texts, which do not tell that they are secret.

    Yields:
        The key and its value; none where nobody has imported dlt.
    """
    if not is_imported("dlt"):
        return
    is_secret = imported("dlt.common.configuration.specs.base_configuration").is_secret_hint
    # dlt keeps a trace of each value that it resolves. At an upgrade of dlt check that
    # `dlt.secrets["name"]` still leaves one: the tests of secrets in error messages fail if not.
    traces = imported("dlt.common.configuration.utils").get_resolved_traces()
    for trace in traces.resolved_traces:
        if isinstance(trace.value, str) and is_secret(trace.hint):
            yield trace.key, trace.value


@contextmanager
def traces_forgotten() -> Iterator[None]:
    """Has dlt forget the traces of the values that it resolves in the block.

    It keeps them until the next load, and who only reads has none: in a day they would fill the
    memory. At an upgrade of dlt check that they are still these two lists: a test that reads again
    and again fails if not.
    """
    traces = imported("dlt.common.configuration.utils").get_resolved_traces()
    before = [(kept, len(kept)) for kept in (traces.resolved_traces, traces.all_traces)]
    try:
        yield
    finally:
        for kept, length in before:
            del kept[length:]


def _providers() -> list[ConfigProvider]:
    """The places for settings that dlt knows, in its order.

    Raises:
        SettingsUnreadable: One of dlt's files is no valid TOML.
    """
    found: list[ConfigProvider] = _container().providers
    return found


def _replace_providers(changed: Callable[[list[ConfigProvider]], list[ConfigProvider]]) -> None:
    """Changes the places by a new list: another thread may be going through that which is there."""
    with _REPLACING:
        container = _container()
        container.providers = changed(container.providers)


def _container() -> Any:
    """What holds the places for settings.

    dlt has no public function that lists them, but the context of the run has. At an upgrade
    check that it still has them as `providers.providers`.
    """
    run = imported("dlt.common.configuration.specs.pluggable_run_context").PluggableRunContext
    unreadable = imported("dlt.common.configuration.exceptions").ConfigProviderException
    try:
        return context(run).providers
    except unreadable as error:
        provider = error.provider_name
    raise SettingsUnreadable(provider)
