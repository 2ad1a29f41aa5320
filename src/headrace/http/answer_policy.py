"""What an answer means for its request: that it counts, that it failed, or that it has to wait."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.core.exceptions import HeadraceError, IncompletePage
from headrace.core.exchange import Headers, Response, ShownRequest
from headrace.core.secrets.redaction import Redactor
from headrace.http.auth.base import AnyAuthentication
from headrace.http.auth.credentials import Credentials
from headrace.http.failures.attempts import AttemptFailed
from headrace.http.failures.messages import (
    SLOW_DOWN,
    refused_response,
    speaks_of_limit,
    status_error,
)
from headrace.http.rate_limit_headers import (
    asked_for,
    retry_after,
    says_later,
    seconds_to_reset,
)
from headrace.http.response_hooks import ResponseRefused
from headrace.http.settings import ClientSettings
from headrace.http.throttle import Throttle
from headrace.http.timing import Timing
from headrace.http.transports.base import Answer

# RFC 9110, 15.3.3, 15.5.2 and 15.5.4; RFC 6585, 4.
ACCEPTED = 202
UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TOO_MANY_REQUESTS = 429
# Who may not ask, or asks for what is not there, gets no other answer by asking again.
_STAYING = frozenset({UNAUTHORIZED, _NOT_FOUND})
# Methods that begin no work: those that are asked with again where the work is not done yet.
ONLY_READ = frozenset({"GET", "HEAD", "QUERY"})
# What a server takes to compute an answer is more than a hiccup.
_PATIENCE_WITH_WORK = 2.0
# GitHub asks for a minute where it names no time: four pauses of twice as long each come to that.
_PATIENCE_WITH_WORDS = 4.0


class AnswerPolicy:
    """Reads answers by the settings of one API.

    Args:
        settings: The settings of the API.
        login: The user name and password in the base URL; empty credentials where there are none.
        throttle: The throttle that all requests of the client pass.
        timing: The clock of the client.
    """

    def __init__(
        self, settings: ClientSettings, login: Credentials, throttle: Throttle, timing: Timing
    ) -> None:
        self._settings = settings
        self._login = login
        self._throttle = throttle
        self._timing = timing

    def refusal(
        self, answer: Answer, asked: ShownRequest, redactor: Redactor, auth: AnyAuthentication
    ) -> HeadraceError | AttemptFailed:
        """What to raise for an answer with an error status.

        Args:
            answer: The answer.
            asked: The request, fit to be shown.
            redactor: Hides secrets in the server's words.
            auth: The authentication that went with the request.

        Returns:
            `AttemptFailed` where another attempt may bring a better answer.
        """
        retry, status = self._settings.retry, answer.status
        is_later = _says_later(answer)
        is_passing = status in retry.status_codes or (is_later and retry.heeds_answers)
        advice = self._advice(auth)
        if is_later:
            advice = {status: SLOW_DOWN if is_passing else _unlisted(status)}
        error = status_error(status, answer.body, asked, redactor, advice)
        # A token that is taken no more is replaced first, whatever `client.retry` says of 401.
        is_renewed_first = status == UNAUTHORIZED and not isinstance(auth, Credentials)
        if is_renewed_first or not is_passing:
            return error
        return self._to_be_repeated(error, answer)

    def refusal_by_hook(
        self,
        refused: ResponseRefused,
        response: Response,
        redactor: Redactor,
        auth: AnyAuthentication,
    ) -> HeadraceError | AttemptFailed:
        """What to raise for an answer that a response hook refuses.

        Args:
            refused: What the hook raised.
            response: The answer, of any status.
            redactor: Hides secrets in the server's words and in the hook's.
            auth: The authentication that went with the request.

        Returns:
            `AttemptFailed` where another attempt may bring a better answer.
        """
        advice = self._advice(auth)
        if response.status == _FORBIDDEN and refused.again:
            advice = {_FORBIDDEN: SLOW_DOWN}
        error = refused_response(response, redactor, advice, refused.why)
        return self._to_be_repeated(error, response) if refused.again else error

    def incomplete(
        self, error: IncompletePage, response: Response
    ) -> IncompletePage | AttemptFailed:
        """What to raise for an answer that is not whole, or has yet to be computed.

        Args:
            error: What is missing.
            response: The answer.

        Returns:
            `AttemptFailed` where another attempt may bring a whole answer.
        """
        if response.status != ACCEPTED:
            return AttemptFailed(error, "incomplete answer")
        retry = self._settings.retry
        is_asked_again = retry.heeds_answers and response.request.method in ONLY_READ
        if not (is_asked_again or ACCEPTED in retry.status_codes):
            return error
        failed = self._to_be_repeated(error, response)
        # Others wait for other work, or for none.
        failed.slows_all, failed.patience = False, _PATIENCE_WITH_WORK
        return failed

    def heed_rate_limit(self, headers: Headers) -> None:
        """Lets no request through until the server's limit is reset, where nothing is left of it.

        But no longer than a request may take in all. Beyond that the server has the word: it may
        refuse the next request, and say why.

        Args:
            headers: The headers of an answer.
        """
        retry = self._settings.retry
        if retry.respect_retry_after:
            pause = seconds_to_reset(headers, self._timing.wall_clock())
            if pause is not None and pause <= retry.deadline:
                self._throttle.pause(pause, asked_for(pause, "its rate limit is used up"))

    def _to_be_repeated(self, error: HeadraceError, answer: Answer | Response) -> AttemptFailed:
        pause = None
        if self._settings.retry.respect_retry_after:
            now = self._timing.wall_clock()
            pause = retry_after(answer.headers, now) or seconds_to_reset(answer.headers, now)
        is_forbidden = answer.status == _FORBIDDEN
        by_header = is_forbidden and says_later(answer.headers)
        by_words = is_forbidden and not by_header and speaks_of_limit(answer.body)
        is_limit = answer.status == _TOO_MANY_REQUESTS or by_header or by_words
        slows_all = is_limit or pause is not None
        failed = AttemptFailed(error, str(answer.status), pause=pause, slows_all=slows_all)
        if by_words:
            failed.patience = _PATIENCE_WITH_WORDS
        return failed

    def _advice(self, auth: AnyAuthentication) -> Mapping[int, str]:
        is_nothing = isinstance(auth, Credentials) and not auth.what
        return self._login.advice if is_nothing else auth.advice


def _says_later(answer: Answer) -> bool:
    """Whether an answer with an error status says that it passes."""
    if answer.status == _FORBIDDEN:
        # Many an API says so that its limit is reached, some of them in words alone.
        return says_later(answer.headers) or speaks_of_limit(answer.body)
    return answer.status not in _STAYING and "Retry-After" in answer.headers


def _unlisted(status: int) -> str:
    return f"{SLOW_DOWN} It is not asked again: `client.retry.status_codes` leaves {status} out."
