"""Blocks of executions with their JSON text, computed when asked for; a few are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property, lru_cache
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import json

from headrace.simulator.columns import replace_at
from headrace.simulator.execution import Execution, timestamp_text
from headrace.simulator.history import Executions, History
from headrace.simulator.incidents import STUCK_UNTIL_MS
from headrace.simulator.listing import PageRows, executions_page
from headrace.simulator.outcomes import MODES, SHOWN_STATUSES, STATUSES, STUCK
from headrace.simulator.wanted import Wanted
from headrace.simulator.workflows import WORKFLOWS

BLOCK_ROWS = 8_192
# 150 MB of text: a listing that is read again costs no more than to send it.
_BLOCKS_KEPT = 64
_WORKFLOW_CODES = {workflow.id: code for code, workflow in enumerate(WORKFLOWS)}


class Block:
    """Some thousand neighbouring executions.

    Args:
        executions: The rows.
        string_ids: Whether `id` and `retrySuccessId` are written as text.
    """

    def __init__(self, executions: Executions, *, string_ids: bool) -> None:
        self.executions = executions
        self._string_ids = string_ids

    def json(self, newest_id: int, oldest_id: int) -> memoryview[int]:
        """Return the JSON of the rows from `newest_id` down to `oldest_id`, a comma after each."""
        offsets, text = self._json_rows
        last_id = self.executions.last_id
        return text[offsets[last_id - newest_id] : offsets[last_id - oldest_id + 1]]

    def matching(self, wanted: Wanted) -> list[int]:
        """Return the ids of the rows that are wanted, newest first."""
        rows = self.executions
        mask = pc.is_valid(rows.status)
        if wanted.status is not None:
            mask = pc.and_(mask, pc.equal(rows.status, SHOWN_STATUSES.index(wanted.status)))
        if wanted.workflow_id is not None:
            code = _WORKFLOW_CODES[wanted.workflow_id]
            mask = pc.and_(mask, pc.equal(rows.workflow, code))
        if wanted.started_from is not None:
            mask = pc.and_(mask, pc.greater_equal(rows.started, wanted.started_from))
        if wanted.started_to is not None:
            mask = pc.and_(mask, pc.less_equal(rows.started, wanted.started_to))
        indexes = reversed(pc.indices_nonzero(mask).to_pylist())
        left_out = rows.never_started if wanted.asks_for_start else ()
        found = (rows.first_id + index for index in indexes)
        return [each for each in found if each not in left_out]

    def stopped_by(self, moment_ms: int) -> list[int]:
        """Return the ids of the rows that had stopped by a moment, in milliseconds since 1970."""
        mask = pc.less_equal(self.executions.stopped, moment_ms)
        first_id = self.executions.first_id
        return [first_id + index for index in pc.indices_nonzero(mask).to_pylist()]

    @cached_property
    def _json_rows(self) -> tuple[memoryview[int], memoryview[int]]:
        rows = _json_rows(self.executions, string_ids=self._string_ids)
        _, offsets, text = rows.buffers()
        return memoryview(offsets).cast("i"), memoryview(text)


class Archive:
    """The whole history in blocks: a sample API's rows that stay as they are.

    Args:
        history: The history that is shown.
        string_ids: Whether `id` and `retrySuccessId` are written as text.
    """

    def __init__(self, history: History, *, string_ids: bool = False) -> None:
        self.history = history
        self.string_ids = string_ids
        self.block = lru_cache(maxsize=_BLOCKS_KEPT)(self._compute_block)

    @property
    def blocks_computed(self) -> int:
        """How many blocks have been computed so far; one that was dropped counts again."""
        return self.block.cache_info().misses

    def page(self, query: Mapping[str, str]) -> bytes:
        """Return the JSON text of one page.

        Args:
            query: The request's parameters: `limit`, `cursor`, `status`, `workflowId`.

        Raises:
            BadParameter: One of them cannot be used.
        """
        return executions_page(self, query)

    def execution(self, execution_id: int) -> dict[str, Any] | None:
        """Return one row as its own path shows it; None where there is no such row."""
        found = self.find(execution_id)
        return None if found is None else found.detailed(string_ids=self.string_ids)

    def truth(
        self, *, status: str | None = None, workflow_id: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Go through the rows as a listing shows them, newest first.

        Args:
            status: Only rows with this status; None takes any.
            workflow_id: Only rows of this workflow; None takes any.
        """
        for each in self.matching(Wanted(status, workflow_id), self.history.rows + 1):
            yield self.block_of(each).executions.listed(each, string_ids=self.string_ids)

    def find(self, execution_id: int) -> Execution | None:
        """Return one row; None where there is no such row."""
        if not 1 <= execution_id <= self.history.rows:
            return None
        # Computed alone, so that calls for scattered rows do not fill the archive with blocks.
        return self.history.executions(execution_id, execution_id).execution(execution_id)

    def rows_below(self, below: int | None, limit: int, wanted: Wanted) -> PageRows:
        """Return the newest rows below a place.

        Args:
            below: Only rows with a lower id than this; None begins at the top.
            limit: How many rows to return at most, 1 or more.
            wanted: Only rows that are like this.
        """
        top = self.history.rows + 1
        below = top if below is None else min(below, top)
        if wanted.any:
            oldest = max(1, below - limit)
            return PageRows(self.json(below - 1, oldest), oldest, more=oldest > 1)
        found = list(islice(self.matching(wanted, below), limit + 1))
        shown = found[:limit]
        pieces = [piece for each in shown for piece in self.json(each, each)]
        return PageRows(pieces, shown[-1] if shown else below, more=len(found) > limit)

    def block_of(self, execution_id: int) -> Block:
        """Return the block that holds this id, which must be within 1 to the number of rows."""
        return self.block((execution_id - 1) // BLOCK_ROWS)

    def matching(self, wanted: Wanted, below: int) -> Iterator[int]:
        """Go through the ids of matching rows, newest first.

        Args:
            wanted: Only rows that are like this.
            below: Only rows with a lower id than this.
        """
        below = min(below, self.history.rows + 1)
        statuses = SHOWN_STATUSES if self.history.incidents else STATUSES
        if wanted.status is not None and wanted.status not in statuses:
            return
        if wanted.workflow_id is not None and wanted.workflow_id not in _WORKFLOW_CODES:
            return
        for number in range((below - 2) // BLOCK_ROWS, -1, -1):
            block = self.block(number)
            for execution_id in block.matching(wanted):
                if execution_id < below:
                    yield execution_id
            # Executions are ordered by their start, so no older one has started since then.
            if (wanted.started_from or 0) > block.executions.started[0].as_py():
                return

    def json(self, newest_id: int, oldest_id: int) -> list[memoryview[int]]:
        """Return the JSON of the rows from `newest_id` down to `oldest_id`, a comma after each."""
        pieces = []
        while newest_id >= oldest_id:
            block = self.block_of(newest_id)
            lowest = max(oldest_id, block.executions.first_id)
            pieces.append(block.json(newest_id, lowest))
            newest_id = lowest - 1
        return pieces

    def _compute_block(self, number: int) -> Block:
        first_id = number * BLOCK_ROWS + 1
        last_id = min(first_id + BLOCK_ROWS - 1, self.history.rows)
        return Block(self.history.executions(first_id, last_id), string_ids=self.string_ids)


def _json_rows(executions: Executions, *, string_ids: bool) -> pa.StringArray:
    """Write the rows as JSON objects with a comma after each, newest first.

    Newest first, so that a page is one slice of the text.
    """
    quote = '"' if string_ids else ""
    newest_first = pa.arange(len(executions) - 1, -1, step=-1)
    ids = pc.add(newest_first, executions.first_id).cast(pa.string())
    rows = pc.binary_join_element_wise(
        f'{{"id":{quote}',
        ids,
        _middles(executions, quote).take(newest_first),
        _timestamps(executions.started.take(newest_first)),
        'Z","stoppedAt":"',
        _timestamps(executions.stopped.take(newest_first)),
        _tails().take(_tail_codes(executions).take(newest_first)),
        "",
    )
    return _without_starts(rows, executions, string_ids=string_ids)


def _without_starts(
    rows: pa.StringArray, executions: Executions, *, string_ids: bool
) -> pa.StringArray:
    """Write the few rows anew that never started."""
    if not executions.never_started:
        return rows
    texts = {
        executions.last_id - each: json.encode(executions.listed(each, string_ids=string_ids))
        for each in executions.never_started
    }
    mask = pa.array([place in texts for place in range(len(rows))])
    return pc.replace_with_mask(
        rows, mask, pa.array(f"{texts[place].decode()}," for place in sorted(texts))
    )


def _middles(executions: Executions, quote: str) -> pa.StringArray:
    codes = pc.add(pc.multiply(executions.mode, len(SHOWN_STATUSES)), executions.status)
    texts = [_middle(code, None, None, quote) for code in range(len(MODES) * len(SHOWN_STATUSES))]
    related = sorted(executions.retry_of.keys() | executions.retry_success.keys())
    places = [each - executions.first_id for each in related]
    new_codes = range(len(texts), len(texts) + len(related))
    old_codes = codes.take(pa.array(places, pa.int64())).to_pylist()
    texts += [
        _middle(code, executions.retry_of.get(each), executions.retry_success.get(each), quote)
        for each, code in zip(related, old_codes, strict=True)
    ]
    return pa.array(texts).take(replace_at(codes, places, new_codes))


def _middle(code: int, retry_of: int | None, retry_success: int | None, quote: str) -> str:
    mode, status = MODES[code // len(SHOWN_STATUSES)], SHOWN_STATUSES[code % len(SHOWN_STATUSES)]
    finished = "true" if status == "success" else "false"
    old = "null" if retry_of is None else f'"{retry_of}"'
    new = "null" if retry_success is None else f"{quote}{retry_success}{quote}"
    return (
        f'{quote},"finished":{finished},"mode":"{mode}","retryOf":{old},'
        f'"retrySuccessId":{new},"status":"{status}","startedAt":"'
    )


def _timestamps(milliseconds: pa.Int64Array) -> pa.StringArray:
    # Arrow's cast is thirty times as fast as its strftime.
    text = milliseconds.cast(pa.timestamp("ms")).cast(pa.string())
    return pc.binary_replace_slice(text, 10, 11, "T")


def _tail_codes(executions: Executions) -> pa.Int64Array:
    stuck = pc.equal(executions.status, STUCK).cast(pa.int64())
    return pc.add(executions.workflow, pc.multiply(stuck, len(WORKFLOWS)))


@cache
def _tails() -> pa.StringArray:
    """The ends of the rows by workflow, first for usual rows, then for those that are stuck."""
    until = f'"{timestamp_text(STUCK_UNTIL_MS)}"'
    return pa.array(
        f'Z","workflowId":"{each.id}","waitTill":{wait_till}}},'
        for wait_till in ("null", until)
        for each in WORKFLOWS
    )
