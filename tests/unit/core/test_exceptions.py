"""Errors carry what they know as data, and cross from one process to another with it."""

from __future__ import annotations

import copy
import pickle
import re
import textwrap
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

import headrace
from headrace.core import exceptions
from headrace.core.dlt_door.auths import AuthRefused, FieldsMissing
from headrace.core.dlt_door.settings import SettingsUnreadable
from headrace.core.exceptions import (
    MAX_ROW_CHARACTERS,
    ConfigError,
    Fault,
    HeadraceError,
    NothingLoaded,
    PageError,
    ResponseStatusError,
    RowError,
)
from headrace.core.exchange import ShownRequest
from headrace.core.secrets.redaction import keep_secret
from headrace.http.failures.attempts import AttemptFailed
from headrace.http.response_hooks import ResponseIgnored, ResponseRefused
from headrace.sansio.windows import ScaleFault
from headrace.simulator.refused import Refused
from headrace.testing import CheckResult, ConnectorChecks, ConnectorFailed

DATA: dict[str, Any] = {
    "resource": "orders",
    "url": "https://api.example.com/orders",
    "row": '{"id": 1}',
}
FAULTS = [Fault("client.base_url", "is missing"), Fault("resources[0].nam", "is unknown")]


# Those that reach no user, and want more than a text, or know more.
INTERNAL: list[Exception] = [
    AttemptFailed(
        error=PageError("broken"), brief="broken answer", most_attempts=3, patience=2.0, seconds=1.5
    ),
    AuthRefused("SomeError"),
    ConnectorFailed(ConnectorChecks("shop", (CheckResult("verify", "failed", "2 rows missing"),))),
    FieldsMissing(["username", "password"]),
    Refused(404, "Not Found"),
    ResponseIgnored("an action", ShownRequest.of("GET", "https://api.example.com/")),
    ResponseRefused("an action says `retry`", again=True),
    ScaleFault("step", "is a number"),
    SettingsUnreadable("secrets.toml"),
]


ENGINES = ("headrace.ray.", "headrace.spark.")


def subclasses(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    for each in kind.__subclasses__():
        if each.__module__.partition(".")[0] == "headrace":
            yield each
        yield from subclasses(each)


def own_errors() -> list[type[BaseException]]:
    """Every class of an exception that the package defines, public or not."""
    for module in walk_packages(headrace.__path__, "headrace."):
        # What stands beside an engine needs it, and defines no error.
        if module.name != "headrace.__main__" and not module.name.startswith(ENGINES):
            import_module(module.name)
    return sorted(set(subclasses(BaseException)), key=lambda kind: kind.__qualname__)


def full(kind: type[BaseException]) -> BaseException:
    """An error with all that its class can hold."""
    if kind is ConfigError:
        error: BaseException = ConfigError(FAULTS)
    elif kind is ResponseStatusError:
        error = ResponseStatusError("the server answers 404", 404)
    elif issubclass(kind, HeadraceError):
        error = kind("what happened, and what to do", status=503)
    else:
        internal: dict[type[BaseException], Exception] = {type(each): each for each in INTERNAL}
        return internal.get(kind) or kind("what happened, and what to do")
    assert isinstance(error, HeadraceError)
    return error.located(**DATA)


def told(error: BaseException) -> Any:
    """All that two errors have to have in common."""
    return type(error), str(error), repr(error), known(error.args), known(vars(error))


def known(value: Any) -> Any:
    """Values that can be compared."""
    if isinstance(value, ShownRequest):
        return value.method, value.url
    if isinstance(value, BaseException):
        return told(value)
    if isinstance(value, dict):
        return {name: known(item) for name, item in value.items()}
    return tuple(map(known, value)) if isinstance(value, tuple) else value


@pytest.mark.parametrize("kind", own_errors(), ids=lambda kind: kind.__qualname__)
def test_each_error_is_the_same_once_it_was_pickled_or_copied(kind: type[BaseException]) -> None:
    error = full(kind)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert told(pickle.loads(pickle.dumps(error, protocol))) == told(error)
    assert told(copy.copy(error)) == told(error)
    assert told(copy.deepcopy(error)) == told(error)


def test_all_errors_are_found() -> None:
    names = {kind.__qualname__ for kind in own_errors()}
    assert {"ConfigError", "IncompletePage", "NothingLoaded", "ResponseIgnored"} <= names
    assert {"AuthRefused", "ClosedUnanswered", "BadParameter", "_DuplicateKey"} <= names


def test_what_dlt_refuses_is_said_in_words() -> None:
    assert str(FieldsMissing(["username", "password"])) == "username, password"
    assert str(AuthRefused("SomeError")) == "SomeError"
    assert str(SettingsUnreadable("secrets.toml")) == (
        "dlt cannot read secrets.toml; check that it is valid TOML, here and in dlt's home folder"
    )


def tree_of(kind: type[Exception], depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, kind.__name__
    for each in kind.__subclasses__():
        if each.__module__.partition(".")[0] == "headrace":
            yield from tree_of(each, depth + 1)


def test_the_drawings_of_the_tree_are_true() -> None:
    """The one in the documentation, and the one where the errors are defined."""
    own_errors()
    page = (Path(headrace.__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    (drawn,) = re.findall(r"^```\n(HeadraceError.*?)^```", page, re.MULTILINE | re.DOTALL)
    found = [
        (len(branch) // 4, name)
        for branch, name in re.findall(r"^([│├└─ ]*)(\w+)", drawn, re.MULTILINE)
    ]
    assert found == list(tree_of(HeadraceError))
    assert textwrap.indent(drawn, "    ") in (exceptions.__doc__ or "")


def test_the_documentation_tells_of_all_data() -> None:
    page = (Path(headrace.__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert told == {*vars(ConfigError(FAULTS)), *vars(ResponseStatusError("", 404))}


def failing(kind: str) -> None:
    raise full(getattr(import_module("headrace.core.exceptions"), kind))


def test_errors_come_back_from_another_process() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for kind in (ConfigError, ResponseStatusError, RowError):
            future = pool.submit(failing, kind.__name__)
            # The pool adds the trace of the other process as the cause.
            error = future.exception(timeout=60)
            assert error is not None
            assert told(error) == told(full(kind))


def test_what_is_not_known_is_none() -> None:
    error = PageError("no page")
    assert (error.resource, error.url, error.status, error.row) == (None, None, None, None)


def test_who_is_nearer_to_the_failure_knows_better() -> None:
    error = PageError("no page", url="https://token.example.com/", status=200)
    same = error.located("resource `a`: no page", resource="a", url="https://h/", status=500)
    assert same is error
    assert str(error) == "resource `a`: no page"
    assert (error.resource, error.url, error.status) == ("a", "https://token.example.com/", 200)
    assert str(error.located(resource="b")) == "resource `a`: no page"
    assert error.resource == "a"


def test_the_faults_of_a_config_stay_what_they_are() -> None:
    error = pickle.loads(pickle.dumps(ConfigError(FAULTS)))
    assert error.faults == tuple(FAULTS)
    assert str(error).startswith("the config has 2 faults:\n  client.base_url: is missing")


def test_a_row_is_cut() -> None:
    error = RowError("a row cannot be loaded", row="x" * 2 * MAX_ROW_CHARACTERS)
    assert error.row is not None
    assert len(error.row) == MAX_ROW_CHARACTERS
    assert RowError("", row="{}").row == "{}"


def test_neither_the_data_nor_what_is_pickled_holds_a_secret() -> None:
    secret = "canary-of-the-errors"
    later = "canary-that-comes-later"
    keep_secret([secret])
    error = NothingLoaded(f"a {secret}", url=f"https://h/?k={secret}", row=f'{{"k": "{secret}"}}')
    assert secret not in str(vars(error))
    config = ConfigError([Fault(f"a.{secret}", f"is {secret} {later}")])
    assert secret not in str(config.faults[0])
    keep_secret([later])
    error.located(f"{secret} {later}", resource=secret)
    for each in (error, config):
        sent = pickle.dumps(each)
        assert secret.encode() not in sent
        assert later.encode() not in sent


def test_a_row_is_cleaned_before_it_is_cut() -> None:
    secret = "canary-in-a-row"
    keep_secret([secret])
    error = RowError("a row", row="x" * (MAX_ROW_CHARACTERS - 8) + secret)
    assert error.row is not None
    assert "canary" not in error.row


def test_what_was_added_to_an_error_is_cleaned_before_it_is_pickled() -> None:
    secret = "canary-in-a-note"
    keep_secret([secret])
    error = PageError("a page")
    error.add_note(f"a note with {secret}")
    added = {"a": {secret}, "b": frozenset([secret]), "c": [(secret,)], "d": {secret: [secret]}}
    vars(error).update(added)
    sent = pickle.dumps(error)
    assert secret.encode() not in sent
    known_there = vars(pickle.loads(sent))
    assert known_there["__notes__"] == ["a note with ***"]
    assert {name: known_there[name] for name in added} == {
        "a": {"***"},
        "b": frozenset(["***"]),
        "c": [("***",)],
        "d": {"***": ["***"]},
    }
    assert error.__notes__ == [f"a note with {secret}"]


def test_args_and_faults_hold_no_secret() -> None:
    secret = "canary-in-the-args"
    keep_secret([secret])
    error = PageError(f"a page with {secret}")
    assert error.args == ("a page with ***",)
    assert error.located(f"resource `a`: {secret}").args == ("resource `a`: ***",)
    config = ConfigError([Fault(f"a.{secret}", f"is {secret}")])
    assert config.args == ("the config has 1 fault:\n  a.***: is ***",)
    assert config.faults == (Fault("a.***", "is ***"),)
