"""The checks of a connector, each of which finds faults or says why it does not apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from typing import Any

from headrace.core.exceptions import HeadraceError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.reports.html.report import report
from headrace.syncing.results import SyncReport
from headrace.testing.exactness import ExpectedTable, type_faults
from headrace.testing.loaded_tables import difference
from headrace.testing.results import CheckResult
from headrace.testing.shown_rows import shown_rows
from headrace.testing.trial import Run, Trial
from headrace.verification.verify import verify

_MOST_TOLD = 3
_LEGS = 3
_SHORTEST_SECRET = 4
_ONE_ATTEMPT = ("client.retry.max_attempts=1",)
_WRONG = "not-the-right-key"
_REFUSED = (401, 403)


@dataclass(slots=True)
class Checks:
    """The checks of one connector, in their order.

    Args:
        trial: The connector.
        results: How the checks went.
        tables: The contents of all tables after the first sync.
        requests: How many requests the first sync made.
        leg_bytes: The size of the pages at which a leg ends that is about a third of what is kept
            up with, so that a sync that fails leaves something behind.
    """

    trial: Trial
    results: list[CheckResult] = field(default_factory=list)
    tables: dict[str, list[str]] = field(default_factory=dict)
    requests: int = 0
    leg_bytes: int = 1

    def first_sync(self, run: Run) -> bool:
        """Syncs into an empty place: all rows are loaded, none is set aside, no request fails.

        Args:
            run: Where to load to.

        Returns:
            Whether it came to its end, so that the other checks make sense.
        """
        report = self._synced("first sync", run)
        if report is None:
            return False
        self.requests = len(self.trial.proxy.exchanges)
        for name in [each.name for each in self.trial.resources()]:
            figures = report.figures.of(name)
            lacks = name in self.trial.server.lacks
            faults = [
                *(
                    [f"{figures.quarantined:,} rows went to quarantine"]
                    if figures.quarantined
                    else ()
                ),
                *(_about_skips(figures, lacks=lacks)),
                *(each.reason for each in report.failed_requests if each.resource == name),
            ]
            told = f"rows: {figures.loaded_rows:,}, requests: {figures.requests:,}"
            self._add("first sync", faults, told, name)
        followed = [each.name for each in self.trial.resources() if each.tail is not None]
        most = max((report.figures.of(name).bytes for name in followed), default=0)
        self.leg_bytes = 1 + most // _LEGS
        self.tables = run.tables.contents()
        return True

    def exactness(self, run: Run) -> None:
        """Compares the tables with what the server has shown: each row, each value, each type.

        Args:
            run: Where the first sync has loaded to.
        """
        trial = self.trial
        shown = shown_rows(trial.all_resources(), trial.proxy.take(), trial.base_path)
        naming = run.pipeline.default_schema.naming
        for resource in trial.resources():
            table = naming.normalize_tables_path(
                str(resource.hints.get("table_name") or resource.name)
            )
            hints = run.pipeline.default_schema.tables.get(table)
            if resource.name in trial.server.lacks or hints is None:
                self._leave_out("exactness", "there is no table", resource.name)
                continue
            truth = None if trial.server.truth is None else trial.server.truth(resource.name)
            found = shown[resource.name]
            types = list(
                type_faults(
                    resource, dict(hints["columns"]), lambda name: naming.normalize_identifier(name)
                )
            )
            if truth is None and found.why_unknown is not None:
                self._add("exactness", types, f"types alone: {found.why_unknown}", resource.name)
                continue
            rows = found.rows if truth is None else list(truth)
            expected = ExpectedTable(
                resource,
                rows,
                found.alone if truth is None else (),
                lambda path: naming.shorten_fragments(*map(naming.normalize_path, path)),
            )
            faults = [*types, *expected.faults(run.tables.rows(table))]
            of = "shown" if truth is None else "told by `truth`"
            self._add("exactness", faults, f"rows as {of}: {len(rows):,}", resource.name)

    def second_sync(self, run: Run) -> None:
        """Syncs once more where nothing has changed: the tables stay, and few requests are made.

        Args:
            run: Where the first sync has loaded to.
        """
        self.trial.proxy.take()
        report = self._synced("second sync", run)
        if report is None:
            return
        self.trial.proxy.take()
        changed = difference(self.tables, run.tables.contents())
        self._add("second sync", [changed] if changed else [], "the tables stay as they are")
        for resource in self.trial.resources():
            figures = report.figures.of(resource.name)
            most = self.trial.server.idle_requests
            faults = []
            if resource.tail is not None and figures.requests > most:
                faults = [f"{figures.requests:,} requests, and {most:,} are allowed"]
            self._add("second sync", faults, f"requests: {figures.requests:,}", resource.name)

    def verified(self, run: Run) -> None:
        """Runs `verify`: the tables hold what the API lists.

        Args:
            run: Where the syncs have loaded to.
        """
        try:
            found = verify(run.pipeline, self.trial.source())
        except HeadraceError as error:
            self._add("verify", [str(error)], "")
            return
        self.trial.proxy.take()
        faults = [
            f"`{each.table}`: {len(each.comparison.missing):,} rows missing, "
            f"{len(each.comparison.differing):,} differing, {each.quarantined:,} that cannot be "
            "loaded"
            for each in found.tables
            if not each.ok
        ]
        faults += [each.reason for each in found.failed_requests]
        self._add("verify", faults, "the tables hold what the API lists")

    def resume(self) -> None:
        """Lets a sync fail at its beginning, in the middle and at its end; the next one goes on.

        So it does where the process of one is killed in the middle.
        """
        last = max(self.requests, 1)
        for at in sorted({1, (last + 1) // 2, last}):
            self._resumed_from(at)
        self._resumed_after_kill((last + 1) // 2)

    def _resumed_after_kill(self, at: int) -> None:
        trial, run = self.trial, self.trial.run("killed")
        trial.proxy.take()
        trial.proxy.broken = 0
        try:
            trial.sync_killed(run, at, self.leg_bytes)
        finally:
            trial.proxy.breaks_at = None
            trial.proxy.on_break = lambda: None
            trial.proxy.take()
        if not trial.proxy.broken:
            told = trial.logged[-1].strip().splitlines() or ["it said nothing"]
            faults = [f"the sync that was to be killed made fewer requests than {at:,}: {told[-1]}"]
            self._add("resume", faults, "")
            return
        self._go_on(run, f"the process was killed at request {at:,}")

    def _go_on(self, run: Run, what: str) -> None:
        """Syncs once more after one that did not come to its end: the tables end as they should."""
        try:
            self.trial.sync(run)
        except HeadraceError as error:
            self._add("resume", [f"after {what}: {error}"], "")
            return
        finally:
            self.trial.proxy.take()
        changed = difference(self.tables, run.tables.contents())
        faults = [f"after {what}: {changed}"] if changed else []
        self._add("resume", faults, f"{what}, and the next sync went on")

    def _resumed_from(self, at: int) -> None:
        trial, run = self.trial, self.trial.run(f"resumed-{at}")
        trial.proxy.take()
        trial.proxy.breaks_at, trial.proxy.broken = at, 0
        try:
            broken: Any = trial.sync(run, *_ONE_ATTEMPT, leg_bytes=self.leg_bytes).failed_requests
        except HeadraceError as error:
            trial.logged.append(str(error))
            broken = True
        finally:
            trial.proxy.breaks_at = None
            trial.proxy.take()
        if not trial.proxy.broken:
            self._leave_out("resume", f"a sync that could fail at request {at:,} made fewer")
            return
        if not broken:
            # Not all that is asked brings rows.
            lost = difference(self.tables, run.tables.contents())
            silent = f"request {at:,} failed, the sync says nothing of it, and {lost}"
            self._add(
                "resume", [silent] if lost else [], f"request {at:,} failed, and brings no row"
            )
            return
        self._go_on(run, f"request {at:,} of {self.requests:,} failed")

    def wrong_key(self) -> None:
        """Syncs with a key that is wrong: that must fail, and say so."""
        trial = self.trial
        secrets = {n: v for n, v in trial.server.settings.items() if v in trial.config().secrets}
        if not trial.server.wants_key or not secrets:
            self._leave_out("wrong key", "the server wants none")
            return
        wrong = {**trial.server.settings, **dict.fromkeys(secrets, _WRONG)}
        before, trial.server = trial.server, replace(trial.server, settings=wrong)
        try:
            trial.sync(trial.run("wrong-key"), *_ONE_ATTEMPT)
        except HeadraceError as error:
            trial.logged.append(str(error))
            faults = [] if error.status in _REFUSED else [f"the sync fails otherwise: {error}"]
        else:
            faults = ["the sync succeeds"]
        finally:
            trial.server = before
            trial.proxy.take()
        self._add("wrong key", faults, "it is refused")

    def report(self, run: Run) -> None:
        """Writes the report, where the connector loads executions.

        Args:
            run: Where the syncs have loaded to.
        """
        views = self.trial.config().pipeline_settings.views
        if views is None:
            self._leave_out("report", "the connector names no `pipeline.views`")
            return
        if self.trial.names and views.executions not in run.tables.names():
            self._leave_out("report", f"`{views.executions}` is not among the resources tried")
            return
        try:
            written = report(
                run.pipeline,
                run.folder / "report.html",
                since="3650d",
                executions=views.executions,
                workflows=views.workflows,
            )
        except HeadraceError as error:
            self._add("report", [str(error)], "")
            return
        self._add("report", [], f"executions that it covers: {written.executions:,}")

    def secrets(self) -> None:
        """Looks for the secrets in all that was left: tables, state, files, logs, errors."""
        trial = self.trial
        wanted = [each for each in trial.config().secrets if len(each) >= _SHORTEST_SECRET]
        if not wanted:
            self._leave_out("secrets", "the connector has none of four characters or more")
            return
        faults = ["a secret was logged, or told"] if _holds(trial.logged, wanted) else []
        for folder in sorted(trial.folder.iterdir()):
            run = trial.run(folder.name)
            if _holds(run.tables.texts(), wanted) or _holds([str(run.pipeline.state)], wanted):
                faults.append(f"a secret is in the tables or the state of `{folder.name}`")
        for file in (each for each in trial.folder.rglob("*") if each.is_file()):
            content = file.read_bytes()
            if any(each.encode() in content for each in wanted):
                faults.append(f"a secret is in the file {file.relative_to(trial.folder)}")
        self._add("secrets", faults, "none is in a table, the state, a file, a log or an error")

    def _synced(self, check: str, run: Run) -> SyncReport | None:
        try:
            return self.trial.sync(run)
        except HeadraceError as error:
            self.trial.logged.append(str(error))
            self._add(check, [str(error)], "")
            return None

    def _add(self, check: str, faults: list[str], told: str, resource: str | None = None) -> None:
        if not faults:
            self.results.append(CheckResult(check, "passed", told, resource))
            return
        more = f" (and {len(faults) - _MOST_TOLD:,} more)" if len(faults) > _MOST_TOLD else ""
        text = "; ".join(faults[:_MOST_TOLD]) + more
        self.results.append(CheckResult(check, "failed", text, resource))

    def _leave_out(self, check: str, why: str, resource: str | None = None) -> None:
        self.results.append(CheckResult(check, "left out", why, resource))


def _about_skips(figures: ResourceFigures, *, lacks: bool) -> Iterator[str]:
    if figures.skipped and not lacks:
        yield next((each for each in figures.notes if "passed over" in each), "it is passed over")
    if lacks and figures.requests and not figures.skipped:
        yield "the server has it, though it is said to lack it"


def _holds(texts: Iterable[str], secrets: Iterable[str]) -> bool:
    wanted = list(secrets)
    return any(secret in text for text in texts for secret in wanted)
