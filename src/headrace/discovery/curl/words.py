"""Cuts a command line into words as a shell does, and runs nothing.

What a shell would put in for a variable is not known here. A variable stays in a word, marked by
two characters that stand in no text, until `settled` makes the `${NAME}` of a config file of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from headrace.core.exceptions import ConfigError, Fault

_OPEN = "has a quote that is not closed: paste the whole command"
# Unicode keeps them free for uses like this.
_BEGIN, _END = "\ufdd0", "\ufdd1"
_VARIABLE = re.compile(f"{_BEGIN}([^{_END}]*){_END}")

_PIECE = re.compile(
    r"""(?:\\|`)[ \t]*\r?\n | \\\s*\Z
    | (?P<space>\s+)
    | '(?P<single>[^']*)'
    | \$'(?P<escapes>(?:[^'\\]|\\.)*)'
    | \$?"(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.)
    | (?P<operator>[|&;<>()])
    | \$(?:\{(?P<braced>\w+)\}|(?:(?i:env):)?(?P<bare>[A-Za-z_]\w*))
    | (?P<runs>\$\(|`)
    | (?P<expansion>\$\{)
    | (?P<open>['"])
    | (?P<plain>[^\s'"\\|&;<>()$`]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = re.compile(
    r"""\\\r?\n
    | \\(?P<escaped>[$`"\\])
    | \$(?:\{(?P<braced>\w+)\}|(?:(?i:env):)?(?P<bare>[A-Za-z_]\w*))
    | (?P<runs>\$\(|`)
    | (?P<expansion>\$\{)
    | (?P<plain>[^\\$`]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))",
    re.DOTALL,
)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b"}
_ESCAPED |= {"f": "\f", "v": "\v"}

# `"` stands for itself in cmd, and a caret for what follows it; within quotes it stands for itself.
_CARET = re.compile(r"\"[^\"\r\n]*\"?|\^\r?\n(?P<line>\r?\n)?|\^(?P<escaped>.)", re.DOTALL)
_WINDOWS_PIECE = re.compile(
    r"""(?P<backslashes>\\*)" | (?P<space>\s+) | (?P<plain>\\+|[^\s"\\]+)""", re.VERBOSE
)
_OF_WINDOWS = re.compile(r"(?:^|\s)\^\"|\^[ \t]*\r?$", re.MULTILINE)
_OF_SHELL = re.compile(r"\\\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Words:
    """The words of a command.

    Args:
        words: The words, in order.
        has_more: Whether something follows that is no part of the command, such as `| jq`.
    """

    words: tuple[str, ...] = field(repr=False)
    has_more: bool = False


def words_of(text: str) -> Words:
    """The words of a command as the shell that it is written for sees them.

    Args:
        text: The command, for a shell such as bash, or for cmd of Windows.

    Raises:
        ConfigError: It is not whole, or says that something else is to be run first.
    """
    text = _VARIABLE.sub("", text).replace(_BEGIN, "").replace(_END, "")
    if _OF_WINDOWS.search(text) and not _OF_SHELL.search(text):
        return _windows_words(text)
    return _ShellWords().cut(text)


def is_whole(text: str) -> bool:
    """Whether no quote is open at the end of a text, so that a command may end there.

    Args:
        text: The beginning of a command, or all of it.
    """
    try:
        words_of(text)
    except ConfigError as error:
        return _OPEN not in str(error)
    return True


def settled(text: str) -> str:
    """A text as a config file has it: `${NAME}` for a variable, `$${` for `${`.

    Args:
        text: A word, or a part of one.
    """
    return _VARIABLE.sub(r"${\1}", text.replace("${", "$${"))


def begins_with_variable(text: str) -> bool:
    """Whether a variable is the first of a text.

    Args:
        text: A word, or a part of one.
    """
    return text.startswith(_BEGIN)


def has_variable(text: str) -> bool:
    """Whether a variable is in a text.

    Args:
        text: A word, or a part of one.
    """
    return _BEGIN in text


def variable(name: str) -> str:
    """What stands for a variable in words.

    Args:
        name: The name of the variable.
    """
    return f"{_BEGIN}{name}{_END}"


def refuse(told: str) -> ConfigError:
    """The error of a command that cannot be understood.

    Args:
        told: What it is, and what to do.
    """
    return ConfigError([Fault("curl", told)])


class _ShellWords:
    """Cuts as POSIX shells do, with the `$'...'` of bash.

    Of PowerShell it knows the backtick at the end of a line, and `$env:NAME`.
    """

    def __init__(self) -> None:
        self._done: list[str] = []
        self._word: str | None = None

    def cut(self, text: str) -> Words:
        place = 0
        while place < len(text):
            if self._word is None and text[place] == "#":
                end = text.find("\n", place)
                place = len(text) if end < 0 else end
                continue
            match = _PIECE.match(text, place)
            assert match is not None
            place = match.end()
            kind = match.lastgroup
            if kind == "operator":
                self._refuse_glued(match, text)
                if match[0] in "<>" and (self._word or "").isdecimal():
                    # `2> file` says which output goes there.
                    self._word = None
                self._end_word()
                return Words(tuple(self._done), has_more=True)
            if kind == "space":
                self._end_word()
            elif kind is not None:
                self._word = (self._word or "") + _value(match)
        self._end_word()
        return Words(tuple(self._done))

    def _end_word(self) -> None:
        if self._word is not None:
            self._done.append(self._word)
        self._word = None

    def _refuse_glued(self, match: re.Match[str], text: str) -> None:
        """A URL whose `&` is not quoted ends there for a shell, and not for who pasted it."""
        operator, after = match["operator"], text[match.end() : match.end() + 1]
        if operator in "&;" and self._word is not None and after.strip() and after != operator:
            raise refuse(
                f"has a `{operator}` outside of quotes, where a shell ends the command: put the "
                "URL into single quotes"
            )
        if operator in "()":
            raise refuse(f"has a `{operator}` outside of quotes: put what it stands in into them")


def _value(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "double":
        return "".join(
            _value(each) for each in _IN_DOUBLE.finditer(match["double"]) if each.lastgroup
        )
    if kind == "escapes":
        return _with_whole_characters(_ESCAPE.sub(_unescaped, match["escapes"]))
    if kind in ("braced", "bare"):
        return variable(match[kind])
    if kind == "runs":
        raise refuse(
            "has a `$(...)` or a backtick, which runs another command: put in its place what that "
            "gives, or the name of a variable"
        )
    if kind == "expansion":
        raise refuse("has a `${...}` that is more than a name: write `${NAME}`")
    if kind == "open":
        raise refuse(_OPEN)
    return match[kind or 0]


def _unescaped(match: re.Match[str]) -> str:
    code = next((each for each in match.groups()[:3] if each), None)
    if code is not None:
        return _character(int(code, 16))
    if match[4]:
        return _character(int(match[4], 8))
    return _ESCAPED.get(match[5], match[5] if match[5] in "\\'\"?" else match[0])


def _character(code: int) -> str:
    if code == 0 or code > 0x10FFFF:
        raise refuse("has a character in `$'...'` that is none")
    return chr(code)


def _with_whole_characters(text: str) -> str:
    """Browsers write a character beyond U+FFFF as two, the halves of its UTF-16."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise refuse("has a character in `$'...'` that is none") from None


def _windows_words(text: str) -> Words:
    """Cuts as cmd does, and then as a program of Windows cuts what it is started with."""
    plain = _CARET.sub(_without_caret, text)
    words: list[str] = []
    word: str | None = None
    is_quoted = False
    place = 0
    while place < len(plain):
        match = _WINDOWS_PIECE.match(plain, place)
        assert match is not None
        place = match.end()
        if match.lastgroup == "backslashes":
            halves, is_literal = divmod(len(match["backslashes"]), 2)
            word = (word or "") + "\\" * halves
            if not is_literal and is_quoted and plain.startswith('"', place):
                is_literal, place = 1, place + 1
            elif not is_literal:
                is_quoted = not is_quoted
            word += '"' * is_literal
        elif match.lastgroup == "space" and not is_quoted:
            words += [] if word is None else [word]
            word = None
        else:
            # Browsers double each backslash, of which a program takes back those before a quote.
            word = (word or "") + (match[0].replace("\\\\", "\\") if is_quoted else match[0])
    if is_quoted:
        raise refuse(_OPEN)
    return Words((*words, *([] if word is None else [word])))


def _without_caret(match: re.Match[str]) -> str:
    if match[0].startswith('"'):
        return match[0]
    return match["escaped"] or match["line"] or ""
