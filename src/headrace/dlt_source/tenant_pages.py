"""One leg of a listing that is kept up with for several tenants."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import field, replace
from typing import Any

import dlt
import msgspec

from headrace.config.built.tail import TailConfig
from headrace.core.events import log_resource_listed
from headrace.core.failed_requests import Failure
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.failed_requests import FailedRequests
from headrace.dlt_source.mirrored_api import ApisOfTenants
from headrace.dlt_source.page_sources import PageStream, leg_bounds
from headrace.dlt_source.running_resource import RunningResource
from headrace.dlt_source.saved_state import keep_tenant_state, lane_state_in, tenant_states_in
from headrace.dlt_source.tenants import moved_tenants
from headrace.http.lanes import Lanes
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.asking import SinglesPolicy
from headrace.reading.keep_up.legs import LegEnd, SingleRequests
from headrace.reading.tenant_tails import TenantEnd, TenantLegs, TenantTails, size_of_item
from headrace.sansio.tail import GoneRow


def tenant_pages(
    resource: RunningResource,
    lanes: Lanes,
    tail: TailConfig,
    record: FailedRequests,
    tenants: TenantTails,
) -> PageStream:
    """One leg of all tenants; behind what each has brought, the resource's state learns of it.

    Args:
        resource: The running resource.
        lanes: What to fetch with.
        tail: How the listing is kept up with.
        record: The requests that failed, for single rows and for the listings of tenants.
        tenants: Its listings for each tenant.
    """
    legs = resource.sync.legs
    # With row ids one load may hold a row twice, since by them the last version counts.
    may_repeat = legs.settings is None and resource.settings.row_ids
    known = _Known(resource, record, tenants.apis.column, dlt.current.resource_state())
    if tenants.apis.are_all:
        known.forget_others(tenants.apis.names)
    refused = moved_tenants(tenants.apis)

    def begin() -> Generator[FetchedPage | TenantEnd | LegEnd]:
        bounds = leg_bounds(legs, may_repeat=may_repeat, concurrency=lanes.concurrency)
        states = {
            name: lane_state_in(state) for name, state in tenant_states_in(known.state).items()
        }
        of_legs = TenantLegs(
            tail, states, bounds, resource.figures, known.singles_policies(), refused
        )
        return lanes.read(lambda clients: tenants.items(of_legs, clients), size_of_item)

    # The user may have given it another name than the config, even twice.
    items = legs.items(dlt.current.resource().name, begin)
    pages = _leg(items, known, tenants)
    return PageStream(pages, keys_are_unique=not may_repeat and tail.keeps_keys_apart)


def _leg(
    items: Generator[FetchedPage | TenantEnd | LegEnd, None, None],
    known: _Known,
    tenants: TenantTails,
) -> Iterator[FetchedPage | LegEnd]:
    with closing(items):
        for item in items:
            if isinstance(item, TenantEnd):
                known.learn(item, tenants)
            elif isinstance(item, LegEnd):
                yield replace(item, gone=known.take_gone())
                known.end_leg(is_last=item.is_last)
            else:
                yield item


@dataclass(slots=True)
class _Known:
    """What the state of the resource learns of the tenants.

    Args:
        resource: The running resource.
        record: The requests that failed.
        column: The column that names the tenant of a row.
        state: The state of the resource.
    """

    resource: RunningResource
    record: FailedRequests
    column: str
    state: dict[str, Any]
    _gone: list[GoneRow] = field(default_factory=list)

    def singles_policies(self) -> Any:
        """What is done about requests for single rows, by the name of the tenant."""
        may_fail, have_worked = self.resource.may_miss_requests, self.record.have_worked
        tries: dict[str, dict[str, int]] = {}
        for text, count in self.record.tries.items():
            key = msgspec.json.decode(text)
            if "key" in key:
                tries.setdefault(key[self.column], {})[key["key"]] = count
        return lambda name: SinglesPolicy(may_fail, have_worked, tries.get(name) or {})

    def forget_others(self, names: Sequence[str]) -> None:
        """Takes what failed of tenants off the record that the config has no more.

        Args:
            names: The names of those that it has.
        """
        for key in self.record.tries:
            if msgspec.json.decode(key)[self.column] not in names:
                self.record.remove(key)

    def learn(self, item: TenantEnd, tenants: TenantTails) -> None:
        """Learns what a tenant has brought, or why it has failed.

        Args:
            item: The end of what it has brought.
            tenants: The listings of the tenants.

        Raises:
            HeadraceError: It has failed, and nothing may be missing.
        """
        sync = self.resource.sync
        failures = sync.failed_tenants.setdefault(self.resource.name, {})
        if item.end is None:
            assert item.error is not None
            if not self.resource.may_miss_requests:
                raise item.error
            self.record.add(self._key(item.name), Failure(item.error, item.request))
            failures[item.name] = item.error
            return
        keep_tenant_state(self.state, item.name, item.end.state)
        self.record.learn(self._of_tenant(item.end.singles, item.name))
        self._gone += [
            replace(each, identity=self._key(item.name, str(each.identity)))
            for each in item.end.gone
        ]
        if item.end.is_last:
            self.record.remove(self._key(item.name))
            base_url = tenants.apis.config(item.name).client.base_url
            ApisOfTenants.of_running_resource().note(item.name, base_url)
            self.resource.figures.listings_ended += 1
            failures.pop(item.name, None)
        sync.tenants_brought.add(self.resource.name)

    def _of_tenant(self, singles: SingleRequests, name: str) -> SingleRequests:
        return replace(
            singles,
            failed=tuple(replace(each, key=self._key(name, each.key)) for each in singles.failed),
            settled=tuple(self._key(name, key) for key in singles.settled),
        )

    def _key(self, name: str, key: str | None = None) -> str:
        fields = {self.column: name} if key is None else {self.column: name, "key": key}
        return msgspec.json.encode(fields).decode()

    def take_gone(self) -> tuple[GoneRow, ...]:
        """The rows that are known by now to be gone, each once."""
        gone, self._gone = tuple(self._gone), []
        return gone

    def end_leg(self, *, is_last: bool) -> None:
        """Learns that a leg ends.

        Args:
            is_last: Whether all tenants are done with.

        Raises:
            HeadraceError: All of them have failed.
        """
        if not is_last:
            return
        sync, name = self.resource.sync, self.resource.name
        failed = sync.failed_tenants.pop(name, None) or {}
        if failed and name not in sync.tenants_brought:
            # They come in the order of the config.
            first, error = next(iter(failed.items()))
            told = f"all {len(failed):,} tenants failed, `{first}` first: {error}"
            raise error if len(failed) == 1 else error.located(told)
        log_resource_listed(self.resource.figures)
