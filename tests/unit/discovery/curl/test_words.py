"""A command is cut into the words that its shell makes of it, and nothing is run."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.core.exceptions import ConfigError
from headrace.discovery.curl.words import is_whole, settled, words_of

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufdd0\ufdd1")
    | st.sampled_from("'\"\\$`\n\t {}#&|;^%"),
    max_size=20,
)
SEVERAL = """curl 'a b' "c \\"d\\" \\$e \\x \\
f" g\\ h\\'i $'j\\n\\'\\x41\\u00e9\\101\\t' --k='l'"m" \\
 -n '' o#p -q $"r" é # the rest"""


def ansi_quoted(text: str) -> str:
    """As browsers quote what `'...'` cannot hold."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"$'{escaped}'"


def double_quoted(text: str) -> str:
    for each in '\\"$`':
        text = text.replace(each, f"\\{each}")
    return f'"{text}"'


def chrome_for_cmd(text: str) -> str:
    """As Chrome's "Copy as cURL (cmd)" does."""
    plain = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:=+~'/.',?;()*`")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    careted = "".join(c if c in plain or c.isspace() else f"^{c}" for c in escaped)
    return '^"' + careted.replace("\n", "^\n\n") + '^"'


def former_chrome_for_cmd(text: str) -> str:
    """As Chrome did for years."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_a_command_is_cut_as_bash_does() -> None:
    told = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {SEVERAL}"], capture_output=True, text=True, check=True
    )
    assert list(words_of(SEVERAL).words) == told.stdout.split("\0")[:-1]


@given(st.lists(texts, max_size=6), st.sampled_from([shlex.quote, ansi_quoted, double_quoted]))
def test_what_is_quoted_for_a_shell_comes_back(words: list[str], quoted: object) -> None:
    assert callable(quoted)
    line = " \\\n  ".join(["curl", *map(quoted, words)])
    assert words_of(line).words == ("curl", *words)


@given(st.lists(texts.filter(lambda text: "\t" not in text), min_size=1, max_size=6))
@settings(max_examples=200)
def test_what_chrome_quotes_for_cmd_comes_back(words: list[str]) -> None:
    line = " ^\n  ".join(["curl", *map(chrome_for_cmd, words)])
    assert words_of(line).words == ("curl", *words)


def test_a_character_of_two_halves_is_one() -> None:
    assert words_of("curl $'\\ud83d\\ude00\\u0021'").words == ("curl", "\U0001f600!")


def test_what_chrome_quoted_for_cmd_before_comes_back() -> None:
    words = ['a "b" c\\', "d^e&f", "{\"g\": 'h'}", "\\\\server\\x"]
    line = " ^\r\n  ".join(["curl", *map(former_chrome_for_cmd, words)])
    assert words_of(line).words == ("curl", *words)
    assert words_of('curl "a""b" ^\n c').words == ("curl", 'a"b', "c")


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("$TOKEN", "${TOKEN}"),
        ("${TOKEN}", "${TOKEN}"),
        ('"Bearer $TOKEN"', "Bearer ${TOKEN}"),
        ('"a${B}c"', "a${B}c"),
        ("'$TOKEN'", "$TOKEN"),
        ("'${TOKEN}'", "$${TOKEN}"),
        ('"\\${TOKEN}"', "$${TOKEN}"),
        ("'$'{TOKEN}", "$${TOKEN}"),
        ("$1$", "$1$"),
    ],
)
def test_a_variable_is_one_of_the_config(line: str, word: str) -> None:
    assert [settled(each) for each in words_of(line).words] == [word]


@pytest.mark.parametrize(
    "line", ["curl a | jq .", "curl a > b", "curl a && c", "curl a; b", "curl a &"]
)
def test_what_follows_is_no_part_of_the_command(line: str) -> None:
    words = words_of(line)
    assert (words.words, words.has_more) == (("curl", "a"), True)


def test_a_command_ends_where_no_quote_is_open() -> None:
    assert is_whole("curl 'a\n\nb'\n\n")
    assert is_whole("curl `a`\n\n")
    assert not is_whole("curl -d 'a\n\n")
    assert not is_whole('curl -d "a\n\n')


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("curl https://a/b?c=1&d=s3cret", "put the URL into single quotes"),
        ("curl 'https://a", "a quote that is not closed"),
        ('curl "s3cret', "a quote that is not closed"),
        ('curl ^"s3cret', "a quote that is not closed"),
        ('curl "$(cat s3cret)"', "runs another command"),
        ("curl `cat s3cret`", "runs another command"),
        ("curl ${TOKEN:-s3cret}", "more than a name"),
        ("curl (s3cret)", "outside of quotes"),
        ("curl $'\\0s3cret'", "a character in"),
        ("curl $'\\ud83ds3cret'", "a character in"),
    ],
)
def test_what_cannot_be_cut_is_refused(line: str, told: str) -> None:
    with pytest.raises(ConfigError, match="curl: has a") as refused:
        words_of(line)
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        # What a paste ends with, where a line was to follow.
        ("curl a \\", ("a",)),
        ("curl a \\ \n", ("a",)),
        # A space that nobody sees behind the backslash.
        ("curl a \\  \n  b", ("a", "b")),
        # An output that goes elsewhere has a number.
        ("curl a 2>/dev/null", ("a",)),
        ("curl a9>b", ("a9",)),
        # PowerShell.
        ("curl.exe a `\n  b", ("a", "b")),
        ('curl.exe "x $env:TOKEN" $Env:TOKEN', ("x ${TOKEN}", "${TOKEN}")),
    ],
)
def test_what_else_a_shell_makes_of_a_line(line: str, words: tuple[str, ...]) -> None:
    assert tuple(map(settled, words_of(line).words[1:])) == words
