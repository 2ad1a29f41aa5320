"""YAML read by libyaml is read as PyYAML reads it, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.config.files.quick_yaml import read_quickly
from headrace.config.files.reading import ConfigLoader
from tests.support.project import ROOT

FILES = sorted((ROOT / "src" / "headrace" / "config").rglob("*.yml"))
PIECES = st.sampled_from(
    [
        *"abz01.9-:#'\"{}[],&*!|>%@`~?<=_ \n\t\\\r",
        *("\n  ", "\n- ", ": ", "a: ", "\n\n", "é", "😀", "\u2028", "\x85", "\ufeff", "\x07"),
        *("<<: ", "---", "...", "'x'", '"\\u00e9"', "1e3", "true", "null", "no", "!!str ", "&a "),
        *("*a", "|\n ", ">\n  ", "\r\n", "${NAME}", "1.50"),
    ]
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_ships_is_read_quickly(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert read_quickly(text, ConfigLoader) == yaml.load(text, Loader=ConfigLoader)


@given(st.lists(PIECES, max_size=12).map("".join))
@example("a: b\t")
@example("a: !")
@example("a: |# b")
@example("a: 1\na: 2")
@example("a: \ufeff")
def test_no_text_is_read_otherwise(text: str) -> None:
    quick = read_quickly(text, ConfigLoader)
    if quick is not None:
        assert repr(quick) == repr(yaml.load(text, Loader=ConfigLoader))
