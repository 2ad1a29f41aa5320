"""From a document to a `SourceConfig`, or to all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from headrace.config.built.merging import MergedResource, merged_resources
from headrace.config.built.resource import build_resource
from headrace.config.built.source import ExternalResource, ResourceConfig, SourceConfig
from headrace.config.checks.between_keys import faults_between_keys, untyped_auths
from headrace.config.checks.faults import FaultCollector
from headrace.config.format.document import SourceDocument
from headrace.config.format.validation import validate_document
from headrace.config.format.wording import kind_of
from headrace.config.secrets.auth_completion import DEFAULT_SECTIONS, with_completed_auths
from headrace.config.secrets.masking import secrets_in
from headrace.config.secrets.substitution import SubstitutedValues
from headrace.core.dlt_door.auths import Sections
from headrace.core.exceptions import ConfigError, Fault

_NOTHING_SUBSTITUTED = SubstitutedValues()


def parse_config(
    document: Mapping[str, Any],
    substituted: SubstitutedValues = _NOTHING_SUBSTITUTED,
    sections: Sections | None = DEFAULT_SECTIONS,
    *,
    numbers_as_text: bool = False,
) -> SourceConfig:
    """Check a config and complete it: each key is validated once, and merged once.

    Args:
        document: The config as given to `rest_api_source`, or read from a file with its secrets
            put in. Python objects in it are kept as they are.
        substituted: The values that `substitute_secrets` put in; no message shows them.
        sections: The sections of dlt's settings in which dlt looks for what an `auth` leaves
            out; None for those of the dlt source that is running.
        numbers_as_text: Whether a number counts as the text that it was written as, where text
            is wanted, as in a file.

    Returns:
        The config, every resource merged with the defaults.

    Raises:
        ConfigError: Everything that is wrong, at once.
    """
    if not isinstance(document, Mapping):
        raise ConfigError([Fault("", f"expected a mapping; got {kind_of(document)}")])
    if document.get("tenants") is not None:
        # Whoever parses the config of each tenant leaves the key out.
        raise ConfigError([Fault("tenants", "cannot be read here")])
    auths = with_completed_auths(document, sections)
    source: SourceDocument | None = None
    invalid: ValidationError | None = None
    try:
        source = validate_document(auths.document, numbers_as_text=numbers_as_text)
    except ValidationError as error:
        invalid = error
    document = auths.document
    faults = FaultCollector(document, substituted)
    told_already = (*auths.faults, *untyped_auths(document))
    for path, message in told_already:
        faults.add(path, message)
    if invalid is not None:
        faults.add_invalid(invalid, SourceDocument, [path for path, _ in told_already])
    resources = merged_resources(document, source)
    for path, message in faults_between_keys(document, resources):
        faults.add(path, message)
    if source is None or not faults.is_empty:
        raise faults.error()
    names = [each.name for each in resources]
    return SourceConfig(
        client=source.client,
        resources=tuple(_built(each, source, names) for each in resources),
        pipeline=source.pipeline,
        secrets=secrets_in(document, substituted),
        looked_up=(*substituted.looked_up, *auths.looked_up),
    )


def _built(
    resource: MergedResource, source: SourceDocument, names: Sequence[str]
) -> ResourceConfig | ExternalResource:
    if resource.typed is None:
        made = source.resources[resource.index]
        return ExternalResource(index=resource.index, name=resource.name, resource=made)
    return build_resource(resource, resource.typed, source.client, names)
