"""What the checks of a connector have found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["passed", "failed", "left out"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check went.

    Args:
        check: Its name: `first sync`, `exactness`, `second sync`, `verify`, `resume`, `wrong key`,
            `report` or `secrets`.
        outcome: How it went; `left out` where it does not apply.
        told: What was found, or why it was left out; without secrets.
        resource: The name of the resource that it is about; None where it is about all of them.
    """

    check: str
    outcome: Outcome
    told: str
    resource: str | None = None

    def __str__(self) -> str:
        place = self.check if self.resource is None else f"{self.check} of `{self.resource}`"
        return f"{place}: {self.outcome}: {self.told}"


@dataclass(frozen=True, slots=True)
class ConnectorChecks:
    """How all checks of a connector went.

    Args:
        connector: The name of the connector, or the path of its file.
        results: Each check, in the order in which they were made.
    """

    connector: str
    results: tuple[CheckResult, ...]

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The checks that failed."""
        return tuple(each for each in self.results if each.outcome == "failed")

    @property
    def ok(self) -> bool:
        """Whether none failed."""
        return not self.failures

    def __str__(self) -> str:
        return "\n".join([f"connector `{self.connector}`", *(f"  {each}" for each in self.results)])


class ConnectorFailed(AssertionError):  # noqa: N818 - it says what came of the checks
    """A connector does not do what it should. The text names each check that failed, and where.

    Args:
        checks: How all checks went.
    """

    def __init__(self, checks: ConnectorChecks) -> None:
        super().__init__(checks)
        self.checks = checks

    def __str__(self) -> str:
        failures = "\n".join(f"  {each}" for each in self.checks.failures)
        return f"connector `{self.checks.connector}` fails {len(self.checks.failures)}:\n{failures}"
