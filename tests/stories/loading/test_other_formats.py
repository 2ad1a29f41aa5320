"""Answers that are no JSON, or a file of it: read where that is plain, else with a function."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
import requests

from headrace import rest_api_source
from tests.support.servers import Answer, JsonServer

ROWS = [{"id": 1}, {"id": 2}, {"id": 3}]
JSON = json.dumps(ROWS).encode()
NDJSON = b'{"id": 1}\n{"id": 2}\r\n{"id": 3}\n'
XML = b'<?xml version="1.0"?><r><i><id>1</id></i></r>'


def rows(server: JsonServer, client: Any = (), **endpoint: Any) -> list[Any]:
    document = {
        "client": {"base_url": server.base_url, "paginator": "single_page", **dict(client)},
        "resources": [{"name": "items", "endpoint": endpoint}],
    }
    return list(rest_api_source(document).items)


@pytest.mark.parametrize("by", ["aiohttp", "session"])
@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        (gzip.compress(JSON), {"Content-Type": "application/gzip"}),
        (gzip.compress(JSON), {"Content-Type": "application/json"}),
        (gzip.compress(gzip.compress(JSON)), {"Content-Encoding": "gzip"}),
    ],
    ids=["named by its type", "not named", "packed once more"],
)
def test_a_gzip_file_of_json_is_read(
    server: JsonServer, by: str, raw: bytes, headers: dict[str, str]
) -> None:
    server.answers(Answer(raw=raw, headers=headers))
    client = {"session": requests.Session()} if by == "session" else {}
    assert rows(server, client) == ROWS
    bomb = Answer(raw=gzip.compress(bytes(3_000_000)))
    server.answers(bomb)
    with pytest.raises(Exception, match="the answer is larger than 1,000,000 bytes"):
        rows(server, {**client, "max_response_bytes": 1_000_000})


def test_a_function_gets_the_file_as_it_was_sent(server: JsonServer) -> None:
    def unpack(response: requests.Response) -> None:
        response._content = gzip.decompress(response.content)

    server.answers(Answer(raw=gzip.compress(JSON)))
    assert rows(server, response_actions=[unpack]) == ROWS


@pytest.mark.parametrize("by", ["aiohttp", "session"])
def test_a_gzip_file_is_unpacked_behind_an_action(server: JsonServer, by: str) -> None:
    action = {"status_code": 404, "action": "ignore"}
    client = {"session": requests.Session()} if by == "session" else {}
    server.answers(Answer(raw=gzip.compress(JSON)))
    assert rows(server, client, response_actions=[action]) == ROWS

    server.answers(Answer(raw=gzip.compress(bytes(3_000_000))))
    with pytest.raises(Exception, match="the answer is larger than 1,000,000 bytes"):
        rows(server, {**client, "max_response_bytes": 1_000_000}, response_actions=[action])


def test_a_gzip_file_that_is_cut_off_is_no_whole_answer_behind_an_action_either(
    server: JsonServer,
) -> None:
    packer = zlib.compressobj(wbits=31)
    cut_off = packer.compress(b"id\n1\n2\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    server.answers(Answer(raw=cut_off, headers={"Content-Type": "text/csv"}))
    action = {"status_code": 404, "action": "ignore"}
    with pytest.raises(Exception, match="a gzip file that breaks off before its end"):
        rows(server, response_actions=[action])


def test_an_action_looks_into_a_gzip_file(server: JsonServer) -> None:
    server.answers(Answer(raw=gzip.compress(b'{"error": "no such day"}')))
    assert rows(server, response_actions=[{"content": "no such day", "action": "ignore"}]) == []


def test_ndjson_is_read_with_a_function_too(server: JsonServer) -> None:
    def ndjson(response: requests.Response) -> None:
        lines = response.content.splitlines()
        response._content = b"[" + b",".join(line for line in lines if line.strip()) + b"]"

    server.answers(Answer(raw=NDJSON))
    assert rows(server, response_actions=[ndjson]) == ROWS


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (NDJSON, "NDJSON, with a JSON document in each line"),
        (XML, "is HTML or XML"),
        (b"id;name\n1;a\n", "looks like CSV"),
    ],
)
def test_what_is_no_json_names_the_decoder(server: JsonServer, raw: bytes, kind: str) -> None:
    server.answers(Answer(raw=raw))
    with pytest.raises(Exception, match=kind) as caught:
        rows(server)
    assert "If that is how the API answers, write `decoder: " in str(caught.value)
