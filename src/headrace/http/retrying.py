"""Makes a request again that failed in passing; if it goes on failing, the error tells all."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import Protocol, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_exponential_jitter,
)

from headrace.core import defaults
from headrace.core.events import Event, log_event
from headrace.core.exceptions import HeadraceError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.http.failures.attempts import AttemptFailed
from headrace.http.rate_limit_headers import asked_for, rounded
from headrace.http.throttle import Throttle

Read = TypeVar("Read")
Read_co = TypeVar("Read_co", covariant=True)

_LOGGER = logging.getLogger(__name__)
# Of the first pause: so that clients that failed together do not come back together.
_JITTER = 0.5


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """When a failed request is made again.

    Args:
        status_codes: The HTTP status codes that may be over the next time.
        max_attempts: How many attempts to make in all, the first one included.
        backoff_factor: How many seconds to wait before the second attempt; the pause is doubled
            before each further one.
        max_delay: The longest pause in seconds, where the server does not ask for a longer one.
        respect_retry_after: Whether to wait as long as the server asks.
        deadline: How many seconds one request may take with all its attempts and pauses.
        heeds_answers: Whether an answer of another status is asked for again where it says by
            itself that it is a matter of time.
    """

    status_codes: frozenset[int] = frozenset(defaults.RETRIED_STATUS_CODES)
    max_attempts: int = defaults.MAX_ATTEMPTS
    backoff_factor: float = defaults.BACKOFF_SECONDS
    max_delay: float = defaults.MAX_DELAY_SECONDS
    respect_retry_after: bool = defaults.RESPECT_RETRY_AFTER
    deadline: float = defaults.DEADLINE_SECONDS
    heeds_answers: bool = True


class Attempt(Protocol[Read_co]):
    """Makes a request once."""

    def __call__(self, *, is_in_line: bool, most_seconds: float) -> Awaitable[Read_co]:
        """Makes the request.

        Args:
            is_in_line: Whether the request stands at the front of the line.
            most_seconds: How many seconds the attempt may take.

        Raises:
            AttemptFailed: It failed, but may go well the next time.
        """
        ...


class Retries:
    """The further attempts of one request.

    Args:
        first: How the first attempt failed.
        settings: When to try again.
        throttle: The throttle that all requests of the client pass.
        figures: Where to count retries and waiting.
    """

    def __init__(
        self,
        first: AttemptFailed,
        settings: RetrySettings,
        throttle: Throttle,
        figures: ResourceFigures,
    ) -> None:
        self._settings = settings
        self._throttle = throttle
        self._figures = figures
        self._failures = [first]
        self._pauses: list[float] = []
        self._line: AsyncExitStack | None = None
        factor = settings.backoff_factor
        self._backoff = wait_exponential_jitter(
            multiplier=factor, max=settings.max_delay, jitter=_JITTER * factor
        )

    async def run(self, attempt: Attempt[Read]) -> Read:
        """Tries until an attempt goes well.

        Args:
            attempt: Makes the request once.

        Returns:
            What the attempt returns.

        Raises:
            HeadraceError: The error of the last attempt, which also tells of the others.
        """
        tries = AsyncRetrying(
            retry=retry_if_exception_type(AttemptFailed),
            stop=self._is_over,
            wait=self._pause,
            sleep=self._wait,
            reraise=True,
        )
        try:
            return await tries(self._next, attempt, self._failures[0])
        except AttemptFailed as last:
            raise self._told(last.error, self._why_no_more(last)) from None
        except HeadraceError as error:
            raise self._told(error, "") from None
        finally:
            await self._leave_line()

    async def _next(self, attempt: Attempt[Read], first: AttemptFailed) -> Read:
        if not self._pauses:
            # The library is told of the first attempt once that has failed: most never do.
            raise first
        self._figures.retries += 1
        left = self._settings.deadline - self._spent
        try:
            return await attempt(is_in_line=self._line is not None, most_seconds=left)
        except AttemptFailed as failed:
            self._failures.append(failed)
            raise

    @property
    def _spent(self) -> float:
        """Seconds spent on this request; those in line behind others are not its own."""
        return sum(failed.seconds for failed in self._failures) + sum(self._pauses)

    def _pause(self, state: RetryCallState) -> float:
        last = self._failures[-1]
        return last.pause or min(self._backoff(state) * last.patience, self._settings.max_delay)

    def _is_over(self, state: RetryCallState) -> bool:
        return self._are_used_up or self._spent + state.upcoming_sleep > self._settings.deadline

    @property
    def _are_used_up(self) -> bool:
        most = self._failures[-1].most_attempts or self._settings.max_attempts
        return len(self._failures) >= min(most, self._settings.max_attempts)

    async def _wait(self, seconds: float) -> None:
        self._pauses.append(seconds)
        last = self._failures[-1]
        why = f"trying again in {rounded(seconds)} s ({last.brief})"
        if last.pause is not None:
            why = asked_for(seconds, last.brief)
        self._tell(last, why)
        if not last.slows_all:
            await self._leave_line()
            await self._throttle.wait(seconds, self._figures, why)
            return
        self._throttle.pause(seconds, why)
        if self._line is None:
            # Whoever stands at its front waits for the end of the pause there.
            self._line = AsyncExitStack()
            await self._line.enter_async_context(self._throttle.line())

    def _tell(self, last: AttemptFailed, why: str) -> None:
        # A token is asked for without one.
        resource, number = self._figures.resource or None, len(self._failures)
        where = f"resource `{resource}`: " if resource else ""
        text = f"{where}attempt {number} failed; {why}: {last.error}"
        figures = {"attempt": number, "seconds": self._pauses[-1], "failure": last.brief}
        log_event(_LOGGER, logging.WARNING, text, Event("retry", resource, figures))

    async def _leave_line(self) -> None:
        if self._line is not None:
            await self._line.aclose()
            self._line = None

    def _why_no_more(self, last: AttemptFailed) -> str:
        if self._are_used_up:
            return ""
        limit = f"`client.retry.deadline` ({self._settings.deadline:,g} s) leaves"
        if last.pause is not None:
            return (
                f"The server asks to wait {rounded(last.pause)} s, which is more than {limit}: "
                "run again after that, or raise it."
            )
        return f"No other attempt is made: {limit} no time for it."

    def _told(self, error: HeadraceError, why_no_more: str) -> HeadraceError:
        """The error, with what was tried before it."""
        story = [str(error), why_no_more, self._story(error)]
        return error.located(" ".join(part for part in story if part))

    def _story(self, error: HeadraceError) -> str:
        if not self._pauses:
            return ""
        failures = [failed.brief for failed in self._failures]
        if self._failures[-1].error is not error:
            failures.append("this")
        waits = [rounded(pause) for pause in self._pauses]
        return (
            f"Asked {len(failures)} times ({', '.join(failures)}), {rounded(self._spent)} s in "
            f"all, with {_listed(waits)} s of waiting between."
        )


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
