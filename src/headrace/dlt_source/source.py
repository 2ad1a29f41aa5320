"""Makes dlt sources and resources from a config that was read before.

Each resource gets a function that dlt calls when the pipeline runs: `Extraction` lists a resource
that depends on no other, `ChildExtraction` one that depends on the rows of a parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dlt
from dlt.extract import DltResource, DltSource, Incremental

from headrace.config import (
    ExternalResource,
    ParentConfig,
    ResourceConfig,
    SourceConfig,
    in_order_of_dependence,
)
from headrace.config.built.tenants import TENANTS
from headrace.core.arrow import import_where_threads_meet
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.outlets import clean_logs
from headrace.core.secrets.redaction import hold_secrets
from headrace.dlt_source.by_call import SOURCE_NAME
from headrace.dlt_source.children import ChildExtraction
from headrace.dlt_source.extraction import Extraction
from headrace.dlt_source.incremental import (
    CursorValues,
    RunningCursor,
    new_incremental,
    range_of_first_sync,
)
from headrace.dlt_source.missing_rows import add_missing_rows
from headrace.dlt_source.running_resource import ExtractionSettings
from headrace.dlt_source.steps import add_steps
from headrace.dlt_source.tenants import tenants_resource
from headrace.http.lanes import Lanes
from headrace.reading.build import build_listing, listing_by_values, request_template, token_place
from headrace.reading.children import ChildListings
from headrace.reading.client_settings import client_settings
from headrace.reading.credentials import Authentications
from headrace.reading.listing import Listing
from headrace.reading.tenant_apis import TenantApis
from headrace.reading.tenant_listings import TenantListings
from headrace.reading.tenant_tails import TenantTails
from headrace.reading.windowed_listing import WindowedListing


def build_source(
    config: SourceConfig,
    *,
    limit_rows: int | None = None,
    authentications: Authentications | None = None,
    **settings: Any,
) -> DltSource:
    """Makes a dlt source from a config that was read before.

    Args:
        config: The config, as `parse_config` or `load_config` return it.
        limit_rows: The number of rows of each resource after which to stop; None for all rows.
        authentications: The credentials, where others that send requests to the same API share
            them; None to make new ones.
        settings: The settings of the dlt source, as `rest_api_source` takes them.
    """
    resources = build_resources(config, limit_rows=limit_rows, authentications=authentications)
    source = rest_api.clone(**settings)(resources)
    return source.with_resources(*config.chosen) if config.chosen else source


# dlt names a source after its function, unless the caller or the caller's schema gives a name.
@dlt.source(section=SOURCE_NAME)
def rest_api(resources: list[DltResource]) -> list[DltResource]:
    """Puts resources into a source that has the name of dlt's own REST API source.

    Args:
        resources: The resources.
    """
    return resources


def build_resources(
    config: SourceConfig,
    *,
    limit_rows: int | None = None,
    authentications: Authentications | None = None,
) -> list[DltResource]:
    """Makes the dlt resources of a config that was read before.

    Args:
        config: The config, as `parse_config` or `load_config` return it.
        limit_rows: The number of rows of each resource after which to stop; None for all rows.
        authentications: The credentials, where others that send requests to the same API share
            them; None to make new ones.

    Returns:
        The resources, in the order of the config.
    """
    clean_logs()
    import_where_threads_meet()
    authentications = authentications or Authentications.of_config(config)
    apis = None if config.tenants is None else TenantApis(config.tenants, config.client.concurrency)
    own = client_settings(config)
    lanes = Lanes(own) if apis is None else apis.lanes(own)
    pipeline = config.pipeline_settings
    settings = ExtractionSettings(
        row_ids=pipeline.row_ids,
        strict=pipeline.strict,
        limit_rows=limit_rows,
        base_url=config.client.base_url if apis is None else None,
        moved_from=config.client.moved_from or (),
        are_of_tenants=apis is not None,
    )
    configs = {each.name: each for each in config.resources}
    building = _Building(config, authentications, lanes, settings, apis)
    built: dict[str, DltResource] = {}
    if apis is not None:
        hold_secrets(lanes, config.secrets)
        built[TENANTS] = tenants_resource(apis)
    # dlt makes a transformer from its parent, so the parents come first.
    for name in in_order_of_dependence((each.name, _parent_of(each)) for each in configs.values()):
        if name in configs:
            built[name] = building.resource(configs[name], built)
    return [*([] if apis is None else [built[TENANTS]]), *(built[name] for name in configs)]


@dataclass(frozen=True, slots=True)
class _Building:
    """Makes the dlt resources of a config.

    Args:
        config: The config.
        authentications: Its credentials.
        lanes: What all resources fetch with.
        settings: How rows are handed to dlt.
        apis: What the APIs of its tenants are asked with; None where it has none.
    """

    config: SourceConfig
    authentications: Authentications
    lanes: Lanes
    settings: ExtractionSettings
    apis: TenantApis | None

    def resource(
        self, config: ResourceConfig | ExternalResource, built: Mapping[str, DltResource]
    ) -> DltResource:
        """Makes a resource.

        Args:
            config: The resource, as the config describes it.
            built: The resources that were made before, its parent among them.
        """
        if isinstance(config, ExternalResource):
            return config.resource  # type: ignore[no-any-return]
        listing = build_listing(self.config, config, self.authentications)
        others = self.config.resources
        dependents = frozenset(each.name for each in others if _parent_of(each) == config.name)
        if config.parent is None:
            made = _build_resource(config, self._extraction(config, listing, dependents))
        else:
            children = self._children(config, config.parent, listing, dependents)
            made = _build_child(config, children, built[config.parent.resource])
        add_steps(made, config.steps)
        add_missing_rows(made, config.missing_rows)
        return made

    def _extraction(
        self, config: ResourceConfig, listing: Listing, dependents: frozenset[str]
    ) -> Extraction:
        return Extraction(
            listing,
            self.lanes,
            self.settings,
            config.tail,
            dependents,
            config.missing_rows,
            config.token,
            token_place(self.config, config, listing),
            listing_by_values(self.config, config, listing, self.authentications),
            None if self.apis is None else TenantTails(self.apis, config.name),
        )

    def _children(
        self,
        config: ResourceConfig,
        parent: ParentConfig,
        listing: Listing,
        dependents: frozenset[str],
    ) -> ChildExtraction:
        tenants = None if self.apis is None else TenantListings(self.apis, config.name, parent)
        template = request_template(config.endpoint)
        made_with_dlt = {
            each.name for each in self.config.resources if isinstance(each, ExternalResource)
        }
        return ChildExtraction(
            ChildListings(listing, template, parent, tenants=tenants),
            self.lanes,
            self.settings,
            cursor=config.cursor,
            parent_is_ours=parent.resource not in made_with_dlt,
            dependents=dependents,
            missing_rows=config.missing_rows,
        )


def _parent_of(config: ResourceConfig | ExternalResource) -> str | None:
    if isinstance(config, ExternalResource) or config.parent is None:
        return None
    return config.parent.resource


def _build_resource(config: ResourceConfig, extraction: Extraction) -> DltResource:
    def list_rows() -> Iterator[Any]:
        yield from extraction.items()

    def list_range(incremental_object: Incremental[Any] | None) -> Iterator[Any]:
        assert incremental_object is not None
        assert config.cursor is not None
        template = request_template(config.endpoint)
        cursor = RunningCursor(incremental_object, config.cursor, template)
        yield from extraction.items(cursor)

    resource: DltResource
    if config.cursor is None:
        resource = dlt.resource(list_rows, **config.hints)()
    else:
        # dlt finds this argument by its annotation. When the resource runs, dlt passes a copy of
        # the incremental that is bound to the state.
        resource = dlt.resource(list_range, **config.hints)(new_incremental(config.cursor))
    return resource


def _build_child(
    config: ResourceConfig, extraction: ChildExtraction, parent: DltResource
) -> DltResource:
    # No generators, so that their lines run at the call itself: rows that come one by one are
    # gathered.
    def list_rows(items: Any) -> Iterator[Any]:
        return extraction.items(items)

    def list_range(items: Any, incremental_object: Incremental[Any] | None) -> Iterator[Any]:
        # And dlt binds the incremental anew for each item of the parent, and may do so before it
        # takes the rows of an earlier item.
        return extraction.items(items, incremental_object)

    # The listings of all parent rows are fetched concurrently anyway; dlt's threads add nothing.
    hints = {name: hint for name, hint in config.hints.items() if name != "parallelized"}
    resource: DltResource
    if config.cursor is None:
        resource = dlt.transformer(list_rows, data_from=parent, **hints)()
    else:
        made = dlt.transformer(list_range, data_from=parent, **hints)
        resource = made(new_incremental(config.cursor))
    return resource


def as_in_first_sync(
    listing: Listing, resource: ResourceConfig, wanted: int | None
) -> Listing | WindowedListing:
    """The listing with the requests that a first sync would make, when there is no state yet.

    Args:
        listing: The listing of a resource that depends on no other.
        resource: The resource, as the config describes it.
        wanted: So many rows are enough; None for all.

    Raises:
        ConfigError: A placeholder of the incremental cannot be filled.
    """
    if resource.cursor is None:
        return listing
    cursor, values = resource.cursor, CursorValues.of_first_sync(resource.cursor)
    template = request_template(resource.endpoint)
    asked = range_of_first_sync(cursor)
    if asked is None:
        return listing.filled(template, lambda each: values.fill(each, cursor))

    def of_window(start: Any, end: Any) -> Listing:
        fill = asked.fill_of(start, end)
        return listing.filled(template, lambda each: fill(each, {}))

    return WindowedListing(
        listing.name, asked.settings, asked.low, asked.high, of_window, wanted=wanted
    )
