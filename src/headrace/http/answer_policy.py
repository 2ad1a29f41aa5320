"""What an answer means for its request: that it counts, that it failed, or that it has to wait."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.core.exceptions import HeadraceError
from headrace.core.exchange import Headers, Response, ShownRequest
from headrace.core.secrets.redaction import Redactor
from headrace.http.auth.base import AnyAuthentication
from headrace.http.auth.credentials import Credentials
from headrace.http.failures.attempts import AttemptFailed
from headrace.http.failures.messages import refused_response, status_error
from headrace.http.rate_limit_headers import asked_for, retry_after, seconds_to_reset
from headrace.http.response_hooks import ResponseRefused
from headrace.http.settings import ClientSettings
from headrace.http.throttle import Throttle
from headrace.http.timing import Timing
from headrace.http.transports.base import Answer

# RFC 9110, 15.5.2 and RFC 6585, 4.
UNAUTHORIZED = 401
_TOO_MANY_REQUESTS = 429


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
        error = status_error(answer.status, answer.body, asked, redactor, self._advice(auth))
        # A token that is taken no more is replaced first, whatever `client.retry` says of 401.
        is_renewed_first = answer.status == UNAUTHORIZED and not isinstance(auth, Credentials)
        if answer.status not in self._settings.retry.status_codes or is_renewed_first:
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
        error = refused_response(response, redactor, self._advice(auth), refused.why)
        return self._to_be_repeated(error, response) if refused.again else error

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
        slows_all = answer.status == _TOO_MANY_REQUESTS or pause is not None
        return AttemptFailed(error, str(answer.status), pause=pause, slows_all=slows_all)

    def _advice(self, auth: AnyAuthentication) -> Mapping[int, str]:
        is_nothing = isinstance(auth, Credentials) and not auth.what
        return self._login.advice if is_nothing else auth.advice
