"""The options of curl: which are understood, which change nothing, and which cannot be done."""

from __future__ import annotations

import getopt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from headrace.discovery.curl.words import refuse

# What an option is called, and by which letter; `=` where a value follows.
_UNDERSTOOD = (
    *("request=X", "header=H", "data=d", "data-ascii=", "data-raw=", "data-binary="),
    *("data-urlencode=", "json=", "url-query=", "get:G", "head:I", "url=", "user=u", "digest"),
    *("oauth2-bearer=", "cookie=b", "user-agent=A", "globoff:g", "cert=E", "key=", "pass="),
    *("cacert=", "capath="),
)
# What is printed where, and how the connection is made: of no concern to what is asked for.
_WITHOUT_EFFECT = (
    *("silent:s", "show-error:S", "compressed", "location:L", "verbose:v", "include:i", "fail:f"),
    *("fail-with-body", "fail-early", "progress-bar:#", "no-progress-meter", "no-buffer:N"),
    *("http1.0:0", "http1.1", "http2", "http2-prior-knowledge", "http3", "http3-only", "basic"),
    *("ipv4:4", "ipv6:6", "styled-output", "trace-time", "raw", "tr-encoding", "path-as-is"),
    *("remote-name:O", "remote-name-all", "remote-header-name:J", "remote-time:R", "create-dirs"),
    *("post301", "post302", "post303", "tcp-nodelay", "tcp-fastopen", "no-keepalive", "no-alpn"),
    *("no-sessionid", "disable:q", "ssl", "ssl-reqd", "tlsv1:1", "tlsv1.0", "tlsv1.1", "tlsv1.2"),
    *("tlsv1.3", "retry-all-errors", "retry-connrefused", "junk-session-cookies:j", "xattr"),
    *("ssl-no-revoke", "ssl-revoke-best-effort", "no-clobber", "remove-on-error", "append:a"),
    *("output=o", "output-dir=", "dump-header=D", "write-out=w", "stderr=", "trace=", "referer=e"),
    *("trace-ascii=", "trace-config=", "cookie-jar=c", "max-redirs=", "keepalive-time=", "proto="),
    *("proto-redir=", "expect100-timeout=", "etag-save=", "etag-compare=", "alt-svc=", "hsts="),
    *("happy-eyeballs-timeout-ms=", "tls-max=", "libcurl="),
)
_TOLD = {
    "insecure:k": "certificates are always checked. Where an authority of your own has signed the "
    "server's, say `client.tls.ca` in the config",
    "location-trusted": "secrets go to no other host. If one is to have them, say "
    "`client.allowed_hosts` in the config",
    "netrc:n": "give the user and the password by -u",
    "netrc-optional": "give the user and the password by -u",
    "anyauth": "it asks by HTTP Basic. Where the API wants another way, say `client.auth` in the "
    "config",
    "max-time=m": "say `client.timeout` in the config",
    "connect-timeout=": "say `client.timeout` in the config",
    "speed-limit=Y": "say `client.timeout` in the config",
    "speed-time=y": "say `client.timeout` in the config",
    "max-filesize=": "say `client.max_response_bytes` in the config",
    "retry=": "say `client.retry` in the config",
    "retry-delay=": "say `client.retry` in the config",
    "retry-max-time=": "say `client.retry` in the config",
    "rate=": "say `client.rate_limit` in the config",
    "limit-rate=": "say `client.rate_limit` in the config",
    "proxy=x": "set HTTPS_PROXY (or HTTP_PROXY) in the environment",
    "proxy-user=U": "set HTTPS_PROXY (or HTTP_PROXY) in the environment",
    "noproxy=": "set NO_PROXY in the environment",
    "ciphers=": "those of the system are used",
    "tls13-ciphers=": "those of the system are used",
}
_NOT_ONE_CALL = "give it one command at a time"
_NO_FORM = "what lists rows takes no files: paste the command that lists them"
_REFUSED = {
    "next": _NOT_ONE_CALL,
    "parallel:Z": _NOT_ONE_CALL,
    "form=F": _NO_FORM,
    "form-string=": _NO_FORM,
    "upload-file=T": _NO_FORM,
    "config=K": "write the options of that file into the command",
    "variable=": "write the value in its place, or `$NAME` for a variable of the environment",
    "ntlm": "take it out, and say another `client.auth` in the config",
    "ntlm-wb": "take it out, and say another `client.auth` in the config",
    "negotiate": "take it out, and say another `client.auth` in the config",
    "aws-sigv4=": "take it out, and say `client.auth` with `type: signature` in the config",
    "resolve=": "take it out, and have the name resolved by the system",
    "connect-to=": "take it out, and write the host into the URL that is to be asked",
    "unix-socket=": "an API is asked by http:// or https:// alone",
    "abstract-unix-socket=": "an API is asked by http:// or https:// alone",
    "request-target=": "take it out, and write the path into the URL",
    "range=r": "take it out: whole answers are read",
    "continue-at=C": "take it out: whole answers are read",
    "time-cond=z": "take it out, and ask for changes by a parameter of the API",
    "key-type=": "take it out, and give the key in PEM form by --key",
    "cert-type=": "take it out, and give the certificate in PEM form by --cert",
}


@dataclass(frozen=True)
class Options:
    """What the options of a command say.

    Args:
        given: Name and value of each option that is understood, in order.
        urls: The URLs.
        told: What was left out that its user should know of, each with what to do instead.
    """

    given: tuple[tuple[str, str], ...] = field(repr=False)
    urls: tuple[str, ...] = field(repr=False)
    told: tuple[str, ...] = ()

    def all_of(self, name: str) -> list[str]:
        """The values of an option that may be given more than once.

        Args:
            name: The long name of the option.
        """
        return [value for given, value in self.given if given == name]

    def last_of(self, name: str) -> str | None:
        """The value that counts of an option; None where it is not given.

        Args:
            name: The long name of the option.
        """
        return next(iter(reversed(self.all_of(name))), None)

    def has(self, name: str) -> bool:
        """Whether an option is given.

        Args:
            name: The long name of the option.
        """
        return bool(self.all_of(name))


@dataclass(frozen=True)
class _Known:
    """An option that curl has."""

    name: str
    letter: str
    has_value: bool

    @property
    def shown(self) -> str:
        return f"-{self.letter}, --{self.name}" if self.letter else f"--{self.name}"


def _known(spelled: Iterable[str]) -> dict[str, _Known]:
    known = {}
    for each in spelled:
        mark = "=" if "=" in each else ":"
        name, _, letter = each.partition(mark)
        known[name] = _Known(name, letter, mark == "=")
    return known


_KNOWN = _known([*_UNDERSTOOD, *_WITHOUT_EFFECT, *_TOLD, *_REFUSED])
_OF_LETTER = {each.letter: each for each in _KNOWN.values() if each.letter}
_NAMES_UNDERSTOOD = frozenset(_known(_UNDERSTOOD))


def _by_name(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: texts[each] for each in texts for name in _known([each])}


_WHY_REFUSED, _WHAT_INSTEAD = _by_name(_REFUSED), _by_name(_TOLD)
_LETTERS = "".join(f"{each.letter}{':' * each.has_value}" for each in _OF_LETTER.values())
_LONG = [f"{each.name}{'=' * each.has_value}" for each in _KNOWN.values()]
# Anything else may be a secret that is not quoted.
_IS_OPTION = re.compile(r"-[A-Za-z0-9]|--[a-z]+(?:-[a-z]+)*")
# Each switch can be taken back.
_BACK = [f"no-{each.name}" for each in _KNOWN.values() if not each.has_value]


def options_of(words: Sequence[str]) -> Options:
    """Reads the options of a command as curl does.

    Args:
        words: The words behind `curl`.

    Raises:
        ConfigError: An option is not known, has no value, or cannot be done.
    """
    given: list[tuple[str, str]] = []
    urls: list[str] = []
    told: dict[str, None] = {}
    rest = list(words)
    while rest:
        try:
            found, rest = getopt.getopt(rest, _LETTERS, [*_LONG, *_BACK])
        except getopt.GetoptError as error:
            raise refuse(_not_known(error)) from None
        for spelled, value in found:
            known = _OF_LETTER.get(spelled[1:]) if spelled[1] != "-" else _KNOWN.get(spelled[2:])
            if known is None:
                # A switch taken back.
                given = [each for each in given if each[0] != spelled.removeprefix("--no-")]
            elif known.name in _WHY_REFUSED:
                raise refuse(f"has the option `{known.shown}`: {_WHY_REFUSED[known.name]}")
            elif known.name in _WHAT_INSTEAD:
                told[f"`{known.shown}`: {_WHAT_INSTEAD[known.name]}"] = None
            elif known.name in _NAMES_UNDERSTOOD:
                given.append((known.name, value))
        urls += rest[:1]
        rest = rest[1:]
    urls += [value for name, value in given if name == "url"]
    return Options(tuple(given), tuple(urls), tuple(told))


def _not_known(error: getopt.GetoptError) -> str:
    """What is wrong about an option; what the error says itself may be a secret."""
    is_letter = len(error.opt) == 1
    shown = f"-{error.opt}" if is_letter else f"--{error.opt}"
    known = _OF_LETTER.get(error.opt) if is_letter else _KNOWN.get(error.opt)
    if known is not None and known.has_value:
        return f"has the option `{known.shown}` without its value: paste the whole command"
    if known is not None:
        return f"has the option `{known.shown}` with a value, and it takes none"
    if "unique" in error.msg and _IS_OPTION.fullmatch(shown):
        return f"has the option `{shown}`, which is more than one: write it out"
    named = f"the option `{shown}`" if _IS_OPTION.fullmatch(shown) else "an option"
    return f"has {named} that is not known here: take it out if it does not matter"
