"""Whatever a body is packed in is undone, within the limit, over each way to send requests."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
import requests

from headrace.core.exceptions import ConnectionFailed, PageError, ResponseStatusError
from headrace.http.failures.kinds import FailureKind
from headrace.http.retrying import RetrySettings
from headrace.http.unpacking import CannotUnpack, codings_in, unpacked
from tests.support.servers import Answer, JsonServer
from tests.unit.http.asking import PassingTime, send
from tests.unit.http.brokenness import answering, socket_server

pytestmark = pytest.mark.usefixtures("each_transport")

BODY = b'{"data": [1, 2, 3]}'
LIMIT = 1_000_000
# Three lines of CSV.
_BROTLI = bytes.fromhex("8b0580612c620a312c320a332c340a03")


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def _said(value: object) -> str:
    """What a case is called: by its words alone, as a gzip holds the time at which it was made."""
    return value if isinstance(value, str) else "packed"


@pytest.fixture(params=["own", "session"])
def session(request: pytest.FixtureRequest) -> requests.Session | None:
    return None if request.param == "own" else requests.Session()


@pytest.mark.parametrize(
    ("said", "packed"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZip", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY)),
        ("gzip", gzip.compress(BODY[:7]) + gzip.compress(BODY[7:])),
        ("deflate", zlib.compress(BODY)),
        ("deflate", _raw_deflate(BODY)),
        ("gzip, gzip", gzip.compress(gzip.compress(BODY))),
        ("gzip,x-gzip,gzip", gzip.compress(gzip.compress(gzip.compress(BODY)))),
        ("deflate, gzip", gzip.compress(zlib.compress(BODY))),
        ("gzip, deflate", zlib.compress(gzip.compress(BODY))),
        ("identity", BODY),
        ("identity, gzip", gzip.compress(BODY)),
        ("gzip, identity", gzip.compress(BODY)),
        ("", BODY),
        ("utf-8", BODY),
        ("none, gzip", gzip.compress(BODY)),
    ],
    ids=_said,
)
def test_codings_are_undone(
    server: JsonServer, session: requests.Session | None, said: str, packed: bytes
) -> None:
    server.answers(Answer(raw=packed, headers={"Content-Encoding": said}))
    assert send(server.base_url, session=session).body == BODY


def test_codings_in_two_lines_are_undone(session: requests.Session | None) -> None:
    packed = gzip.compress(zlib.compress(BODY))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Encoding: gzip\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(packed)
    with socket_server(answering(head + packed)) as address:
        assert send(f"http://{address}", session=session).body == BODY


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_a_bomb_ends_at_the_limit_in_each_stage(
    server: JsonServer, session: requests.Session | None, stages: int
) -> None:
    bomb = bytes(50_000_000)
    for _ in range(stages):
        bomb = gzip.compress(bomb)
    said = ", ".join(["gzip"] * stages)
    server.answers(Answer(raw=bomb, headers={"Content-Encoding": said}))
    tracemalloc.start()
    try:
        with pytest.raises(PageError, match=r"larger than 1,000,000 bytes.*max_response_bytes"):
            send(server.base_url, session=session, max_response_bytes=LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 20 * LIMIT
    finally:
        tracemalloc.stop()


def test_a_stage_in_between_counts_as_well() -> None:
    bomb = gzip.compress(gzip.compress(bytes(range(256)) * 8_000, 0), 9)
    assert len(unpacked(bomb, "gzip, gzip", LIMIT)) == LIMIT + 1


@pytest.mark.parametrize("said", ["compress", "x-compress", "gzip, compress"])
def test_a_coding_that_nothing_undoes_is_named(
    server: JsonServer, session: requests.Session | None, said: str
) -> None:
    server.answers(Answer(raw=b"\x1f\x9d\x90", headers={"Content-Encoding": said}))
    passing = PassingTime()
    with pytest.raises(ConnectionFailed, match=r"compress`: nothing here undoes it") as caught:
        send(server.base_url, session=session, timing=passing.timing, retry=RetrySettings())
    assert '`client.headers: {Accept-Encoding: "gzip"}`' in str(caught.value)
    assert passing.slept == []


@pytest.mark.parametrize("said", ["gzip", "x-gzip", "deflate, gzip", "deflate"])
def test_what_is_not_packed_as_it_says_is_asked_for_again(
    server: JsonServer, session: requests.Session | None, said: str
) -> None:
    server.answers(Answer(raw=b"hello", headers={"Content-Encoding": said}), [1])
    passing = PassingTime()
    retry = RetrySettings()
    assert send(server.base_url, session=session, timing=passing.timing, retry=retry).body == b"[1]"
    server.answers(Answer(raw=b"hello", headers={"Content-Encoding": said}))
    with pytest.raises(ConnectionFailed, match=f"not what its Content-Encoding .`{said}`. says"):
        send(server.base_url, session=session)


def _flushed(body: bytes, window: int) -> bytes:
    """A packed body as far as it was sent before its server broke off."""
    packer = zlib.compressobj(wbits=window)
    return packer.compress(body) + packer.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize(
    ("said", "packed"),
    [
        ("gzip", _flushed(b"a,b\n1,2\n", 16 + zlib.MAX_WBITS)),
        ("gzip", gzip.compress(BODY)[:-8]),
        ("gzip", gzip.compress(BODY) + gzip.compress(BODY)[:-4]),
        ("deflate", _flushed(b"a,b\n1,2\n", zlib.MAX_WBITS)),
        ("deflate", _flushed(b"a,b\n1,2\n", -zlib.MAX_WBITS)),
        ("gzip, gzip", gzip.compress(gzip.compress(BODY)[:-8])),
        ("", _flushed(b"a,b\n1,2\n", 16 + zlib.MAX_WBITS)),
    ],
    ids=_said,
)
def test_a_packed_body_that_is_cut_off_is_asked_for_again(
    server: JsonServer, session: requests.Session | None, said: str, packed: bytes
) -> None:
    cut_off = Answer(raw=packed, headers={"Content-Encoding": said})
    server.answers(cut_off, [1])
    passing = PassingTime()
    retry = RetrySettings()
    assert send(server.base_url, session=session, timing=passing.timing, retry=retry).body == b"[1]"
    server.answers(cut_off)
    with pytest.raises(ConnectionFailed, match="the answer broke off before its end"):
        send(server.base_url, session=session)


def test_what_stands_behind_a_gzip_file_is_no_part_of_it(
    server: JsonServer, session: requests.Session | None
) -> None:
    server.answers(Answer(raw=gzip.compress(BODY) + bytes(9)))
    assert send(server.base_url, session=session).body == BODY


def test_a_body_that_a_hook_of_the_session_has_read_is_taken_as_it_is(server: JsonServer) -> None:
    session = requests.Session()
    session.hooks["response"].append(lambda response, **_: response.content and None)
    server.answers(Answer(raw=gzip.compress(BODY), headers={"Content-Encoding": "gzip"}))
    assert send(server.base_url, session=session).body == BODY


@pytest.mark.parametrize(
    ("said", "packed", "words"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"slow down")), 'says: "slow down"'),
        ("gzip", b"hello", "without a word"),
        ("compress", b"hello", "without a word"),
    ],
    ids=_said,
)
def test_an_errors_status_counts_whether_its_words_can_be_read_or_not(
    server: JsonServer, session: requests.Session | None, said: str, packed: bytes, words: str
) -> None:
    server.answers(Answer(raw=packed, status=418, headers={"Content-Encoding": said}))
    with pytest.raises(ResponseStatusError, match=words):
        send(server.base_url, session=session)


def test_brotli_is_undone_where_it_is_installed() -> None:
    if "br" in requests.utils.DEFAULT_ACCEPT_ENCODING:
        assert codings_in("br") == ["br"]
        assert unpacked(_BROTLI, "br", LIMIT) == b"a,b\n1,2\n3,4\n"
        assert len(unpacked(_BROTLI, "br", 5)) > 5
        for cut_off in (_BROTLI[:-1], _BROTLI[:-4], b"hello there"):
            with pytest.raises(CannotUnpack) as caught:
                unpacked(cut_off, "br", LIMIT)
            assert caught.value.failure.kind is FailureKind.BROKEN_OFF
    else:
        with pytest.raises(ValueError, match="install `brotli`"):
            codings_in("br")
