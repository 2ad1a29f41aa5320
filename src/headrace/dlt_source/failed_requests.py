"""The record of requests that failed beside a listing.

What counts is in the state of the resource, which is committed with the rows: there the next load
finds what it has to ask again. The table beside it shows the same to people. A merge keeps it so:
a request that works is deleted there. Where the destination does not merge, rows are added, and the
last one of a key tells how it stands.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dlt
import msgspec
from dlt.common.schema.typing import TTableSchemaColumns

from headrace.core.events import Event, log_event
from headrace.core.failed_requests import FailedRequest, Failure
from headrace.core.secrets.redaction import clean, one_line
from headrace.destination.merging import merge_strategies
from headrace.dlt_source.dlt_pipe import capabilities_of_running_load, others_are_spared
from headrace.dlt_source.items import RowBeside
from headrace.dlt_source.running_resource import RunningResource
from headrace.dlt_source.side_tables import beside
from headrace.reading.keep_up.legs import SingleRequests

TABLE = "_headrace_failed_requests"

_LOGGER = logging.getLogger(__name__)
_STATE, _HAVE_WORKED = "failed_requests", "side_requests_work"
_LONGEST_REASON = 1_000
_MOST = 5_000
_KEY = ("resource", "key")
_COLUMNS: TTableSchemaColumns = {
    "resource": {"data_type": "text", "nullable": False},
    "key": {"data_type": "text", "nullable": False},
    "request": {"data_type": "text"},
    "status": {"data_type": "bigint"},
    "reason": {"data_type": "text", "nullable": False},
    "since": {"data_type": "timestamp", "nullable": False},
    "last_tried": {"data_type": "timestamp", "nullable": False, "dedup_sort": "desc"},
    "tries": {"data_type": "bigint", "nullable": False},
    "works_again": {"data_type": "bool", "nullable": False, "hard_delete": True},
}


class FailedRequests:
    """The record of one resource, for as long as the resource runs.

    Args:
        resource: The running resource.
        state: Its state.
    """

    def __init__(self, resource: RunningResource, state: MutableMapping[str, Any]) -> None:
        self._resource = resource
        self._state = state
        self._changed: dict[str, FailedRequest | None] = {}
        self._before: dict[str, FailedRequest] = {}
        for each in resource.sync.forgotten_requests.pop(resource.name, ()):
            self._before[each.key], self._changed[each.key] = each, None

    def __len__(self) -> int:
        """How many requests are on record."""
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        """Whether a request is on record."""
        return key in self._entries

    def learn(self, singles: SingleRequests) -> None:
        """Learns how the requests for single rows went in a leg.

        Args:
            singles: How they went.
        """
        if singles.have_worked:
            self.note_that_one_worked()
        for key in singles.settled:
            self.remove(key)
        for each in singles.failed:
            self.add(each.key, Failure(each.error, each.request, was_asked=bool(each.request)))

    @property
    def tries(self) -> dict[str, int]:
        """In how many syncs each request that is on record was tried, by its key."""
        return {key: each["tries"] for key, each in self._entries.items()}

    @property
    def have_worked(self) -> bool:
        """Whether such a request of the resource has ever worked."""
        return bool(self._state.get(_HAVE_WORKED))

    def note_that_one_worked(self) -> None:
        """Notes that such a request of the resource has worked."""
        if not self.have_worked:
            self._state[_HAVE_WORKED] = True

    @property
    def of_earlier_syncs(self) -> set[str]:
        """The keys of the requests that this sync has not tried yet."""
        began = self._resource.sync.legs.started
        return {key for key, each in self._entries.items() if each["last_tried"] < began}

    def needed(self, key: str) -> Mapping[str, Any]:
        """What was kept of a request to ask it again.

        Args:
            key: Its key; it is on record.
        """
        return self._entries[key].get("needed") or {}

    def add(self, key: str, failure: Failure) -> None:
        """Puts a request on record, or notes that it has failed again.

        Args:
            key: Its key.
            failure: How it failed.

        Raises:
            HeadraceError: The error itself, where it cannot be put on record.
        """
        entries = self._entries
        before = entries.get(key)
        needed = dict(failure.needed or {})
        if clean(key) != key or any(clean(each) != each for each in _texts(needed)):
            # A secret may stand in no state, so that it could not be asked again.
            raise failure.error
        try:
            msgspec.json.encode(needed)
        except TypeError:
            raise failure.error from None
        if before is None and len(entries) >= _MOST:
            raise failure.error.located(
                f"{failure.error} With it more than {_MOST:,} requests of resource "
                f"`{self._resource.name}` have failed: that is no exception, and nothing was "
                "loaded. `response_actions` says which answers are to be passed over."
            )
        now = self._resource.sync.legs.clock()
        reason = one_line(str(failure.error), _LONGEST_REASON)
        if not failure.was_asked:
            reason = f"not asked, after others failed: {reason}"
        entries[key] = {
            "request": failure.request or (before or {}).get("request", ""),
            "status": failure.error.status,
            "reason": one_line(reason, _LONGEST_REASON),
            "since": before["since"] if before else now,
            "last_tried": now,
            "tries": (before["tries"] if before else 0) + failure.was_asked,
            "needed": needed,
        }
        self._state[_STATE] = entries
        self._changed[key] = _read(self._resource.name, key, entries[key])
        name = self._resource.name
        told = f"resource `{name}`: a request failed and is on record in `{TABLE}`: {reason}"
        about = {"key": key, "status": failure.error.status}
        log_event(_LOGGER, logging.WARNING, told, Event("request failed", name, about))

    def remove(self, key: str) -> None:
        """Takes a request off the record, as it works again, or is not to be made any more.

        Args:
            key: Its key; nothing happens where it is not on record.
        """
        entries = self._entries
        if (before := entries.pop(key, None)) is None:
            return
        if entries:
            self._state[_STATE] = entries
        else:
            self._state.pop(_STATE, None)
        self._before[key] = _read(self._resource.name, key, before)
        self._changed[key] = None

    def changes(self) -> Iterator[Any]:
        """What dlt gets of the changes since the last call: an item for the table, or none."""
        changed, self._changed = self._changed, {}
        # A function of the user's would get rows that it knows nothing of.
        if not changed or not others_are_spared(self._resource.dependents):
            return
        now = datetime.fromtimestamp(self._resource.sync.legs.clock(), UTC)
        rows = [
            _row(replace(self._before[key], last_tried=now), works_again=True)
            if each is None
            else _row(each, works_again=False)
            for key, each in changed.items()
        ]
        able = capabilities_of_running_load()
        merges = "delete-insert" in merge_strategies({"name": TABLE, "columns": {}}, able)
        yield beside(TABLE, _COLUMNS, rows, _KEY if merges else ())

    @property
    def _entries(self) -> dict[str, dict[str, Any]]:
        entries: dict[str, dict[str, Any]] = self._state.get(_STATE) or {}
        return entries


def record_of(resource: RunningResource) -> FailedRequests:
    """The record of the resource whose function is running now.

    Args:
        resource: The running resource.
    """
    return FailedRequests(resource, dlt.current.resource_state())


def failed_requests_in(states: Mapping[str, Any], resources: Iterable[str]) -> list[FailedRequest]:
    """Reads which requests of some resources are on record, those that failed last in front.

    Args:
        states: The state of each resource, by its name.
        resources: The names of the resources.
    """
    found = [
        _read(name, key, entry)
        for name in resources
        for key, entry in ((states.get(name) or {}).get(_STATE) or {}).items()
    ]
    return sorted(found, key=lambda each: each.last_tried, reverse=True)


def _read(resource: str, key: str, entry: Mapping[str, Any]) -> FailedRequest:
    return FailedRequest(
        resource=resource,
        key=key,
        request=entry["request"],
        status=entry["status"],
        reason=entry["reason"],
        since=datetime.fromtimestamp(entry["since"], UTC),
        last_tried=datetime.fromtimestamp(entry["last_tried"], UTC),
        tries=entry["tries"],
    )


def _row(failed: FailedRequest, *, works_again: bool) -> RowBeside:
    return RowBeside(
        resource=failed.resource,
        key=failed.key,
        request=failed.request or None,
        status=failed.status,
        reason=failed.reason,
        since=failed.since,
        last_tried=failed.last_tried,
        tries=failed.tries,
        works_again=works_again,
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from (*_texts(name), *_texts(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
