"""A sample API whose executions change while time passes; time passes only when told to."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import accumulate
from random import Random

from headrace.simulator.agenda import Agenda
from headrace.simulator.archive import Archive
from headrace.simulator.cursors import ExpiringCursors
from headrace.simulator.details import PAYLOAD_BYTES, Details
from headrace.simulator.exclusive import exclusive
from headrace.simulator.execution import NEW, RUNNING, Execution
from headrace.simulator.gaps import Gaps
from headrace.simulator.history import History
from headrace.simulator.life import Life
from headrace.simulator.pace import Pace
from headrace.simulator.queueing import RunQueue
from headrace.simulator.release import OLDER, release_like
from headrace.simulator.rhythm import HISTORY_END_MS
from headrace.simulator.shown_world import ShownWorld
from headrace.simulator.table import ExecutionTable
from headrace.simulator.workflows import WORKFLOWS

_SHARES = tuple(accumulate(each.share for each in WORKFLOWS))
_DAY_MS = 86_400_000


class World(ShownWorld):
    """Executions that start, run, wait, end, are retried, pruned and deleted, on a virtual clock.

    The same seed and the same calls give the same rows. Each method may be called from any thread;
    who wants several steps between two answers holds `lock` meanwhile.

    Example:
        >>> from itertools import islice
        >>> from headrace.simulator import Pace, World
        >>> world = World(rows=1_000_000, pace=Pace.still())
        >>> slow, quick = world.start(), world.start()
        >>> world.advance(1.5)
        >>> world.finish(quick, "error")
        >>> [row["id"] for row in islice(world.listed(), 2)]  # the slow one runs, so it is hidden
        [1000002, 1000000]
        >>> retry = world.retry(quick)
        >>> world.finish(retry)
        >>> world.execution(quick)["retrySuccessId"]  # written in a step of its own, a moment later
        >>> world.advance(2)
        >>> world.execution(quick)["retrySuccessId"]
        1000003
        >>> world.finish(slow)
        >>> [row["id"] for row in islice(world.listed(), 4)]  # it shows up below what was listed
        [1000003, 1000002, 1000001, 1000000]

        >>> busy = World(pace=Pace(executions_per_hour=60))
        >>> busy.advance(2 * 86_400)  # two days go by

    Args:
        rows: How many executions there are at first, all of them settled; a million cost no more
            than ten. They stopped before 2026-11-23T00:00Z, when the world begins.
        seed: Any integer; each gives other rows.
        pace: How much happens by itself.
        string_ids: Whether `id` and `retrySuccessId` are sent as text, as some live servers do.
        parked_hidden: Leave parked executions out of listings; None for as the release does.
        cursor_seconds: For how long a cursor is good, in the world's time; None for ever.
        like: The release to behave like, `2.20` or `2.41`, which always sends ids as text.
        incidents: Whether things have gone wrong in the history.
        at_once: How many started by webhooks and schedules run at once; others are queued (2.41).
        gaps: How many ids in a row answer 404 for good, as where runs keep nothing; 0 for none.
        payload: How many bytes of content `includeData` brings for each execution (2.41).

    Raises:
        ValueError: `rows`, `gaps` or `payload` is negative, there is no such release, `at_once` is
            less than 1, or given for a release that lists no queued rows.
    """

    def __init__(
        self,
        rows: int = 20_000,
        seed: int = 1,
        *,
        pace: Pace | None = None,
        string_ids: bool = False,
        parked_hidden: bool | None = None,
        cursor_seconds: float | None = None,
        like: str = OLDER.name,
        incidents: bool = False,
        at_once: int | None = None,
        gaps: int = 0,
        payload: int = PAYLOAD_BYTES,
    ) -> None:
        release = release_like(like)
        if at_once is not None and not release.queues:
            raise ValueError(f"at_once queues executions, which release {like} does not show")
        self.pace = Pace() if pace is None else pace
        self._agenda = Agenda(HISTORY_END_MS)
        history = History(rows, seed, incidents, queues=release.queues)
        archive = Archive(history, string_ids=string_ids or release.text_ids)
        parked_hidden = release.parked_hidden if parked_hidden is None else parked_hidden
        table = ExecutionTable(archive, parked_hidden=parked_hidden, gaps=Gaps(gaps))
        lifetime_ms = None if cursor_seconds is None else round(cursor_seconds * 1_000)
        self._expiring = ExpiringCursors(lifetime_ms, lambda: self._agenda.now_ms)
        super().__init__(archive, table, self._expiring, release, Details(seed, payload))
        self._chance = Random(f"world {seed}")
        self._last_id = rows
        self._reserved: dict[int, int] = {}
        self._unmarked: dict[int, int] = {}
        self._queue = RunQueue(at_once)
        self._crashed: list[int] = []
        self._life = Life(
            self,
            self._table,
            self._agenda,
            self.pace,
            seed,
            restarts=release.touches_crashed,
            unsaved=gaps,
        )
        self._life.begin()

    @property
    def now(self) -> float:
        """The world's time, in seconds since 1970."""
        return self._agenda.now_ms / 1_000

    @exclusive
    def advance(self, seconds: float) -> None:
        """Let time pass; all that becomes due meanwhile happens, in order.

        Args:
            seconds: How much, to the millisecond.

        Raises:
            ValueError: It is negative.
        """
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds} seconds")
        self._agenda.advance(round(seconds * 1_000))

    @exclusive
    def reserve(self) -> int:
        """Give out an id whose row is not there yet, as while its transaction is uncommitted.

        Returns:
            The id, for `start`; without that, it stays a gap.
        """
        self._last_id += 1
        self._reserved[self._last_id] = self._agenda.now_ms
        return self._last_id

    @exclusive
    def keep_nothing(self, runs: int = 1) -> range:
        """Let runs come and go that keep nothing: their ids answer 404 for good.

        Args:
            runs: How many, 0 or more.

        Returns:
            Their ids.
        """
        first_id = self._last_id + 1
        self._last_id += runs
        return range(first_id, self._last_id + 1)

    @exclusive
    def start(
        self,
        execution_id: int | None = None,
        *,
        workflow_id: str | None = None,
        mode: str | None = None,
    ) -> int:
        """Start an execution; it runs until `finish` or `park`, or is queued first (`at_once`).

        Args:
            execution_id: An id from `reserve`, which then is also when it started; None for a new
                id and now.
            workflow_id: Which workflow it runs; None for any.
            mode: What started it; None for what usually starts the workflow.

        Returns:
            Its id.

        Raises:
            ValueError: The id was not reserved, or has been used.
        """
        execution_id = self.reserve() if execution_id is None else execution_id
        started = self._reserved.pop(execution_id, None)
        if started is None:
            raise ValueError(f"id {execution_id} is not reserved")
        (drawn,) = self._chance.choices(WORKFLOWS, cum_weights=_SHARES)
        workflow_id, mode = workflow_id or drawn.id, mode or drawn.mode
        execution = Execution(execution_id, workflow_id, RUNNING, mode, started)
        self._put(execution.queue() if self._queue.holds_back(execution) else execution)
        return execution_id

    @exclusive
    def finish(self, execution_id: int, status: str = "success") -> None:
        """End an execution.

        After a retry's success the older row gains `retrySuccessId`, `pace.mark_seconds` later.

        Args:
            execution_id: One that runs or is parked.
            status: How it ended: `success`, `error`, `canceled` or `crashed`.

        Raises:
            LookupError: There is no such execution.
            ValueError: It has ended already, that is not how one ends, or it is queued.
        """
        ended = self._find(execution_id).finish(status, self._agenda.now_ms)
        self._put(ended)
        if status == "crashed":
            self._crashed.append(execution_id)
        if ended.retry_of is not None and status == "success":
            self._unmarked[ended.id] = ended.retry_of
            self._agenda.after(self.pace.mark_seconds, partial(self._mark, ended.id))

    @exclusive
    def stop(self, execution_id: int) -> None:
        """Cancel an execution, as a person does; one that was queued has never started then.

        Args:
            execution_id: One that is queued, runs or is parked.

        Raises:
            LookupError: There is no such execution.
            ValueError: It has ended already.
        """
        self._put(self._find(execution_id).finish("canceled", self._agenda.now_ms))

    @exclusive
    def restart(self) -> None:
        """Restart the server: what crashed since the last time gets another `stoppedAt`, once."""
        for row in map(self._table.find, self._crashed):
            if row is not None:
                self._table.put(replace(row, stopped=self._agenda.now_ms))
        self._crashed.clear()

    @exclusive
    def park(self, execution_id: int, seconds: float) -> None:
        """Park an execution in a wait step; it is woken when its time has come.

        Args:
            execution_id: One that runs.
            seconds: How long it is to wait, 0 or more.

        Raises:
            LookupError: There is no such execution.
            ValueError: It does not run, or would wait for less than no time.
        """
        if seconds < 0:
            raise ValueError(f"an execution cannot wait for {seconds} seconds")
        now = self._agenda.now_ms
        parked = self._find(execution_id).park(now, now + round(seconds * 1_000))
        self._put(parked)
        self._agenda.after(seconds, partial(self._wake_if_still, parked))

    @exclusive
    def wake(self, execution_id: int) -> None:
        """Let a parked execution run on; its `stoppedAt` stays, as on a live server.

        Args:
            execution_id: One that is parked.

        Raises:
            LookupError: There is no such execution.
            ValueError: It is not parked.
        """
        self._put(self._find(execution_id).wake())

    @exclusive
    def retry(self, execution_id: int) -> int:
        """Start a retry of an execution.

        Args:
            execution_id: One that has ended without success.

        Returns:
            The retry's id.

        Raises:
            LookupError: There is no such execution.
            ValueError: It has not ended, or has ended in success.
        """
        row = self._find(execution_id)
        if not row.settled or row.status == "success":
            raise ValueError(f"execution {execution_id} cannot be retried: {row.status}")
        retry_id = self.start(workflow_id=row.workflow_id, mode="retry")
        self._table.put(replace(self._find(retry_id), retry_of=row.id))
        return retry_id

    @exclusive
    def mark_retried(self, retry_id: int) -> None:
        """Write `retrySuccessId` to the older row now, sooner than it is due.

        Args:
            retry_id: A retry that has ended in success.

        Raises:
            ValueError: It is none, or the older row has been marked already.
        """
        if retry_id not in self._unmarked:
            raise ValueError(
                f"execution {retry_id} is no retry whose success is still to be marked"
            )
        self._mark(retry_id)

    @exclusive
    def delete(self, execution_id: int) -> None:
        """Delete an execution, as a person does.

        Args:
            execution_id: Any that is there.

        Raises:
            LookupError: There is no such execution.
        """
        self._table.remove(self._find(execution_id).id)
        self._queue.forget(execution_id)
        self._begin_queued()

    @exclusive
    def prune(self, *, after_days: float | None = None, above_rows: int | None = None) -> None:
        """Delete old executions that have ended, as the server does.

        Args:
            after_days: Those that stopped so long ago; None for the pace's number.
            above_rows: Those older than the newest so many rows; None for the pace's number.
        """
        after_days = self.pace.prune_after_days if after_days is None else after_days
        above_rows = self.pace.prune_above_rows if above_rows is None else above_rows
        if after_days is not None:
            self._table.prune_stopped_by(self._agenda.now_ms - round(after_days * _DAY_MS))
        if above_rows is not None:
            self._table.prune_to_newest(above_rows)

    @exclusive
    def expire_cursors(self) -> None:
        """Refuse from now on all cursors that were given out so far."""
        self._expiring.recall()

    def _find(self, execution_id: int) -> Execution:
        row = self._table.find(execution_id)
        if row is None:
            raise LookupError(f"there is no execution {execution_id}")
        return row

    def _wake_if_still(self, parked: Execution) -> None:
        if self._table.find(parked.id) is parked:
            self._put(parked.wake())

    def _put(self, execution: Execution) -> None:
        self._table.put(execution)
        self._queue.note(execution)
        self._begin_queued()

    def _begin_queued(self) -> None:
        while (execution_id := self._queue.next_in_line()) is not None:
            row = self._table.find(execution_id)
            if row is not None and row.status == NEW:
                begun = row.begin(self._agenda.now_ms)
                self._table.put(begun)
                self._queue.note(begun)
                self._life.begun(execution_id)

    def _mark(self, retry_id: int) -> None:
        old_id = self._unmarked.pop(retry_id, None)
        old = None if old_id is None else self._table.find(old_id)
        if old is not None:
            self._table.put(replace(old, retry_success=retry_id))
