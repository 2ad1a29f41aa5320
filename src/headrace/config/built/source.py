"""A config that has been read: complete, typed, and ready to be run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jsonpath_ng import JSONPath

from headrace.config.built.cursor import CursorConfig
from headrace.config.built.parents import ParentConfig
from headrace.config.built.tail import TailConfig
from headrace.config.format.auth import AuthModel
from headrace.config.format.client import ClientConfig, PipelineConfig
from headrace.config.format.document import StepKind
from headrace.config.format.response_actions import ResponseAction


@dataclass(frozen=True, kw_only=True)
class EndpointConfig:
    """What a resource asks for.

    Args:
        path: below the client's `base_url`, or a URL of its own. In it, and in the four below,
            placeholders and doubled braces stand as written.
        method: in capitals.
        params: query parameters.
        json: JSON body, or None.
        data: form fields or a raw body, or None.
        headers: over those of the client.
        data_selector: JSONPath of the rows; None where they are to be found.
        paginator: how the listing goes on: one of the models, or an instance of a subclass of dlt's
            `BasePaginator`.
        auth: how requests are authenticated, as a model or a Python object; None for not at all.
        response_actions: what to do with answers of certain kinds, in order.
    """

    path: str = field(repr=False)
    method: str
    params: dict[str, Any] = field(repr=False)
    json: dict[str, Any] | None = field(repr=False)
    data: Any = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    data_selector: str | JSONPath | None
    paginator: Any
    auth: AuthModel | Any = field(repr=False)
    response_actions: tuple[ResponseAction, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ResourceConfig:
    """One listing and its table.

    Args:
        index: place in the config's list, for paths in messages.
        name: the resource's name.
        endpoint: what it asks for.
        hints: keyword arguments for `dlt.resource`, as the user gave them.
        parent: the resource that it depends on; None when it depends on none.
        cursor: its incremental, where that is one of dlt's; None for none.
        tail: how it is kept up with; None when each sync lists all of it, or what `cursor` says.
        steps: functions over its rows, in order, each with what it does.
    """

    index: int
    name: str
    endpoint: EndpointConfig
    hints: dict[str, Any]
    parent: ParentConfig | None = None
    cursor: CursorConfig | None = None
    tail: TailConfig | None = None
    steps: tuple[tuple[StepKind, Callable[..., Any]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExternalResource:
    """A `dlt` resource that the user made.

    Args:
        index: place in the config's list.
        name: the resource's name.
        resource: the very `DltResource`.
    """

    index: int
    name: str
    resource: Any


@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """A whole config.

    Args:
        client: what all requests have in common.
        resources: in the order of the config.
        pipeline: for the command line; None when the config does not say.
        secrets: values that must be masked in all that is told.
        chosen: names of the resources to load; empty for those that the config selects.
    """

    client: ClientConfig
    resources: tuple[ResourceConfig | ExternalResource, ...]
    pipeline: PipelineConfig | None
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    chosen: tuple[str, ...] = ()

    @property
    def pipeline_settings(self) -> PipelineConfig:
        """What the config says of the pipeline, with the defaults where it says nothing."""
        return self.pipeline or PipelineConfig()
