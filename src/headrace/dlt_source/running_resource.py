"""What the function of a resource finds when dlt runs it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import field, replace
from weakref import WeakKeyDictionary

import dlt

from headrace.config.built.tail import TailConfig
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import Redactor, hold_secrets
from headrace.destination.direct_merges import merge_directly
from headrace.destination.dispositions import refuse_unsupported
from headrace.destination.loader_files import leave_uncompressed
from headrace.destination.secrets import destination_secrets
from headrace.dlt_source.current_sync import RunningSync, running_sync
from headrace.dlt_source.dlt_pipe import (
    capabilities_of_running_load,
    current_load_id,
    wants_dicts,
)
from headrace.dlt_source.mirrored_api import refuse_mixed, refuse_other_api
from headrace.dlt_source.missing_rows import RunningClaim
from headrace.dlt_source.missing_rows_state import (
    AllRowsClaim,
    forget_found,
    note_load,
    take_claim,
)
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing import Listing
from headrace.sansio.rows import BatchIds

# By the pipeline, the last load whose resources the destination was asked about.
_looked_at: WeakKeyDictionary[dlt.Pipeline, str] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class ExtractionSettings:
    """How rows are handed to dlt.

    Args:
        row_ids: Whether to add `_dlt_id` and `_dlt_load_id`, as dlt does to rows that it
            normalizes itself.
        strict: Whether a row that cannot be loaded as it is is an error; else it goes to
            quarantine.
        limit_rows: The number of rows after which to stop; no limit when None.
        batch_rows: The number of rows that are typed at once, a page more or less.
        batch_bytes: The size of the pages, in bytes, at which fewer rows make a batch.
        base_url: The base URL of the API; None where it does not matter.
        moved_from: Hosts where the API was before, as `host` or `host:port`.
        are_of_tenants: Whether each row names its tenant.
    """

    row_ids: bool = True
    strict: bool = False
    limit_rows: int | None = None
    batch_rows: int = 25_000
    batch_bytes: int = 6 * 1024 * 1024
    base_url: str | None = field(default=None, repr=False)
    moved_from: tuple[str, ...] = ()
    are_of_tenants: bool = False


@dataclass(frozen=True, slots=True)
class RunningResource:
    """A resource whose function is running.

    Args:
        listing: The listing that its rows come from.
        settings: How to hand the rows over.
        load_id: The id of the load; None outside of a pipeline run.
        sync: The sync that the load is part of.
        is_loaded: Whether its rows get a table; False where it runs only for resources that depend
            on it.
        dependents: The names of the resources of ours that depend on it and run as well.
        claim: Learns whether the load has all rows; None where nobody wants to know.
    """

    listing: Listing
    settings: ExtractionSettings
    load_id: str | None = None
    sync: RunningSync = field(default_factory=RunningSync)
    is_loaded: bool = False
    dependents: frozenset[str] = frozenset()
    claim: RunningClaim | None = None

    @classmethod
    def now(
        cls,
        listing: Listing,
        settings: ExtractionSettings,
        tail: TailConfig | None = None,
        dependents: Collection[str] = (),
    ) -> RunningResource:
        """The resource whose function is running now.

        Args:
            listing: The listing that its rows come from.
            settings: How to hand the rows over.
            tail: How its listing is kept up with; None where it is not.
            dependents: The names of the resources of ours that depend on it.

        Raises:
            ConfigError: The destination cannot write the rows as a resource of the source asks, or
                the rows in the table are of another API.
        """
        load_id = current_load_id()
        if load_id is None:
            return cls(listing, settings)
        pipeline = dlt.current.pipeline()
        hold_secrets(pipeline, destination_secrets(pipeline))
        sync = running_sync(pipeline)
        resources = dlt.current.source().resources
        # Once for each load: it looks at all resources, and each of their parents' rows asks here.
        if _looked_at.get(pipeline) != load_id:
            refuse_unsupported(
                pipeline,
                resources.selected,
                dlt.current.source_schema(),
                capabilities_of_running_load(),
            )
            merge_directly(pipeline)
            leave_uncompressed(pipeline, capabilities_of_running_load())
            _looked_at[pipeline] = load_id
        is_loaded = dlt.current.resource().name in resources.selected
        if is_loaded:
            own, state = dlt.current.resource(), dlt.current.resource_state()
            refuse_mixed(own, state, are_of_tenants=settings.are_of_tenants)
        if is_loaded and settings.base_url is not None:
            refuse_other_api(
                dlt.current.resource(),
                dlt.current.resource_state(),
                settings.base_url,
                settings.moved_from,
            )
        if sync.witness is not None and is_loaded:
            sync.witness.meet(listing.name, tail)
            # What is seen is to be found again in the tables, by its ids.
            settings = replace(settings, row_ids=True)
        running = frozenset(each.name for each in resources.extracted).intersection(dependents)
        return cls(listing, settings, load_id, sync, is_loaded, running)

    def begin_load(self) -> AllRowsClaim | None:
        """Notes that its rows are loaded, which takes back what the last load has said of them.

        Returns:
            The claim of the last load that it has brought all rows; None where it made none, or
            nobody can say whether it was the last one.
        """
        if self.load_id is None or not self.is_loaded:
            return None
        state, name = dlt.current.resource_state(), dlt.current.resource().name
        claim = take_claim(state)
        if name in self.sync.settled:
            self.sync.settled.remove(name)
            forget_found(state)
        note_load(state, self.load_id)
        return None if name in self.sync.doubted else claim

    @property
    def name(self) -> str:
        """The name that the config gives the resource."""
        return self.listing.name

    @property
    def figures(self) -> ResourceFigures:
        """Where to count what happens to its rows."""
        return self.sync.figures.of(self.name)

    @property
    def redactor(self) -> Redactor:
        """What hides its secrets, a token included that came while it was listed."""
        return Redactor(self.listing.credentials.secrets)

    @property
    def wants_dicts(self) -> bool:
        """Whether what comes behind it works on dicts, as dlt's own source yields them."""
        return self.load_id is None or wants_dicts(self.dependents)

    @property
    def may_miss_requests(self) -> bool:
        """Whether rows are loaded though a request beside their listing fails.

        Not where all rows are wanted or none, by `strict`. With a limit the load is one to look at.
        """
        is_run = self.load_id is not None
        return is_run and not self.settings.strict and self.settings.limit_rows is None

    def show(self, pages: Sequence[FetchedPage], ids: BatchIds | None) -> None:
        """Shows the sync's witness, if there is one, what is handed over.

        Args:
            pages: The pages whose rows are handed over.
            ids: The ids that their rows get in the table; None where dlt makes them.
        """
        if self.sync.witness is not None and self.is_loaded:
            self.sync.witness.see(self.name, pages, ids)
