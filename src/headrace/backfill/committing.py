"""`headrace.backfill.commit`: loads what all lanes have read in one load, and catches up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from headrace.backfill.folder import SharedFolder
from headrace.backfill.lanes import parted_resource
from headrace.backfill.manifests import Manifest, find_manifest
from headrace.backfill.page_files import pages_in
from headrace.backfill.plans import Plan, read_plan
from headrace.config import ResourceConfig, SourceConfig
from headrace.config.built.tail import TailConfig
from headrace.config.selection import select_resources
from headrace.core.arrow import pa
from headrace.core.exceptions import RequestError, SyncError
from headrace.core.failed_requests import Failure
from headrace.core.figures import Figures, ResourceFigures
from headrace.core.secrets.redaction import one_line
from headrace.destination.pipeline import open_pipeline
from headrace.destination.views import CreatedViews, create_views
from headrace.dlt_source.current_sync import RunningSync
from headrace.dlt_source.source import build_source
from headrace.reading.build import leg_settings
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.legs import FailedRow, LegEnd, Legs, SingleRequests
from headrace.reading.lanes.values import ValueListing
from headrace.reading.stretches.keys import merged_states
from headrace.reading.window_legs import REACHED, SETTLED
from headrace.sansio.tail import GoneRow
from headrace.sansio.windows import CatchUp, WindowSettings
from headrace.syncing.results import SyncReport
from headrace.syncing.retention import retention_settings
from headrace.syncing.sync import run_sync, sync

if TYPE_CHECKING:
    import dlt

_MISSING = (
    "{count} of the {lanes:,} lanes in {url} still to be read, so nothing was loaded: {shown}. "
    "`headrace backfill lane {url} --left` reads what is left"
)
_ALL_FAILED = (
    "all tenants failed in the lanes of {url}, so nothing was loaded. The first: {reason} Once "
    "that is mended, `headrace backfill lane {url} {lane} --again` reads a lane once more"
)
_BROKEN = (
    "{path} cannot be read: {error}. Delete {manifest}, and read the lane again with `headrace "
    "backfill lane {url} {number}`"
)
_SHOWN_LANES = 20
_LONGEST_WORDS = 200
# These come with the rows once more.
_COUNTED_AGAIN = frozenset(
    ["rows", "loaded_rows", "side_rows", "known", "quarantined", "pages", "bytes", "replaced"]
)


@dataclass(frozen=True)
class BackfillReport:
    """What a backfill has loaded.

    Args:
        loaded: The report of the load of all lanes.
        caught_up: The report of the sync behind it, which brings what has changed since the plan;
            None where the resource has nothing by which that could be told.
        views: The views over the tables, where `pipeline.views` of the config asks for them.
    """

    loaded: SyncReport
    caught_up: SyncReport | None
    views: CreatedViews | None


def commit(
    url: str,
    *,
    pipeline: dlt.Pipeline | None = None,
    destination: str | None = None,
    dataset: str | None = None,
    full_refresh: bool = False,
    catch_up: bool = True,
    secrets: str | None = None,
    figures: Figures | None = None,
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.time,
) -> BackfillReport:
    """Loads what all lanes of a plan have read, in one load, and then what has changed since.

    All of it is loaded together with what is known of the listing, or none: after a crash it is
    called again, and a second time it loads nothing twice.

    Args:
        url: The folder of the plan.
        pipeline: The pipeline to load into; None for the one that the config names.
        destination: As in `headrace run`, where no pipeline is given.
        dataset: As in `headrace run`, where no pipeline is given.
        full_refresh: Drop the tables of the resource and what is known of it first.
        catch_up: Sync once more behind it, where the resource is kept up with or has an
            incremental: what has changed since the lanes were read.
        secrets: A function, written as `package.module:function`, from the NAME in `${NAME}` to its
            value; None looks where `dlt.secrets` does.
        figures: Where to count, for whoever wants to watch meanwhile.
        stop: An event that ends the sync behind it once it is set.
        clock: Gives the time, in seconds since 1970.

    Returns:
        What was loaded.

    Raises:
        ConfigError: There is no such plan, a secret is not known on this machine, or the resource
            has been loaded before.
        SyncError: A lane has not been read, all tenants failed, or the destination failed.
        HeadraceError: The API stopped the sync behind it.
    """
    folder = SharedFolder(url)
    plan = read_plan(folder)
    manifests = _all_manifests(folder, plan)
    config = select_resources(plan.source_config(secrets), [plan.resource])
    if config.tenants is not None:
        _refuse_failures_alone(folder, plan, manifests)
    pipeline = pipeline or open_pipeline(config, plan.name, destination, dataset)
    parted = parted_resource(config, plan.resource)
    is_listed = parted.resource.parent is None
    by_values = parted.tree.by_values(parted.resource) if is_listed else None
    earlier = ReadLanes(folder, plan, manifests, by_values)
    counted = earlier.counted(figures or Figures())
    loaded = run_sync(
        pipeline,
        build_source(config),
        RunningSync(counted, Legs(leg_settings(config), clock), earlier=earlier),
        full_refresh=full_refresh,
        run_history=config.pipeline_settings.run_history,
        retention=retention_settings(config),
    )
    caught_up = None
    if catch_up and _can_catch_up(config, plan.resource):
        caught_up = sync(
            pipeline,
            build_source(config),
            legs=leg_settings(config),
            stop=stop,
            clock=clock,
            run_history=config.pipeline_settings.run_history,
            retention=retention_settings(config),
        )
    wanted = config.pipeline_settings.views
    views = (
        create_views(pipeline, wanted.executions, wanted.workflows, wanted.node_runs)
        if wanted
        else None
    )
    return BackfillReport(loaded, caught_up, views)


def _all_manifests(folder: SharedFolder, plan: Plan) -> list[Manifest]:
    found = [find_manifest(folder, plan, number) for number in range(plan.lanes)]
    missing = [number for number, each in enumerate(found) if each is None]
    if missing:
        shown = ", ".join(map(str, missing[:_SHOWN_LANES]))
        more = ", ..." if len(missing) > _SHOWN_LANES else ""
        told = _MISSING.format(
            count=f"{len(missing):,}",
            lanes=plan.lanes,
            url=folder.shown,
            shown=f"{shown}{more}",
        )
        raise SyncError(told)
    return [each for each in found if each is not None]


def _refuse_failures_alone(folder: SharedFolder, plan: Plan, manifests: list[Manifest]) -> None:
    """Refuses lanes in which no tenant has worked: their secrets are not there, say."""
    worked = any(each.counts.get(plan.resource, {}).get("listings_ended") for each in manifests)
    first = next((each for each in manifests if each.failed), None)
    if first is None or worked:
        return
    reason = first.failed[0].message
    raise SyncError(_ALL_FAILED.format(url=folder.shown, reason=reason, lane=first.lane))


def _can_catch_up(config: SourceConfig, name: str) -> bool:
    """Whether a sync of the resource asks for what has changed, and not for all of it."""
    (resource,) = (
        each for each in config.resources if isinstance(each, ResourceConfig) and each.name == name
    )
    return resource.tail is not None or (
        resource.cursor is not None and not resource.cursor.has_end
    )


class ReadLanes:
    """What the lanes of a plan have read; a sync loads it in place of asking the API.

    Args:
        folder: The folder of the plan.
        plan: The plan.
        manifests: The reading that counts of each lane, in their order.
        by_values: How the resource is listed by the values of a parameter; None where it is not.
    """

    def __init__(
        self,
        folder: SharedFolder,
        plan: Plan,
        manifests: Sequence[Manifest],
        by_values: ValueListing | None = None,
    ) -> None:
        self._folder = folder
        self._by_values = by_values
        self._plan = plan
        self._manifests = manifests

    @property
    def id(self) -> str:
        """What tells it from others."""
        return self._plan.id

    def has(self, resource: str) -> bool:
        """Whether it is of a resource.

        Args:
            resource: The name of the resource.
        """
        return resource == self._plan.resource

    def counted(self, figures: Figures) -> Figures:
        """The figures, with what was asked for the lanes counted on them.

        Args:
            figures: The figures.
        """
        figures.of(self._plan.resource).requests += self._plan.requests
        for manifest in self._manifests:
            for name, counts in manifest.counts.items():
                each = figures.of(name)
                for counted, count in counts.items():
                    if counted not in _COUNTED_AGAIN or name != self._plan.resource:
                        setattr(each, counted, getattr(each, counted) + count)
        notes = [note for manifest in self._manifests for note in manifest.notes]
        for note in dict.fromkeys([*self._plan.notes, *notes]):
            figures.of(self._plan.resource).note(note)
        return figures

    def pages(self, figures: ResourceFigures) -> Iterator[FetchedPage]:
        """Gives the pages of the resource, in the order of the listing.

        Args:
            figures: Where to count them.
        """
        judge = None if self._by_values is None else self._by_values.judge()
        for read, manifest in enumerate(self._manifests, start=1):
            for stretch, page in self._read(manifest):
                figures.pages += 1
                figures.bytes += page.size
                figures.rows += len(page.rows) + len(page.unreadable)
                if judge is not None:
                    judge.see(page, (read, stretch))
                yield page
            figures.share = read / len(self._manifests)
        if judge is not None:
            judge.end(figures)

    def _read(self, manifest: Manifest) -> Iterator[tuple[int, FetchedPage]]:
        try:
            with self._folder.reading(manifest.rows_name) as file:
                yield from pages_in(file)
        except pa.ArrowException as error:
            raise SyncError(
                _BROKEN.format(
                    path=self._folder.path(manifest.rows_name),
                    error=one_line(str(error), _LONGEST_WORDS).rstrip("."),
                    manifest=self._folder.path(manifest.name),
                    url=self._folder.shown,
                    number=manifest.lane,
                )
            ) from None

    def tail_end(self, tail: TailConfig, known: dict[str, Any]) -> LegEnd:
        """Gives what follows the pages of a listing that is kept up with.

        Args:
            tail: How it is kept up with.
            known: What was known of it before.
        """
        states = [each.state for each in self._results if each.state is not None]
        merged = merged_states([*([known] if known else []), *states], tail)
        failed = tuple(
            FailedRow(key, failure.error, failure.request) for key, failure in self.failed()
        )
        have_worked = any(each.singles_have_worked for each in self._results)
        gone = tuple(GoneRow(key, since) for each in self._results for key, since in each.gone)
        singles = SingleRequests(failed, (), have_worked)
        return LegEnd(merged, gone, is_last=True, singles=singles)

    def windows_end(self, settings: WindowSettings) -> LegEnd:
        """Gives what follows the pages of a range that was asked for in windows.

        Args:
            settings: How the range is parted.
        """
        assert self._plan.within is not None
        low, high = self._plan.within
        settled = [each.settled for each in self._results if each.settled is not None]
        # What has changed since the plan was made is for the sync behind the load.
        since = CatchUp(settings, low, None, self._plan.made_at).low
        place = min([high, since, *settled])
        return LegEnd({REACHED: place, SETTLED: place}, (), is_last=True)

    def failed(self) -> Iterator[tuple[str, Failure]]:
        """Gives the requests beside the listings that failed, each by its key."""
        for manifest in self._manifests:
            for each in manifest.failed:
                error = RequestError(
                    each.message, resource=self._plan.resource, url=each.url, status=each.status
                )
                yield each.key, Failure(error, each.request, each.was_asked, each.needed)

    @cached_property
    def _results(self) -> list[Any]:
        return [each for manifest in self._manifests for each in manifest.stretches]
