"""A pasted curl command becomes a call, and what is told of it holds no secret."""

from __future__ import annotations

import json
import shlex
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.core.exceptions import ConfigError
from headrace.discovery.curl import call_of_curl

CHROME = """curl 'https://api.example.com/v1/items?limit=2&tag=a&tag=b%20c' \\
  -H 'accept: application/json, text/plain, */*' \\
  -H 'accept-language: en-US,en;q=0.9' \\
  -H 'authorization: Bearer s3cret-value' \\
  -b 'sid=other-s3cret; lang=en' \\
  -H 'origin: https://app.example.com' \\
  -H 'referer: https://app.example.com/' \\
  -H 'sec-ch-ua: "Chromium";v="130"' \\
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)' \\
  -H 'x-workspace: 7'"""
CHROME_CMD = """curl ^"https://api.example.com/v1/search?x=%^5Ba^&y=2^" ^
  -H ^"accept: */*^" ^
  -H ^"content-type: application/json^" ^
  --data-raw ^"^{^\\^"q^\\^":^\\^"50^% of it^\\^"^}^"
"""
POSTMAN = """curl --location --globoff 'https://api.example.com/v1/items?filter[status]=open' \\
--header 'X-Api-Key: s3cret-value' \\
--header 'User-Agent: me@example.com'"""


def endpoint_of(command: str) -> dict[str, Any]:
    return call_of_curl(command)[0].endpoint


def test_what_chrome_copies() -> None:
    call, notes = call_of_curl(CHROME)
    assert call.client == {
        "base_url": "https://api.example.com/v1",
        "headers": {"x-workspace": "7", "Cookie": "${COOKIE}"},
        "auth": {"type": "bearer", "token": "${API_TOKEN}"},
    }
    assert call.endpoint == {"path": "items", "params": {"limit": "2", "tag": ["a", "b c"]}}
    assert call.secrets == {"API_TOKEN": "s3cret-value", "COOKIE": "sid=other-s3cret; lang=en"}
    assert notes.meaning == (
        "GET of `items` at api.example.com with the parameters limit, tag; the headers "
        "x-workspace, Cookie; an auth of type `bearer`"
    )
    assert notes.left_out == (
        "the headers accept, accept-language, origin, referer, sec-ch-ua, user-agent: they are of "
        "the program that asked",
    )
    assert not notes.sends_body


def test_what_chrome_copies_for_cmd() -> None:
    call, notes = call_of_curl(CHROME_CMD)
    assert call.client == {"base_url": "https://api.example.com/v1"}
    assert call.endpoint == {
        "path": "search",
        "method": "POST",
        "params": {"x": "[a", "y": "2"},
        "json": {"q": "50% of it"},
    }
    assert notes.sends_body


def test_what_postman_copies() -> None:
    call, _ = call_of_curl(POSTMAN)
    assert call.endpoint == {"path": "items", "params": {"filter[status]": "open"}}
    assert call.headers == {"User-Agent": "me@example.com"}
    assert call.auth == {
        "type": "api_key",
        "name": "X-Api-Key",
        "api_key": "${API_KEY}",
        "location": "header",
    }


@pytest.mark.parametrize(
    ("options", "auth", "secrets"),
    [
        (
            "-u me:s3cret:value",
            {"type": "http_basic", "username": "${API_USER}", "password": "${API_PASSWORD}"},
            {"API_USER": "me", "API_PASSWORD": "s3cret:value"},
        ),
        (
            "--digest -ume:s3cret",
            {"type": "http_digest", "username": "${API_USER}", "password": "${API_PASSWORD}"},
            {"API_USER": "me", "API_PASSWORD": "s3cret"},
        ),
        (
            "-u me",
            {"type": "http_basic", "username": "${API_USER}", "password": "${API_PASSWORD}"},
            {"API_USER": "me"},
        ),
        (
            "-u sk_s3cret:",
            {"type": "http_basic", "username": "${API_USER}", "password": ""},
            {"API_USER": "sk_s3cret"},
        ),
        ('-u "$KEY:"', {"type": "http_basic", "username": "${KEY}", "password": ""}, {}),
        ('-u "$ME:$WORD"', {"type": "http_basic", "username": "${ME}", "password": "${WORD}"}, {}),
        (
            "--oauth2-bearer s3cret",
            {"type": "bearer", "token": "${API_TOKEN}"},
            {"API_TOKEN": "s3cret"},
        ),
        ('-H "Authorization: Bearer $TOKEN"', {"type": "bearer", "token": "${TOKEN}"}, {}),
        (
            "-u me:other -H 'Authorization: Bearer s3cret'",
            {"type": "bearer", "token": "${API_TOKEN}"},
            {"API_TOKEN": "s3cret"},
        ),
    ],
)
def test_who_asks(options: str, auth: dict[str, str], secrets: dict[str, str]) -> None:
    call, _ = call_of_curl(f"curl https://api.example.com/items {options}")
    assert (call.auth, dict(call.secrets)) == (auth, secrets)


@pytest.mark.parametrize(
    ("options", "endpoint"),
    [
        ("""-d '{"a": 1}'""", {"method": "POST", "json": {"a": 1}}),
        ("""--json '{"a":' --json ' "${b}"}'""", {"method": "POST", "json": {"a": "$${{b}}"}}),
        (
            """-d '{"query": {"match": {"a": "b"}}}'""",
            {"method": "POST", "json": {"query": {"match": {"a": "b"}}}},
        ),
        (
            """-d '{"query": "{ x { id } }", "variables": {"a": "{b}"}, "operationName": "q"}'""",
            {
                "graphql": {
                    "query": "{ x { id } }",
                    "variables": {"a": "{{b}}"},
                    "operation_name": "q",
                }
            },
        ),
        ("""-XGET -d '{"a": 1}'""", {"json": {"a": 1}}),
        ("-d a=1 -d 'b=x%20y' -d b=z", {"method": "POST", "data": {"a": "1", "b": ["x y", "z"]}}),
        ("--data-urlencode 'q=a&b=c'", {"method": "POST", "data": {"q": "a&b=c"}}),
        ('--data-urlencode "q=$WHAT"', {"method": "POST", "data": {"q": "${WHAT}"}}),
        ("-G -d a=1 --data-urlencode 'q=a&b'", {"params": {"a": "1", "q": "a&b"}}),
        ("-G -d 'q=%24%7Bx%7D'", {"params": {"q": "$${{x}}"}}),
        ("--url-query 'q=a&b' --url-query '+c=%26'", {"params": {"q": "a&b", "c": "&"}}),
        ("-H 'Content-Type: text/plain' --data-binary 'a b'", {"method": "POST", "data": "a b"}),
        ("-d ''", {"method": "POST"}),
        (
            """-H 'Content-Type: application/x-ndjson' -d '{"a": 1}\n{}'""",
            {"method": "POST", "data": '{{"a": 1}}\n{{}}'},
        ),
        # A name has no placeholders either.
        ("""-G -d '{"a":1}'""", {"params": {'{{"a":1}}': ""}}),
        ("-I", {}),
        ("-X GET", {}),
    ],
)
def test_what_is_sent(options: str, endpoint: dict[str, Any]) -> None:
    assert endpoint_of(f"curl https://api.example.com/items {options}") == {
        "path": "items",
        **endpoint,
    }


def test_the_kind_of_a_body_stays_where_it_is_a_special_one() -> None:
    start = "curl https://api.example.com/items -H 'Content-Type: application/vnd.api+json' -d"
    assert call_of_curl(f"{start} '{{}}'")[0].headers == {
        "Content-Type": "application/vnd.api+json"
    }
    call, _ = call_of_curl("curl https://api.example.com/items -d '[1]'")
    assert (call.headers, call.data) == ({"Content-Type": "application/json"}, "[1]")


def test_a_body_of_nothing_has_its_kind() -> None:
    call, _ = call_of_curl("curl https://a.example -H 'Content-Type: application/json' -d ''")
    assert (call.method, call.headers) == ("POST", {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "url",
    [
        # As Chrome writes brackets and braces, which would stand for several URLs else.
        r"""'https://a.example/items?filter\[state\]=open&q=\{"a":\[1,2\]\}'""",
        """-g 'https://a.example/items?filter[state]=open&q={"a":[1,2]}'""",
    ],
)
def test_brackets_of_a_url_stand_for_themselves(url: str) -> None:
    call, _ = call_of_curl(f"curl {url}")
    assert call.params == {"filter[state]": "open", "q": '{"a":[1,2]}'}


def test_a_comment_may_stand_above() -> None:
    told = "# List them.\n#\n\ncurl https://a.example/items # all"
    assert call_of_curl(told)[0].path == "items"
    assert call_of_curl("# curl https://a.example/items")[0].path == "items"
    # As a page in Markdown has it.
    assert call_of_curl("```sh\n# all\ncurl https://a.example/items\n```\n")[0].path == "items"


def test_certificates() -> None:
    call, notes = call_of_curl(
        "curl -k https://a.example --cert me.pem:s3cret-value --key k.pem --cacert ca.pem"
    )
    assert call.tls == {
        "cert": "me.pem",
        "key_password": "${KEY_PASSWORD}",
        "key": "k.pem",
        "ca": "ca.pem",
    }
    assert notes.left_out[0].startswith("`-k, --insecure`: certificates are always checked.")


def test_what_is_left_out_is_told() -> None:
    _, notes = call_of_curl(
        "$ curl -sSLv --compressed -o out.json -m 10 -x http://me:s3cret-value@proxy:1 -I "
        "--no-location localhost:8080/x?a=[b] | jq ."
    )
    assert notes.left_out == (
        "`-m, --max-time`: say `client.timeout` in the config",
        "`-x, --proxy`: set HTTPS_PROXY (or HTTP_PROXY) in the environment",
        "`-I, --head`: the rows are asked for, and not the headers alone",
        "what follows the command, such as `| jq` or `> file`",
    )
    assert notes.meaning == "GET of `x` at localhost:8080 with the parameters a"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("wget https://a/b", "must begin with `curl`"),
        ("", "must begin with `curl`"),
        ("Invoke-WebRequest -Uri x", "copy it as cURL"),
        ("fetch('https://a/b', {method: 'GET'})", "copy it as cURL"),
        ("$session = New-Object s3cret", "copy it as cURL"),
        ("curl", "has no URL"),
        ("curl https://a/b https://c/s3cret", "has 2 URLs"),
        ("curl https://a/b -H \u201cX: s3cret\u201d", "as a word processor sets them"),
        ("curl \u2013X GET https://a/b", "as a word processor sets them"),
        ("curl https://a/b -H X-Api-Key: s3cret", "has 2 URLs, or a value that is not in quotes"),
        ("curl 'https://a/b?page=[1-9]'", "a URL that stands for several"),
        ("curl 'https://a/{b,c}'", "a URL that stands for several"),
        ("curl $BASE/b", "a variable in place of the host"),
        ("curl ftp://s3cret@a/b", "begins with neither https:// nor http://"),
        ("curl https://a/b -H", "the option `-H, --header` without its value"),
        ("curl https://a/b -H s3cret", "a header that is not `Name: value`"),
        ("curl https://a/b -H @s3cret", "has the file of `-H, --header`"),
        ("curl https://a/b -b s3cret", "has the file of `-b, --cookie`"),
        ("curl https://a/b -d @s3cret", "write its content in place of `@`"),
        ("curl https://a/b --data-urlencode q@s3cret", "write its content in place of `@`"),
        ("curl https://a/b -G -d @s3cret", "write its content in place of `@`"),
        ("curl https://a/b --frobnicate", "the option `--frobnicate` that is not known here"),
        ("curl https://a/b --S3cret=s3cret", "an option that is not known here"),
        ("curl https://a/b -F a=s3cret", "the option `-F, --form`"),
        ("curl https://a/b --next https://c", "one command at a time"),
        ("curl https://a/b --compressed=s3cret", "with a value, and it takes none"),
        ("curl https://a/b --tls", "which is more than one"),
        ("curl https://a/b -X DELETE", "which is one of GET or POST"),
        ("curl https://a/b --json '{\"s3cret'", "a body that is no JSON (line 1)"),
        ("curl https://a/b --json '{\"s3cret\": NaN}'", "a body that is no JSON"),
    ],
)
def test_what_cannot_be_understood_is_refused(command: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        call_of_curl(command)
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


names = st.from_regex(r"X-[A-Za-z]{1,8}", fullmatch=True).filter(lambda name: "key" not in name)
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12)
secrets = st.from_regex(r"[A-Za-z0-9$'\"{}&=%+-]{8,20}", fullmatch=True).map("s3cret".__add__)


@given(
    # A name in other letters is the same header.
    st.dictionaries(names.map(str.title), plain.map(str.strip).filter(bool), max_size=3),
    st.dictionaries(plain, plain, max_size=3),
    secrets,
)
@example({}, {"api_key": "${x}"}, "s3cret${y}")
def test_headers_and_parameters_come_back(
    headers: dict[str, str], params: dict[str, str], secret: str
) -> None:
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in params.items())
    words = ["curl", f"https://api.example.com/v1/items?{query}", "-H", f"X-Api-Key: {secret}"]
    words += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    call, notes = call_of_curl(shlex.join(words))
    assert call.secrets["API_KEY"] == secret
    assert {looked_up(value, call.secrets) for value in call.headers.values()} >= {
        value for name, value in headers.items() if name.lower() in map(str.lower, call.headers)
    }
    assert {
        looked_up(name, {}): looked_up(value, call.secrets) for name, value in call.params.items()
    } == params
    for shown in (repr(call), json.dumps([call.client, call.endpoint]), repr(notes)):
        assert secret not in shown


def looked_up(value: str, secrets: dict[str, str] | Any) -> str:
    """The value as a config has it in the end."""
    name = value.removeprefix("${").removesuffix("}")
    return secrets[name] if value == f"${{{name}}}" else value.replace("$${", "${")


@given(secrets, st.integers(0, 5), st.sampled_from(["-H", "-u", "-b", "--oauth2-bearer", "--wat"]))
def test_no_error_tells_a_secret(secret: str, cut: int, option: str) -> None:
    command = shlex.join(["curl", "https://me:it@a/b?c=d", option, f"X-Token: me:{secret}"])
    broken = [
        command[:-cut] if cut else command,
        command.replace("'", "", 1),
        f"{command} {option}",
    ]
    for each in broken:
        assert secret[:12] not in all_that_is_told(each)


def all_that_is_told(command: str) -> str:
    try:
        call, notes = call_of_curl(command)
    except ConfigError as error:
        return str(error)
    return repr((call, notes, call.client, call.endpoint))
