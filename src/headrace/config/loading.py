"""The steps from a file to a config, in order, for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from headrace.config.built.source import SourceConfig, TenantConfig, TenantsConfig
from headrace.config.built.tenants import with_tenants
from headrace.config.checks.tenants import differences, faults_of_resources
from headrace.config.connectors import find_connector, list_connectors
from headrace.config.files.overrides import apply_overrides, apply_values
from headrace.config.files.reading import read_document
from headrace.config.files.switches import with_switches_as_written
from headrace.config.files.tenants import (
    Tenant,
    tenant_column,
    tenant_query,
    tenants_of,
    with_tenants_inside,
)
from headrace.config.parsing import parse_config
from headrace.config.secrets.auth_completion import DEFAULT_SECTIONS
from headrace.config.secrets.substitution import (
    Lookup,
    substitute_secrets,
    with_renamed_secrets,
)
from headrace.core.dlt_door.auths import Sections
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.secrets.redaction import clean

ConfigPart = Literal["everything", "tables", "destination"]
"""What of a config is needed: all of it, what says which tables there are, or where they are."""

_ANY_URL = "http://localhost"
_SHOWN_TENANTS = 3
_ANY_TENANT = [{"name": "any"}]


def load_config(
    config: Path | str | Mapping[str, Any],
    overrides: Iterable[str] = (),
    lookup: Lookup | None = None,
    *,
    needed: ConfigPart = "everything",
) -> SourceConfig:
    """Read a config file, set the overrides, put the secrets in, and check it all.

    Args:
        config: The path of a YAML or JSON file, the name of a connector, or a document that has
            been read.
        overrides: Values to set, each written as `path=value`.
        lookup: A function from the NAME in `${NAME}` to its value; None looks where
            `dlt.secrets` does.
        needed: What of the config is used. The rest is left out before anything is looked up,
            so that the secrets in it need not be there. `tables` leaves out how the API is
            reached and asked; `destination` leaves out all but `pipeline`.

    Returns:
        The config. What was not needed means nothing in it.

    Raises:
        ConfigError: The file or the overrides cannot be read; or everything that is wrong with
            the config, missing secrets included.
    """
    document = read_config(config, overrides)
    if needed == "tables" and tenant_query(document) is not None:
        # Whichever they are, the tables are the same.
        document = {**document, "tenants": {"column": tenant_column(document), "list": _ANY_TENANT}}
    tenants = [] if needed == "destination" else tenants_of(document)
    if not tenants:
        return _whole(*_loaded(document, lookup, needed))
    return _of_tenants(document, tenants, partial(_loaded, lookup=lookup, needed=needed))


def config_of_call(
    config: Mapping[str, Any], sections: Sections | None = DEFAULT_SECTIONS
) -> SourceConfig:
    """The config that a Python call names.

    Args:
        config: The config as given. Where it has `tenants`, `${NAME}` in it stands for a secret, as
            in a file: the secrets of tenants are told by their names.
        sections: As in `parse_config`.

    Raises:
        ConfigError: Everything that is wrong, at once.
    """
    tenants = tenants_of(config) if isinstance(config, Mapping) else []
    if not tenants:
        return parse_config(config, sections=sections)

    def load(document: dict[str, Any]) -> tuple[SourceConfig | None, list[Fault]]:
        document, substituted, missing = substitute_secrets(document)
        return (None if missing else parse_config(document, substituted, sections)), missing

    return _of_tenants(config, tenants, load)


def config_of_tenant(
    document: Mapping[str, Any], tenant: Tenant, lookup: Lookup | None = None
) -> SourceConfig:
    """The config as it is for one tenant alone, without the column of its name.

    Args:
        document: The config as written, with its secrets as `${NAME}`.
        tenant: The tenant.
        lookup: As in `load_config`.

    Raises:
        ConfigError: Everything that is wrong with it, missing secrets included.
    """
    return _whole(*_loaded(document_of_tenant(document, tenant), lookup, "everything"))


def document_of_tenant(document: Mapping[str, Any], tenant: Tenant) -> dict[str, Any]:
    """The config as it would be written for one tenant alone; its secrets stay names.

    Args:
        document: The config as written.
        tenant: The tenant.

    Raises:
        ConfigError: A path of the tenant's leads nowhere.
    """
    alone = {key: value for key, value in document.items() if key != "tenants"}
    renamed: dict[str, Any] = with_renamed_secrets(alone, tenant.secrets)
    return with_switches_as_written(apply_values(renamed, tenant.set))


def _of_tenants(
    document: Mapping[str, Any],
    tenants: Sequence[Tenant],
    load: Callable[[dict[str, Any]], tuple[SourceConfig | None, list[Fault]]],
) -> SourceConfig:
    """The config for all of its tenants."""
    column = tenant_column(document)
    built: list[TenantConfig] = []
    wrong: dict[Fault, list[str]] = {}
    first: SourceConfig | None = None
    for tenant in tenants:
        found: list[Fault] = []
        try:
            own, missing = load(document_of_tenant(document, tenant))
        except ConfigError as wrong_one:
            own, missing, found = None, [], list(wrong_one.faults)
        if own is not None and not missing:
            first = first or own
            found += [*faults_of_resources(own, column), *differences(own, first)]
        # A tenant whose secret is not there fails by itself.
        error = ConfigError(missing) if missing else None
        built.append(TenantConfig(name=tenant.name, config=None if error else own, error=error))
        for fault in found:
            wrong.setdefault(fault, []).append(tenant.name)
    if wrong:
        raise ConfigError([_of_some(*each, len(tenants)) for each in wrong.items()])
    if first is None:
        raise ConfigError(_missing_of_all(built))
    return with_tenants(first, TenantsConfig(column=column, tenants=tuple(built)))


def _missing_of_all(tenants: Sequence[TenantConfig]) -> list[Fault]:
    """Which secrets are not there, where each tenant lacks some."""
    lacking: dict[Fault, list[str]] = {}
    for each in tenants:
        for fault in each.error.faults if each.error else ():
            lacking.setdefault(fault, []).append(each.name)
    # A lane of a backfill may have one tenant of many.
    most = len(tenants) if len(tenants) > 1 else 2
    return [_of_some(fault, names, most) for fault, names in lacking.items()]


def _of_some(fault: Fault, names: Sequence[str], of: int) -> Fault:
    """A fault, with the names of the tenants that have it where not all do."""
    if len(names) == of:
        return fault
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN_TENANTS])
    more = f" and {len(names) - _SHOWN_TENANTS:,} more" if len(names) > _SHOWN_TENANTS else ""
    return Fault(fault.path, f"{fault.message} (tenant {shown}{more})")


def _loaded(
    document: dict[str, Any], lookup: Lookup | None, needed: ConfigPart
) -> tuple[SourceConfig | None, list[Fault]]:
    """A config without tenants, and which secrets of it are not there.

    Raises:
        ConfigError: Something else is wrong with it.
    """
    document = _reduced(document, needed)
    document, substituted, missing = substitute_secrets(document, lookup)
    try:
        return parse_config(document, substituted, numbers_as_text=True), missing
    except ConfigError as error:
        # Of a value that is not there nothing else can be said.
        places = {clean(fault.path) for fault in missing}
        others = [fault for fault in error.faults if fault.path not in places]
        if others or not missing:
            raise ConfigError([*missing, *others]) from None
    return None, missing


def _whole(loaded: SourceConfig | None, missing: list[Fault]) -> SourceConfig:
    if missing or loaded is None:
        raise ConfigError(missing)
    return loaded


def read_config(
    config: Path | str | Mapping[str, Any], overrides: Iterable[str] = ()
) -> dict[str, Any]:
    """Read a config as it is written, and set the overrides; `${NAME}` still stands in it.

    Tenants that stand in a file beside it stand in the document.

    Args:
        config: As in `load_config`.
        overrides: As in `load_config`.

    Raises:
        ConfigError: The file or the overrides cannot be read.
    """
    document = dict(config) if isinstance(config, Mapping) else _read(config)
    folder = None if isinstance(config, Mapping) else Path(config).parent
    document = with_tenants_inside(apply_overrides(document, overrides), folder)
    return with_switches_as_written(document)


def _reduced(document: dict[str, Any], needed: ConfigPart) -> dict[str, Any]:
    """The document without what is not needed."""
    match needed:
        case "everything":
            return document
        case "destination":
            client = {"base_url": _ANY_URL}
            pipeline = document.get("pipeline")
            return {"client": client, "resources": ["nothing"], "pipeline": pipeline}
        case "tables":
            return _without_requests(document)


def _without_requests(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what only requests need; of the client, its paginator stays."""
    client = document.get("client")
    paginator = client.get("paginator") if isinstance(client, dict) else None
    resources = document.get("resources")
    listed = resources if isinstance(resources, list) else []
    for place in (document.get("resource_defaults"), *listed):
        endpoint = place.get("endpoint") if isinstance(place, dict) else None
        if isinstance(endpoint, dict):
            for key in ("auth", "headers"):
                endpoint.pop(key, None)
    return {**document, "client": {"base_url": _ANY_URL, "paginator": paginator}}


def _read(name: Path | str) -> dict[str, Any]:
    connector = find_connector(str(name))
    if connector is not None:
        return read_document(connector.path)
    return read_document(Path(name), [each.name for each in list_connectors()])
