"""`headrace.__all__` is all that is public, and all that its signatures name is in it."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import headrace
import headrace.exceptions
import headrace.testing
from headrace._version import __version__

_RAISES = re.compile(r"^Raises:\n((?:[ ]+.*\n?|\n)+)", re.MULTILINE)
_RAISED = re.compile(r"^ {4}(\w+(?:, \w+)*): ", re.MULTILINE)


def public_functions(kind: type) -> Iterator[Any]:
    """The methods and properties of a class that its users may call."""
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield member.fget
        elif isinstance(member, staticmethod | classmethod):
            yield member.__func__
        elif inspect.isfunction(member):
            yield member


def own_classes(annotation: Any) -> Iterator[type]:
    """The classes of Headrace in a type, at whatever depth."""
    if isinstance(annotation, list):
        for each in annotation:
            yield from own_classes(each)
    elif inner := typing.get_args(annotation):
        yield from own_classes(list(inner))
    elif inspect.isclass(annotation) and annotation.__module__.partition(".")[0] == "headrace":
        yield annotation


def raised_by(function: Any) -> Iterator[type]:
    """The errors of Headrace under `Raises:` in a docstring."""
    section = _RAISES.search(inspect.getdoc(function) or "")
    for names in _RAISED.findall(section[1]) if section else ():
        for name in names.split(", "):
            if hasattr(headrace.exceptions, name):
                yield getattr(headrace.exceptions, name)


def named_by(public: Any) -> set[type]:
    """The classes of Headrace that whoever uses a public name comes to meet."""
    bases: tuple[type, ...] = ()
    if inspect.isclass(public):
        functions = list(public_functions(public))
        fields = typing.get_type_hints(public).values()
        bases = public.__bases__
    else:
        functions, fields = [inspect.unwrap(public)], {}.values()
    named = {each for base in bases for each in own_classes(base)}
    named.update(each for field in fields for each in own_classes(field))
    for function in functions:
        hints = typing.get_type_hints(function).values()
        named.update(each for hint in hints for each in own_classes(hint))
        named.update(raised_by(function))
    return named


@pytest.mark.parametrize("name", headrace.__all__)
def test_each_public_name_is_there_and_documented(name: str) -> None:
    public = getattr(headrace, name)
    assert (inspect.getdoc(public) or "").strip()
    assert public.__name__ == name
    if inspect.isclass(public):
        for function in public_functions(public):
            assert inspect.getdoc(function), f"{name}.{function.__name__}"


@pytest.mark.parametrize("name", headrace.__all__)
def test_all_that_a_public_name_leads_to_is_public(name: str) -> None:
    named = named_by(getattr(headrace, name))
    assert sorted(each.__name__ for each in named if each.__name__ not in headrace.__all__) == []


@pytest.mark.parametrize("name", headrace.testing.__all__)
def test_what_tries_connectors_is_documented_and_leads_to_public_names(name: str) -> None:
    public = getattr(headrace.testing, name)
    assert (inspect.getdoc(public) or "").strip()
    if inspect.isclass(public):
        for function in public_functions(public):
            assert inspect.getdoc(function), f"{name}.{function.__name__}"
    known = {*headrace.__all__, *headrace.testing.__all__}
    assert [each.__name__ for each in named_by(public) if each.__name__ not in known] == []


def test_what_is_found_that_way() -> None:
    assert headrace.Figures in named_by(headrace.sync)
    assert headrace.ResourceFigures in named_by(headrace.Figures)
    assert headrace.SyncError in named_by(headrace.sync)


def test_nothing_else_is_public() -> None:
    for name in headrace.__all__:
        getattr(headrace, name)
    reachable = {
        name
        for name, value in vars(headrace).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert reachable <= set(headrace.__all__)
    assert set(dir(headrace)) == {*headrace.__all__, "__version__"}
    with pytest.raises(AttributeError, match="module `headrace` has no attribute `Listing`"):
        _ = headrace.Listing  # type: ignore[attr-defined]


def test_no_module_has_the_name_of_something_public() -> None:
    inside = Path(headrace.__file__).parent
    assert {each.stem for each in inside.iterdir()}.isdisjoint(headrace.__all__)


def test_all_errors_are_public_and_in_the_module_of_exceptions() -> None:
    errors = {
        name
        for name in headrace.__all__
        if inspect.isclass(getattr(headrace, name))
        and issubclass(getattr(headrace, name), Exception)
    }
    assert set(headrace.exceptions.__all__) == {*errors, "Fault"}
    for name in headrace.exceptions.__all__:
        assert getattr(headrace.exceptions, name) is getattr(headrace, name)


def test_type_checkers_see_the_same_names_from_the_same_modules() -> None:
    tree = ast.parse(Path(headrace.__file__).read_text(encoding="utf-8"))
    seen = next(each for each in tree.body if isinstance(each, ast.If))
    imported = [each for each in seen.body if isinstance(each, ast.ImportFrom)]
    names = {alias.name: each.module for each in imported for alias in each.names}
    assert all(alias.asname == alias.name for each in imported for alias in each.names)
    assert names == headrace._MODULES


def test_all_names_can_be_imported_with_a_star() -> None:
    there: dict[str, Any] = {}
    exec("from headrace import *", there)
    assert set(headrace.__all__) <= set(there)


def test_the_version_is_there_but_not_among_the_names() -> None:
    assert headrace.__version__ == __version__
    assert "__version__" not in headrace.__all__


def test_importing_headrace_imports_nothing_that_takes_time() -> None:
    program = (
        "import sys, headrace, headrace.exceptions\n"
        "from headrace.exceptions import ConfigError\n"
        "names = {'dlt', 'aiohttp', 'requests', 'pyarrow', 'duckdb', 'pydantic', 'msgspec'}\n"
        "print(sorted(names & set(sys.modules)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout == "[]\n"


def test_importing_the_source_imports_little_but_dlt() -> None:
    program = (
        "import sys\n"
        "from dlt.sources.rest_api import rest_api_source\n"
        "before = set(sys.modules)\n"
        "from headrace import rest_api_source, rest_api_resources, rest_api\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    imported = told.stdout.split()
    assert {each.partition(".")[0] for each in imported} == {"headrace", "tomllib"}
    assert len(imported) < 20, imported


def test_what_reads_one_format_alone_is_not_imported_with_the_source() -> None:
    program = (
        "import sys\n"
        "from headrace import rest_api_source, sync\n"
        "import headrace.dlt_source.source\n"
        "names = {'pyarrow.csv', 'xmltodict', 'graphql'}\n"
        "own = [name for name in sys.modules if name.startswith('headrace.sansio.decoding.')]\n"
        "formats = ('csv', 'xml', 'json_lines')\n"
        "loaded = [name for name in own if name.rpartition('.')[2].startswith(formats)]\n"
        "print(sorted(names & set(sys.modules)) + loaded)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout == "[]\n"


WITHOUT_DLT = """
import importlib, sys
import headrace
for module in headrace._NAMES_BY_MODULE:
    if module not in headrace._NEED_DLT:
        importlib.import_module(module)
        assert "dlt" not in sys.modules, module
begun = []
import_module = importlib.import_module
def recorded(name, *more):
    begun.append(name)
    return import_module(name, *more)
importlib.import_module = recorded
headrace.rest_api_source
print([each for each in begun if each in ("dlt", "headrace.dlt_source.by_call")])
"""


def test_threads_that_ask_for_different_names_wait_for_all_of_dlt() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_DLT], capture_output=True, text=True, check=False
    )
    expected = ["dlt", "headrace.dlt_source.by_call"]
    assert (ran.stdout.strip(), ran.stderr) == (str(expected), "")
