"""What `headrace.discover` gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from headrace.core.secrets.shipping import stays_here
from headrace.discovery.commented_yaml import commented_yaml
from headrace.discovery.probing_client import AskedRequest
from headrace.sansio.discovery.evidence import Evidence


@stays_here
@dataclass(frozen=True)
class Discovery:
    """A config that was found by asking an API.

    Args:
        config: The config, in dlt's REST API source format; secrets stand in it as `${NAME}`. Where
            it could not be proven how pages go on, its paginator is `unknown`, and it does not run
            before that is said.
        evidence: What speaks for each line of it, what was ruled out, and what is not known.
        requests: What was asked, in order.
        secrets: The values of the secrets that were given, by the names that they have in the
            config.
        document: The document of the API that it is made of; None where it was found by asking
            alone.
    """

    config: dict[str, Any]
    evidence: tuple[Evidence, ...]
    requests: tuple[AskedRequest, ...]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    document: str | None = None

    @cached_property
    def text(self) -> str:
        """The config as a YAML file, each line with what proves it."""
        return self.as_yaml("headrace.yml")

    def as_yaml(self, file: str) -> str:
        """The config as a YAML file that knows its name.

        Args:
            file: The name of the file.
        """
        return commented_yaml(self.config, self.evidence, self.requests, file, self.document)

    @property
    def unknown(self) -> tuple[Evidence, ...]:
        """What is to be asked of the API's documentation before the config runs."""
        return tuple(each for each in self.evidence if each.verdict == "unknown")

    @property
    def is_proven(self) -> bool:
        """Whether the config runs as it is."""
        return not any(
            resource["endpoint"].get("paginator") == "unknown"
            for resource in self.config["resources"]
        )
