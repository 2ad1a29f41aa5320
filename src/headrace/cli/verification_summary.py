"""Prints what `headrace verify` says at its end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any

from rich.table import Table

from headrace.cli.console import new_console, plain, print_table
from headrace.cli.plurals import counted
from headrace.core.secrets.redaction import one_line

if TYPE_CHECKING:
    from headrace.core.secrets.redaction import Redactor
    from headrace.verification.comparison import Key
    from headrace.verification.repair import TableRepair
    from headrace.verification.results import TableVerification, VerificationReport

_LONGEST = 200
# How many characters of what two long values share are shown before the place where they part.
_SHARED = 40
_REASONS = 5


def print_verification(report: VerificationReport, redactor: Redactor, examples: int) -> None:
    """Prints what a verification found, and what to do about it.

    Args:
        report: The report of the verification.
        redactor: Masks secrets that a server sent back in a row.
        examples: How many rows of each kind to show.
    """
    _Summary(report, redactor, examples).print()


class _Summary:
    def __init__(self, report: VerificationReport, redactor: Redactor, examples: int) -> None:
        self._console = new_console(soft_wrap=True)
        self._report = report
        self._clean = redactor.clean
        self._examples = examples

    def print(self) -> None:
        report = self._report
        total = report.figures.total
        if report.resumed:
            self._say("First finished the load that an earlier run had left behind.")
        loaded = report.repaired.total.loaded_rows if report.repaired else 0
        self._say(
            f"Listed {counted(total.rows, 'row')} ({counted(total.pages, 'page')}) with "
            f"{counted(total.requests, 'request')} in {report.seconds:.1f} s; "
            f"{_was(loaded, 'row')} loaded into {report.destination}: {report.location}"
        )
        print_table(self._console, self._overview())
        for table in report.tables:
            self._print_table(table)
            if table.repair is not None:
                self._print_repair(table, table.repair)
        if total.quarantined:
            rows, are = counted(total.quarantined, "row"), "is" if total.quarantined == 1 else "are"
            self._say(f"{rows} of the listing cannot be loaded, and {are} in no table:")
            for reason, count in report.figures.reasons.most_common(_REASONS):
                self._say(f"  {count:,} since {reason}")
        if report.failed_requests:
            self._print_failed()
        for note in total.notes:
            self._say(f"Note: {self._clean(note)}")
        if report.ok and total.notes:
            self._say("The tables hold what was listed; of what that leaves out, see the notes.")
        elif report.ok:
            self._say("The tables hold what the API lists.")
        elif all(table.ok for table in report.tables):
            self._say(
                "The tables hold what was listed, which is not all: what the requests above would "
                "have brought could not be compared. Verify again once they work."
            )
        elif all(table.has_all_loadable for table in report.tables):
            self._say(
                "The tables do not hold all that the API lists: the rows that cannot be loaded "
                "are missing. Their reasons stand above; mend the config (the types under "
                "`columns`, `primary_key`) or the API, then run and verify again."
            )
        elif any(table.repair for table in report.tables):
            self._say("The tables still do not hold all that the API lists.")
        else:
            self._say(
                "The tables do not hold all that the API lists. `--repair` loads what they lack; "
                "or where rows only came or changed after the last `headrace run`, run that and "
                "verify again."
            )

    def _print_failed(self) -> None:
        requests = self._report.failed_requests
        self._say(f"{counted(len(requests), 'request')} beside the listings failed:")
        for each in requests[:_REASONS]:
            reason = one_line(self._clean(each.reason), _LONGEST)
            self._say(f"  {each.resource} {self._clean(each.key)}: {reason}")
        self._say_further(len(requests) - _REASONS)

    def _overview(self) -> Table:
        overview = Table(box=None, pad_edge=False)
        for name in ("resource", "table"):
            overview.add_column(name, overflow="fold")
        for name in ("listed", "in table", "missing", "differing", "only in table"):
            overview.add_column(name, justify="right")
        for table in self._report.tables:
            found = table.comparison
            counts = (
                found.listed,
                found.stored,
                len(found.missing),
                len(found.differing),
                len(found.only_stored),
            )
            overview.add_row(
                plain(", ".join(table.resources)),
                plain(f"{self._report.dataset_name}.{table.table}"),
                *(f"{count:,}" for count in counts),
            )
        return overview

    def _print_table(self, table: TableVerification) -> None:
        found = table.comparison
        name = table.table
        if len(found.missing):
            self._say(f"{name}: {counted(len(found.missing), 'row')} missing in the table:")
            self._say_keys(found.missing, len(found.missing))
        if len(found.differing):
            fields = ", ".join(f"{field} in {count:,}" for field, count in found.fields.items())
            self._say(f"{name}: {counted(len(found.differing), 'row')} differing: {fields}")
            if found.examples:
                print_table(self._console, self._differences(table))
            self._say_further(len(found.differing) - len(found.examples))
        if len(found.repeated):
            is_fault = "" if table.one_row_a_key else ", as rows are not merged; the newest counts"
            keys = counted(len(found.repeated), "key")
            self._say(f"{name}: {keys} more than once in the table{is_fault}:")
            self._say_keys(found.repeated, len(found.repeated))
        if len(found.only_stored):
            rows = counted(len(found.only_stored), "row")
            why = "the API lists them no more"
            failed = {each.resource for each in self._report.failed_requests}
            if not failed.isdisjoint(table.resources):
                why += ", or a request that failed would have brought them"
            self._say(f"{name}: {rows} only in the table, no fault: {why}:")
            self._say_keys(found.only_stored, len(found.only_stored))
        for reason, count in found.excused.most_common():
            self._say(f"{name}: {counted(count, 'row')} missing or differing, no fault: {reason}")
        if table.discarded:
            rows = counted(table.discarded, "row")
            self._say(f"{name}: {rows} left out by the schema contract or a processing step")

    def _print_repair(self, table: TableVerification, repair: TableRepair) -> None:
        name, left = table.table, repair.left
        if repair.refusal is not None:
            self._say(f"{name}: not repaired: {repair.refusal}")
        if left is None:
            return
        for keys, what in (
            (left.missing, "missing"),
            (left.differing, "differing"),
            (left.repeated if table.one_row_a_key else (), "more than once in the table"),
        ):
            if len(keys):
                self._say(f"{name}: {counted(len(keys), 'row')} still {what} after the repair:")
                self._say_keys(keys, len(keys))
        if table.has_all_loadable:
            self._say(f"{name}: repaired; what was missing or different is now as it is listed")
        if repair.unfollowed:
            rows = counted(repair.unfollowed, "row")
            self._say(
                f"{name}: {rows} of them can still change, and the next syncs do not look at "
                "them: verify again once they have"
            )

    def _differences(self, table: TableVerification) -> Table:
        shown = Table(box=None, padding=(0, 2, 0, 0))
        for name in (", ".join(table.key), "column", "in the table", "in the listing"):
            shown.add_column(plain(name), overflow="fold")
        for key, fields in table.comparison.examples.items():
            label = self._shown(key)
            for name, (stored, listed) in fields.items():
                values = _cut(self._clean(_as_text(stored)), self._clean(_as_text(listed)))
                shown.add_row(plain(label), plain(name), *map(plain, values))
                label = ""
        return shown

    def _say_keys(self, keys: Iterable[Key], count: int) -> None:
        if self._examples:
            self._say("  " + ", ".join(map(self._shown, islice(keys, self._examples))))
        self._say_further(count - self._examples)

    def _say_further(self, count: int) -> None:
        if count > 0:
            self._say(f"  and {count:,} more")

    def _shown(self, key: Any) -> str:
        return _cut(self._clean(_as_text(key)), "")[0]

    def _say(self, line: str) -> None:
        self._console.print(plain(line))


def _as_text(value: Any) -> str:
    """A value written so that its type is seen: text in quotes, times in ISO form."""
    if value is None:
        return "NULL"
    if isinstance(value, tuple):
        return f"({', '.join(map(_as_text, value))})"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _cut(one: str, other: str) -> tuple[str, str]:
    """Two texts, cut where they are long, so that the place where they differ is seen."""
    pairs = zip(one, other, strict=False)
    alike = next((place for place, (a, b) in enumerate(pairs) if a != b), 0)
    start = alike - _SHARED if alike > _LONGEST // 2 else 0
    return _part(one, start), _part(other, start)


def _part(text: str, start: int) -> str:
    head = "…" if start else ""
    tail = "…" if len(text) > start + _LONGEST else ""
    return f"{head}{text[start : start + _LONGEST]}{tail}"


def _was(number: int, what: str) -> str:
    """A number of things with its verb: `1 row was`, `2 rows were`, `nothing was`."""
    return (
        f"{counted(number, what)} {'was' if number == 1 else 'were'}" if number else "nothing was"
    )
