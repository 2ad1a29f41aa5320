"""Writes a config as YAML, each line with what speaks for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

import yaml

from headrace.discovery.probing_client import AskedRequest
from headrace.sansio.discovery.evidence import Evidence, told_together

_WIDTH = 100
_COLUMN = 44
# A mapping of so few characters stands in one line.
_SHORT = 60
_HEAD = (
    "# {found}\n"
    "#\n"
    "#   headrace check {file}      one real request for each resource, nothing loaded\n"
    "#   headrace run {file}        load them\n"
    "#\n"
    "# ${{NAME}} stands for a secret: the environment variable NAME, or else `name` in\n"
    "# .dlt/secrets.toml.\n"
)
_FOUND = "Found by asking the API {requests}. What stands behind # is what its answers showed."
_READ = (
    "Made of {document}, and of what the API was asked: {requests}. "
    "What is marked `document:` nobody has tried."
)
_STATED = "document: "
_RESOURCE = re.compile(r"resources\[(\d+)\]")
_STEP = re.compile(r"[.\[]")
_ODD = re.compile(r"[^\x20-\x7e\xa0-\u200d\u2010-\u2027\u202f-\u2065\u2070-\ufefe\uff00-\ufffd]")
# With those that turn the direction of a line.
_CONTROL = re.compile(r"[^\x20-\x7e\xa0-\u200d\u2010-\u2027\u202f-\u2065\u2070-\ufffd]")


def commented_yaml(
    config: Mapping[str, Any],
    evidence: Sequence[Evidence],
    requests: Sequence[AskedRequest] = (),
    file: str = "headrace.yml",
    document: str | None = None,
) -> str:
    """Writes a config as YAML.

    Args:
        config: The config.
        evidence: What is known of its keys.
        requests: What was asked.
        file: The name of the file.
        document: The document of the API that it is made of; None for none.

    Returns:
        The text: what is proven or stated stands behind its line, what is unknown and what is
        offered in comments in its place, and what was ruled out at the end.
    """
    count = f"{len(requests):,} time{'s' * (len(requests) != 1)}" if requests else "nothing"
    found = _FOUND if document is None else _READ
    told = found.format(requests=count, document=_plain(document or ""))
    lines = [_HEAD.format(found="\n# ".join(_wrapped(told, "")), file=_plain(file))]
    unknown = [each for each in evidence if each.verdict == "unknown"]
    if unknown:
        lines.append("#\n# Not known:\n")
        lines.extend(_bullets(unknown, config))
    known = _Known(evidence)
    for key, value in config.items():
        lines.append("\n")
        lines.extend(f"{line}\n" for line in _mapping({key: value}, "", 0, known))
    ruled_out = [each for each in evidence if each.verdict == "ruled out"]
    if ruled_out:
        lines.append("\n# Tried, and ruled out:\n")
        lines.extend(_bullets(ruled_out, config))
    return "".join(lines)


class _Known:
    """What is known of the keys of a config, by their paths.

    Args:
        evidence: What is known.
    """

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self._by_path: dict[str, list[Evidence]] = {}
        for each in evidence:
            self._by_path.setdefault(each.path, []).append(each)
        self._above: set[str] = set()
        self._by_parent: dict[str, list[str]] = {}
        for path in self._by_path:
            self._above.update(path[: mark.start()] for mark in _STEP.finditer(path))
            self._by_parent.setdefault(path.rpartition(".")[0], []).append(path)

    def of(self, path: str) -> Sequence[Evidence]:
        """What is known of a key."""
        return self._by_path.get(path, ())

    def has_below(self, path: str) -> bool:
        """Whether something is known of what stands in the value of a key."""
        return path in self._above

    def directly_below(self, path: str) -> Iterator[tuple[str, Sequence[Evidence]]]:
        """What is known of the keys of a mapping, whether they are there or not."""
        yield from ((each, self._by_path[each]) for each in self._by_parent.get(path, ()))


def _bullets(some: Sequence[Evidence], config: Mapping[str, Any]) -> Iterator[str]:
    named = ((subject(each.path, config) if each.path else "", each.text) for each in some)
    for told in told_together(named):
        for number, line in enumerate(wrap(_plain(told), _WIDTH - 4) or [""]):
            yield f"# {'- ' if number == 0 else '  '}{line}\n"


def subject(path: str, config: Mapping[str, Any]) -> str:
    """What a path is about, in words: the key, and the resource where there are several.

    Args:
        path: The path, as faults name it.
        config: The config.
    """
    key = path.rpartition(".")[2]
    resources = config.get("resources", ())
    place = _RESOURCE.match(path)
    if place is None or len(resources) < 2:
        return key
    return f"{resources[int(place[1])]['name']}: {key}"


def _told_of(some: Sequence[Evidence]) -> list[str]:
    """What stands beside a line."""
    proven = [each.text for each in some if each.verdict == "proven"]
    return [*proven, *(f"{_STATED}{each.text}" for each in some if each.verdict == "stated")]


def _mapping(mapping: Mapping[str, Any], path: str, depth: int, evidence: _Known) -> Iterator[str]:
    indent = "  " * depth
    for key, value in mapping.items():
        here = f"{path}.{key}" if path else key
        told = _told_of(evidence.of(here))
        beginning = f"{indent}{_scalar(key)}:"
        is_long = evidence.has_below(here) or not _is_short(value)
        if isinstance(value, Mapping) and value and is_long:
            yield from _told(beginning, told, indent)
            yield from _mapping(value, here, depth + 1, evidence)
        elif isinstance(value, list) and value and not _is_short(value):
            yield from _told(beginning, told, indent)
            yield from _items(value, here, depth + 1, evidence)
        else:
            yield from _told(f"{beginning} {_flow(value)}", told, indent)
        yield from _offered(evidence.of(here), indent)
    known = {f"{path}.{key}" if path else key for key in mapping}
    for other, some in evidence.directly_below(path):
        if other not in known and path:
            key = other.rpartition(".")[2]
            proven = (f"{key}: {each}" for each in _told_of(some))
            yield from (f"{indent}# {line}" for each in proven for line in _wrapped(each, indent))
            yield from _offered(some, indent)


def _items(items: Sequence[Any], path: str, depth: int, evidence: _Known) -> Iterator[str]:
    indent = "  " * depth
    for number, item in enumerate(items):
        here = f"{path}[{number}]"
        if isinstance(item, Mapping) and item:
            lines = list(_mapping(item, here, depth + 1, evidence))
            first, *rest = lines
            yield f"{indent}- {first.strip()}"
            yield from rest
        else:
            yield f"{indent}- {_flow(item)}"
    for _, some in evidence.directly_below(path):
        yield from _offered(some, indent, as_item=True)


def _offered(evidence: Sequence[Evidence], indent: str, *, as_item: bool = False) -> Iterator[str]:
    for each in evidence:
        if each.verdict != "offered":
            continue
        yield from (f"{indent}# {line}" for line in _wrapped(each.text, indent))
        if each.value is not None:
            key = each.path.rpartition(".")[2]
            value = [each.value] if as_item else {key: each.value}
            for line in _dumped(value, in_one_line=False).rstrip("\n").split("\n"):
                yield f"{indent}# {line}"


def _told(line: str, told: Sequence[str], indent: str) -> Iterator[str]:
    text = "; ".join(map(_plain, told))
    if not text:
        yield line
        return
    beside = f"{line.ljust(_COLUMN)}  # {text}"
    if len(beside) <= _WIDTH and len(line) <= _COLUMN:
        yield beside
        return
    yield from (f"{indent}# {part}" for part in _wrapped(text, indent))
    yield line


def _wrapped(text: str, indent: str) -> list[str]:
    return wrap(_plain(text), max(20, _WIDTH - len(indent) - 2))


def _plain(text: str) -> str:
    """The text in one line, without what a comment cannot hold: a server may have written it."""
    return _CONTROL.sub("?", " ".join(text.split()))


def _is_short(value: Any) -> bool:
    return len(_flow(value)) <= _SHORT


class _OneLine(yaml.SafeDumper):
    """Writes what would break a line in quotes, with escapes."""


def _quoted_if_odd(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = '"' if _ODD.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_OneLine.add_representer(str, _quoted_if_odd)


def _flow(value: Any) -> str:
    return _dumped(value, in_one_line=True).removesuffix("\n").removesuffix("\n...")


def _dumped(value: Any, *, in_one_line: bool) -> str:
    dumped: str = yaml.dump(
        value,
        Dumper=_OneLine,
        default_flow_style=in_one_line,
        sort_keys=False,
        allow_unicode=not _ODD.search(json.dumps(value, ensure_ascii=False, default=str)),
        width=float("inf"),
    )
    return dumped


def _scalar(key: str) -> str:
    return _flow(key)
