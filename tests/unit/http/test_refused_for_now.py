"""A refusal that says itself that it passes is waited out; one that does not stays."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from headrace.core.exceptions import ResponseStatusError
from headrace.http.retrying import RetrySettings
from tests.support.servers import Answer, JsonServer
from tests.unit.http.asking import PassingTime, send

pytestmark = pytest.mark.usefixtures("each_transport")

RETRY = RetrySettings()
# PassingTime begins there.
DATE = {"Date": formatdate(1_000, usegmt=True)}
OWN_PAUSE = pytest.approx(1.25, abs=0.25)


@pytest.mark.parametrize(
    ("status", "headers", "waited"),
    [
        (403, {"Retry-After": "60"}, 60),
        (403, {"Retry-After": formatdate(1_045, usegmt=True)}, 45),
        (403, {"Retry-After": "0"}, OWN_PAUSE),
        # As GitHub has it, once its hourly limit is used up.
        (403, {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0"}, OWN_PAUSE),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}, 30),
        (403, {"RateLimit-Remaining": "0", "RateLimit-Reset": "12"}, 12),
        (403, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "5"}, 5),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1970-01-01T00:17:00Z"}, 20),
        (403, {"RateLimit": '"hour";r=0;t=7'}, 7),
        (403, {"RateLimit": "limit=10, remaining=0"}, OWN_PAUSE),
        (409, {"Retry-After": "3"}, 3),
        (420, {"Retry-After": "4"}, 4),
        (423, {"Retry-After": "5"}, 5),
    ],
)
def test_it_is_waited_for_as_its_headers_say(
    server: JsonServer, status: int, headers: dict[str, str], waited: float
) -> None:
    server.answers(Answer(status=status, headers={**headers, **DATE}), [1])
    passing = PassingTime()
    assert send(server.base_url, timing=passing.timing, retry=RETRY).body == b"[1]"
    assert passing.slept == [waited]


def test_an_hour_written_as_seconds_since_1970_is_waited_for_where_there_is_time(
    server: JsonServer,
) -> None:
    passing = PassingTime(now=1_700_000_000.0)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700003600"}
    date = {"Date": formatdate(1_700_000_000, usegmt=True)}
    server.answers(Answer({"message": "API rate limit exceeded"}, 403, {**headers, **date}), [1])
    with pytest.raises(ResponseStatusError) as caught:
        send(server.base_url, timing=passing.timing, retry=RETRY)
    assert "slow down: wait, then run again. The server asks to wait 3,600 s" in str(caught.value)
    assert passing.slept == []

    server.asked.clear()
    longer = RetrySettings(deadline=4_000)
    assert send(server.base_url, timing=passing.timing, retry=longer).body == b"[1]"
    assert passing.slept == [3_600]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {}),
        (403, {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "30"}),
        (403, {"X-RateLimit-Reset": "30"}),
        (403, {"Retry-After": "soon"}),
        (400, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}),
        (401, {"Retry-After": "3"}),
        (404, {"Retry-After": "3"}),
    ],
)
def test_another_refusal_stays(server: JsonServer, status: int, headers: dict[str, str]) -> None:
    server.answers(Answer({"message": "no"}, status, headers), [1])
    passing = PassingTime()
    with pytest.raises(ResponseStatusError):
        send(server.base_url, timing=passing.timing, retry=RETRY)
    assert passing.slept == []


def test_one_that_does_not_end_asks_to_slow_down(server: JsonServer) -> None:
    server.answers(Answer({"message": "limit"}, 403, {"Retry-After": "9"}))
    passing = PassingTime()
    with pytest.raises(ResponseStatusError) as caught:
        send(server.base_url, timing=passing.timing, retry=RETRY)
    told = str(caught.value)
    assert 'says: "limit". The server asks to slow down: wait, then run again. Asked 5' in told
    assert "credentials" not in told


@pytest.mark.parametrize(
    "words", ["secondary rate limit", "rateLimitExceeded", "Too many requests"]
)
def test_words_alone_are_waited_for_with_patience(server: JsonServer, words: str) -> None:
    refused = Answer({"error": {"message": f"{words}, be patient"}}, 403)
    server.answers(refused, refused, [1])
    passing = PassingTime()
    assert send(server.base_url, timing=passing.timing, retry=RETRY).body == b"[1]"
    assert sum(passing.slept) == pytest.approx(14, abs=4)
    assert len(server.asked) == 3


def test_a_refusal_that_speaks_of_no_limit_stays(server: JsonServer) -> None:
    server.answers(Answer({"message": "This key may not read orders."}, 403), [1])
    with pytest.raises(ResponseStatusError, match="may not read orders"):
        send(server.base_url, retry=RETRY)
    assert len(server.asked) == 1


def test_whoever_lists_the_statuses_has_the_word(server: JsonServer) -> None:
    server.answers(Answer(status=403, headers={"Retry-After": "1"}), [1])
    listed = RetrySettings(frozenset({429}), heeds_answers=False)
    with pytest.raises(ResponseStatusError, match=r"`client\.retry\.status_codes` leaves 403 out"):
        send(server.base_url, retry=listed)
    assert len(server.asked) == 1


def test_all_wait_for_a_limit_that_one_has_met(server: JsonServer) -> None:
    server.answers(Answer(status=403, headers={"X-RateLimit-Remaining": "0"}), [1])
    passing = PassingTime()
    ignoring = RetrySettings(respect_retry_after=False)
    assert send(server.base_url, timing=passing.timing, retry=ignoring).body == b"[1]"
    assert passing.slept == [OWN_PAUSE]
