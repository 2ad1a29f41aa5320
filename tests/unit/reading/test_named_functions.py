"""Functions that a config names are found as a script in the working directory would find them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.core.exceptions import ConfigError
from headrace.reading.named_functions import named_function


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    known = set(sys.modules)
    (tmp_path / "of_shop").mkdir()
    (tmp_path / "of_shop" / "signing.py").write_text("def sign():\n    return 'signed'\nKEY = 1\n")
    (tmp_path / "broken_shop.py").write_text("1 / 0\n")
    (tmp_path / "lacking_shop.py").write_text("import not_there_at_all\n")
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_in_the_working_directory(folder: Path) -> None:
    before = list(sys.path)
    assert named_function("of_shop.signing:sign", "auth.function")() == "signed"
    assert sys.path == before


GOING = "import sys\ngoing = iter(sys.path)\nseen = [next(going)]\ndef find(): pass\n"


def test_who_goes_through_the_places_meanwhile_misses_none(folder: Path) -> None:
    (folder / "of_shop" / "going.py").write_text(GOING)
    before = list(sys.path)
    named_function("of_shop.going:find", "secrets")
    going = sys.modules["of_shop.going"]
    assert [*going.seen, *going.going] == [str(folder), *before]
    assert sys.path == before


def test_what_is_there_needs_no_place(folder: Path) -> None:
    named_function("of_shop.signing:sign", "auth.function")
    places = sys.path
    assert named_function("of_shop.signing:sign", "auth.function")() == "signed"
    assert sys.path is places


def test_among_what_is_installed() -> None:
    assert named_function("json:dumps", "auth.function")([]) == "[]"


def test_a_function_itself() -> None:
    assert named_function(repr, "auth.function") is repr


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("of_shop.nothing:sign", "there is no module `of_shop.nothing`, neither in {folder} nor"),
        ("nothing_here:sign", "there is no module `nothing_here`, neither in {folder} nor"),
        ("of_shop.signing:sing", "`of_shop.signing` has no function `sing`"),
        ("of_shop.signing:KEY", "`of_shop.signing` has no function `KEY`"),
        ("broken_shop:sign", "cannot be imported: ZeroDivisionError: division by zero"),
        ("lacking_shop:sign", "`lacking_shop` imports `not_there_at_all`, which is not there"),
    ],
)
def test_what_is_not_there(folder: Path, name: str, phrase: str) -> None:
    with pytest.raises(ConfigError) as caught:
        named_function(name, "auth.function")
    (fault,) = caught.value.faults
    assert fault.path == "auth.function"
    assert phrase.format(folder=folder) in fault.message
