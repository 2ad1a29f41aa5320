"""A config that has been checked: complete, typed, and ready to be run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jsonpath_ng import JSONPath

from headrace.config.built.cursor import CursorConfig
from headrace.config.built.lanes import PageLanesSettings
from headrace.config.built.lanes_by_values import LanesByValues
from headrace.config.built.missing_rows import MissingRows
from headrace.config.built.parents import ParentConfig
from headrace.config.built.tail import TailConfig
from headrace.config.built.token import TokenConfig
from headrace.config.format.auth import AuthModel
from headrace.config.format.client import ClientConfig, PipelineConfig
from headrace.config.format.decoders import AnyDecoderConfig
from headrace.config.format.document import StepKind
from headrace.config.format.places import LookedUp
from headrace.config.format.response_actions import ResponseAction
from headrace.config.format.rows import RowsConfig
from headrace.config.format.totals import TotalConfig
from headrace.core.exceptions import ConfigError
from headrace.core.secrets.shipping import stays_here


@stays_here
@dataclass(frozen=True, kw_only=True)
class EndpointConfig:
    """What a resource asks for.

    Args:
        path: The path below the client's `base_url`, or a whole URL. In it, in `params`, `json`,
            `data` and `headers`, placeholders and doubled braces still stand as written.
        method: The HTTP method, in capitals.
        params: The query parameters. The value is None where an incremental fills it in.
        json: The JSON body, or None.
        data: Form fields or a raw body, or None.
        headers: Headers, which win over those of the client.
        data_selector: The JSONPath of the rows in a page; None where they have to be found.
        decoder: What the answers are written in; None where it has to be guessed.
        rows: What rows are made of; None where they are objects already.
        paginator: How to get from page to page: one of the models, or an instance of a subclass
            of dlt's `BasePaginator`.
        auth: How requests are authenticated, as a model or a Python object; None for not at all.
        response_actions: What to do with answers of certain kinds, in order.
        total: Where the API tells how many rows there are; None where the config does not say.
        total_is_told: Whether a number under a usual name is taken for it.
        rows_wrapped_at: The key of the object around each row that holds it; None where there is no
            such object, or `data_selector` leads into it.
        lanes: How parts of the listing are asked for at once; None for one page after the other.
        is_graphql: Whether `json` holds a query in GraphQL, so that errors in an answer are errors.
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
    decoder: AnyDecoderConfig | None = None
    rows: RowsConfig | None = None
    total: TotalConfig | None = None
    total_is_told: bool = True
    rows_wrapped_at: str | None = None
    lanes: PageLanesSettings | None = None
    is_graphql: bool = False


@stays_here
@dataclass(frozen=True, kw_only=True)
class ResourceConfig:
    """One listing and its table.

    Args:
        index: Its place in the list `resources` of the config, from 0, for paths in messages.
        name: The name of the resource.
        endpoint: What it asks for.
        hints: Keyword arguments for `dlt.resource`, as the user gave them.
        parent: The resource that it depends on; None when it depends on none.
        cursor: Its incremental, where that is one of dlt's kind; None where there is none.
        token: The token of the API that it goes on from; None where there is none.
        tail: How its listing is kept up with; None when each sync lists all of it, or what
            `cursor` says.
        steps: Functions over its rows, in order, each with what it does.
        primary_key: The columns of its primary key; None where it has none, or a function names it.
        missing_rows: What becomes of rows that the API has no more; None where they stay.
        lanes: The parameter whose values it is listed by; None where it is one listing.
    """

    index: int
    name: str
    endpoint: EndpointConfig
    hints: dict[str, Any]
    parent: ParentConfig | None = None
    cursor: CursorConfig | None = None
    token: TokenConfig | None = None
    tail: TailConfig | None = None
    steps: tuple[tuple[StepKind, Callable[..., Any]], ...] = ()
    primary_key: tuple[str, ...] | None = None
    missing_rows: MissingRows | None = None
    lanes: LanesByValues | None = None


@dataclass(frozen=True, kw_only=True)
class ExternalResource:
    """A resource that the user made with dlt in Python.

    Args:
        index: Its place in the list `resources` of the config, from 0.
        name: The name of the resource.
        resource: The `DltResource` itself.
    """

    index: int
    name: str
    resource: Any


@stays_here
@dataclass(frozen=True, kw_only=True)
class TenantConfig:
    """One tenant of an API.

    Args:
        name: Its name.
        config: The config as it is for this tenant alone, without the column of its name; None
            where a secret of it is not there.
        error: Which secret that is; None where all are there.
    """

    name: str
    config: SourceConfig | None
    error: ConfigError | None = None


@stays_here
@dataclass(frozen=True, kw_only=True)
class TenantsConfig:
    """The tenants that one config is for.

    Args:
        column: The column that names the tenant of a row.
        tenants: The tenants to ask, in order.
        are_all: Whether the config has no other ones.
    """

    column: str
    tenants: tuple[TenantConfig, ...]
    are_all: bool = True


@stays_here
@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """A whole config.

    Args:
        client: What all requests have in common.
        resources: The resources, in the order of the config.
        pipeline: The pipeline of the command line; None when the config says nothing of it.
        secrets: Values that must be masked wherever something is written or shown.
        looked_up: The secrets and settings that came from outside, and where they stand.
        chosen: Names of the resources to load; empty for those that the config selects.
        tenants: The tenants that it is for; None where it has none. What the config says of
            requests is then that of one of them.
    """

    client: ClientConfig
    resources: tuple[ResourceConfig | ExternalResource, ...]
    pipeline: PipelineConfig | None
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    looked_up: tuple[LookedUp, ...] = ()
    chosen: tuple[str, ...] = ()
    tenants: TenantsConfig | None = None

    @property
    def pipeline_settings(self) -> PipelineConfig:
        """What the config says of the pipeline, with the defaults where it says nothing."""
        return self.pipeline or PipelineConfig()
