"""All faults, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.simulator.faults.breaks import COMPRESSION, CONNECTIONS, TOO_MUCH
from headrace.simulator.faults.fault import Fault, Outcome
from headrace.simulator.faults.pages import BODIES, CURSORS, ODD_PAGES, ODD_ROWS, QUOTAS
from headrace.simulator.faults.refusals import (
    REDIRECTS,
    REFUSALS,
    SERVER_ERRORS,
    TOO_MANY_REQUESTS,
)

FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for faults in (
        *(SERVER_ERRORS, TOO_MANY_REQUESTS, CONNECTIONS, COMPRESSION, BODIES, REFUSALS),
        *(ODD_PAGES, ODD_ROWS, CURSORS, QUOTAS, REDIRECTS, TOO_MUCH),
    )
    for fault in faults
}

MIX = tuple(
    fault for fault in FAULTS.values() if fault.outcome is Outcome.PASSES and not fault.takes_time
)
"""The faults of a share without a name: those that pass soon when asked again."""


def described_faults() -> str:
    """Describes all faults, one in a line, for people."""
    width = max(map(len, FAULTS))
    lines = []
    for outcome in Outcome:
        lines += [f"These {outcome.value}:", ""]
        lines += [
            f"  {fault.name:{width}}  {fault.does}{_where(fault)}"
            for fault in FAULTS.values()
            if fault.outcome is outcome
        ]
        lines.append("")
    return "\n".join(lines[:-1])


def _where(fault: Fault) -> str:
    return " (in Python only, with a server that has TLS)" if fault.needs_tls else ""
