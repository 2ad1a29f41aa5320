"""`headrace check`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.auth_warnings import auth_warnings
from headrace.cli.exit_codes import CALL_OR_CONFIG_WRONG, FAILED, exit_codes
from headrace.cli.options import ConfigArgument, SetOption, TenantOption
from headrace.cli.printing import say
from headrace.cli.sample_shown import say_sample

if TYPE_CHECKING:
    from headrace.config import SourceConfig, TenantsConfig
    from headrace.dlt_source.sample import Sample
    from headrace.reading.recipients import Recipient

_SAMPLE_ROWS = 100
_MOST_PATHS = 5


def check(
    config: ConfigArgument,
    overrides: SetOption = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Try this resource only. Repeatable."),
    ] = None,
    tenant: TenantOption = None,
) -> None:
    """Try the config: one real request for each resource, nothing loaded.

    Before the first one it says which variables and settings the config sends to which host.

    Where the config has `tenants`, each of them is tried.

    Exit code 0: the API answers as the config expects; 1: it does not; 2: the config is wrong.
    """
    with exit_codes(), auth_warnings():
        from headrace.config import load_config
        from headrace.config.loading import read_config
        from headrace.config.selection import select_resources, select_tenants
        from headrace.destination.tenant_rows import with_stored_tenants

        document = with_stored_tenants(read_config(config, overrides or ()), config, None, None)
        loaded = select_resources(load_config(document), resource or ())
        loaded = select_tenants(loaded, tenant or ())
        say("The config is sound.")
        worst = _tried(loaded) if loaded.tenants is None else _tenants_tried(loaded, loaded.tenants)
        if worst:
            raise typer.Exit(worst)


def _tenants_tried(config: SourceConfig, tenants: TenantsConfig) -> int:
    """Tries each tenant; gives the worst exit code."""
    worst = 0
    for each in tenants.tenants:
        say(f"Tenant {each.name}:")
        if each.config is None:
            worst = max(worst, CALL_OR_CONFIG_WRONG)
            say(f"Error: {each.error}", to_stderr=True)
        else:
            own = replace(each.config, chosen=config.chosen)
            worst = max(worst, _tried(own, tenants.column))
    return worst


def _tried(config: SourceConfig, column: str | None = None) -> int:
    """Tries each resource of a config, of one tenant of it say; gives the worst exit code."""
    from headrace.config.selection import listed_resources
    from headrace.core.exceptions import ConfigError, HeadraceError
    from headrace.dlt_source.sample import take_sample
    from headrace.reading.recipients import recipients

    for each in recipients(config):
        say(_told(each))
    worst = 0
    for tried in listed_resources(config):
        try:
            sample = take_sample(config, tried, _SAMPLE_ROWS, most_pages=1, judges_rows=True)
            _refuse_taken(sample, column)
            say_sample(sample)
        except HeadraceError as error:
            # What only shows now, as a file of a certificate that is not there.
            is_config = isinstance(error, ConfigError)
            worst = max(worst, CALL_OR_CONFIG_WRONG if is_config else FAILED)
            say(f"Error: {error}", to_stderr=True)
    return worst


def _refuse_taken(sample: Sample, column: str | None) -> None:
    from headrace.core.exceptions import ConfigError, Fault

    if column is not None and column in sample.columns:
        told = f"rows of `{sample.resource}` have a field `{column}` of their own: name another one"
        raise ConfigError([Fault("tenants.column", told)], resource=sample.resource)


def _told(recipient: Recipient) -> str:
    if not recipient.names:
        return f"It sends no variable of yours to {recipient.place}."
    names, paths = ", ".join(recipient.names), ", ".join(recipient.paths[:_MOST_PATHS])
    more = len(recipient.paths) - _MOST_PATHS
    further = f" and {more:,} more places" if more > 0 else ""
    return f"It sends {names} to {recipient.place} ({paths}{further})."
