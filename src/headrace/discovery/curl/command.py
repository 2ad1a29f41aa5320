"""From a curl command to the call that it makes, and to what is told of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from headrace.discovery.calls import Call, call_of, fields_of
from headrace.discovery.curl.body import Body, body_of, of_file, query_pairs, url_encoded_pairs
from headrace.discovery.curl.headers import auth_of, headers_of
from headrace.discovery.curl.options import Options, options_of
from headrace.discovery.curl.words import begins_with_variable, refuse, settled, words_of

_PROMPT = re.compile(r"\A\s*(?:[$%>#]\s+)?")
# Documentation says above a command what it does; `# curl ...` is what a prompt of root shows.
_COMMENT = re.compile(r"\s*#(?!\s+(?:\S*[/\\])?curl)[^\n]*\n", re.IGNORECASE)
_FENCED = re.compile(r"\s*```[^\n`]*\n(.*?)\s*```\s*", re.DOTALL)
# What word processors make of quotes and hyphens, which no shell takes for them.
_TYPESET = ("\u201c", "\u201d", "\u201e", "\u2018", "\u2019", "\u2013", "\u2014")
_CURL = re.compile(r"(?:.*[/\\])?curl(?:\.exe)?\Z", re.DOTALL | re.IGNORECASE)
_OTHER_COPIES = ("invoke-webrequest", "invoke-restmethod", "iwr", "irm", "fetch", "http", "$")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SEVERAL = re.compile(r"(?<!\\)(?:\{[^{}]*,[^{}]*\}|\[(?:\d+-\d+|[A-Za-z]-[A-Za-z])(?::\d+)?\])")
# So that they stand for themselves; Chrome writes those of a URL so.
_ESCAPED_BRACKET = re.compile(r"\\([\[\]{}])")
_METHODS = ("GET", "POST")


@dataclass(frozen=True)
class CurlNotes:
    """What is told of a command that was read; none of it holds a secret.

    Args:
        meaning: What the command asks for, in one line.
        left_out: What of it the call does not have, each as a line that says what to do instead,
            where something is to be done.
        sends_body: Whether it asks by POST, which an API may take for a command to change
            something.
    """

    meaning: str
    left_out: tuple[str, ...] = ()
    sends_body: bool = False


def call_of_curl(text: str) -> tuple[Call, CurlNotes]:
    """Reads a curl command: what it asks for, as a config says it, with its secrets named.

    Nothing is run, and nothing asked. A variable of the shell, as `$TOKEN`, becomes `${TOKEN}`.

    Args:
        text: The command as a browser ("Copy as cURL", for bash or for cmd), Postman or the
            documentation of an API has it; it may have many lines.

    Raises:
        ConfigError: It cannot be understood, or asks for more than one answer.
    """
    fenced = _FENCED.fullmatch(text)
    text = text if fenced is None else fenced[1]
    while comment := _COMMENT.match(text):
        text = text[comment.end() :]
    text = _PROMPT.sub("", text, count=1)
    _refuse_other_program(text)
    words = words_of(text)
    if any(word.startswith(_TYPESET) for word in words.words):
        raise refuse(
            "has quotes or dashes as a word processor sets them: write plain ones, ' and -, or "
            "copy it from somewhere else"
        )
    options = options_of(words.words[1:])
    url, query = _url_of(options)
    headers, left_out = headers_of(options)
    auth, headers = auth_of(options, headers)
    params = fields_of([*query, *_pairs_for_query(options)])
    body, headers = (Body(), headers) if options.has("get") else body_of(options, headers)
    method = _method_of(options, has_body=body.is_given)
    call = call_of(
        settled(url),
        method=method,
        headers={settled(name): settled(value) for name, value in headers.items()},
        auth=_settled(auth),
        tls=_settled(_tls_of(options)),
        params=_settled(params),
        json=_settled(body.json),
        data=_settled(body.data),
    )
    told = [*left_out, *options.told]
    if options.has("head"):
        told.append("`-I, --head`: the rows are asked for, and not the headers alone")
    if words.has_more:
        told.append("what follows the command, such as `| jq` or `> file`")
    return call, CurlNotes(_meaning(call), tuple(told), sends_body=call.method != "GET")


def _refuse_other_program(text: str) -> None:
    first = next(iter(text.split(maxsplit=1)), "")
    if _CURL.match(first):
        return
    if first.lower().startswith(_OTHER_COPIES):
        raise refuse("is a command of another kind, as PowerShell's or `fetch`: copy it as cURL")
    raise refuse("must begin with `curl`: paste the whole command, and nothing before it")


def _url_of(options: Options) -> tuple[str, list[tuple[str, str]]]:
    """The URL without its query, and what that asks for."""
    if not options.urls:
        raise refuse("has no URL: paste the whole command")
    if len(options.urls) > 1:
        raise refuse(
            f"has {len(options.urls)} URLs, or a value that is not in quotes: give it one URL, and "
            "put each value with a space into quotes"
        )
    url = options.urls[0].strip().partition("#")[0]
    if begins_with_variable(url):
        raise refuse("has a variable in place of the host: write the URL that it stands for")
    if not options.has("globoff") and _SEVERAL.search(url):
        raise refuse(
            "has a URL that stands for several, by `[1-9]` or `{a,b}`: write one of them; further "
            "pages are found without them"
        )
    if not options.has("globoff"):
        url = _ESCAPED_BRACKET.sub(r"\1", url)
    if not _SCHEME.match(url):
        # As curl takes it.
        url = f"http://{url}"
    place, _, query = url.partition("?")
    return place, query_pairs(query)


def _pairs_for_query(options: Options) -> list[tuple[str, str]]:
    pairs = url_encoded_pairs(options.all_of("url-query"), "--url-query")
    if not options.has("get"):
        return pairs
    for name, value in options.given:
        if name == "data-urlencode":
            pairs += url_encoded_pairs([value], f"--{name}")
        elif name.startswith("data"):
            if value.startswith("@") and name != "data-raw":
                raise of_file(f"--{name}")
            pairs += query_pairs(value)
    if options.has("json"):
        raise refuse("has both `-G, --get` and `--json`: take one of them out")
    return pairs


def _method_of(options: Options, *, has_body: bool) -> str:
    given = (options.last_of("request") or "").upper()
    if options.has("head") and given in ("", "HEAD"):
        given = "GET"
    method = given or ("POST" if has_body else "GET")
    if method == "HEAD":
        return "GET"
    if method not in _METHODS:
        raise refuse(
            "has a method that changes something, and lists nothing: paste the command that lists "
            "rows, which is one of GET or POST"
        )
    return method


def _tls_of(options: Options) -> dict[str, str] | None:
    tls: dict[str, str] = {}
    if (cert := options.last_of("cert")) is not None:
        # A drive of Windows has a colon as well.
        file, colon, password = cert.rpartition(":")
        is_split = bool(colon) and len(file) > 1
        tls["cert"] = file if is_split else cert
        tls |= {"key_password": password} if is_split and password else {}
    for option, key in (("key", "key"), ("pass", "key_password"), ("capath", "ca")):
        if value := options.last_of(option):
            tls[key] = value
    if authority := options.last_of("cacert"):
        tls["ca"] = authority
    return tls or None


def _settled(value: Any) -> Any:
    """What a config file has for each text, at any depth."""
    if isinstance(value, str):
        return settled(value)
    if isinstance(value, Mapping):
        return {settled(key): _settled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_settled(each) for each in value]
    return value


def _meaning(call: Call) -> str:
    host = urlsplit(call.base_url).netloc
    parts = [f"{call.method} of `{call.path or '/'}` at {host}"]
    if call.params:
        parts.append(f"the parameters {', '.join(call.params)}")
    if call.headers:
        parts.append(f"the headers {', '.join(call.headers)}")
    if call.json is not None:
        parts.append("a JSON body")
    elif call.data is not None:
        parts.append("a form" if isinstance(call.data, Mapping) else "a body of text")
    if call.auth is not None:
        parts.append(f"an auth of type `{call.auth['type']}`")
    return f"{parts[0]} with {'; '.join(parts[1:])}" if parts[1:] else parts[0]
