"""From a file to a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.config import read_document
from headrace.core.exceptions import ConfigError

from .documents import GUIDE_YAML, guide


def fault_of(path: Path, connectors: tuple[str, ...] = ()) -> str:
    with pytest.raises(ConfigError) as caught:
        read_document(path, connectors)
    assert caught.value.__context__ is None
    (fault,) = caught.value.faults
    return fault.message


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GUIDE_YAML)
    expected = guide()
    expected["client"]["auth"]["api_key"] = "${API_KEY}"
    assert read_document(tmp_path / "a.yml") == expected
    (tmp_path / "a.json").write_text('\ufeff{"since": "2024-01-01", "n": 1}', encoding="utf-8")
    (tmp_path / "b.yaml").write_text("since: 2024-01-01\nn: 1\n")
    assert read_document(tmp_path / "a.json") == read_document(tmp_path / "b.yaml")


@pytest.mark.parametrize(
    ("name", "text", "phrases"),
    [
        ("a.yml", "", ["is empty"]),
        ("a.yml", "# nothing\n", ["must hold a mapping", "nothing"]),
        ("a.yml", "- a\n- b\n", ["must hold a mapping", "a list"]),
        ("a.json", "3", ["must hold a mapping", "a number"]),
        ("a.toml", "a = 1", ["neither YAML", "nor JSON"]),
        ("a.yml", "client:\n  base_url: x\n  base_url: y\n", ["line 3, column 3", "`base_url`"]),
        ("a.yml", "a: {b: 1, b: 2}", ["line 1, column 11", "`b` stands twice"]),
        ("a.json", '{"a": 1,\n "a": 2}', ["`a` stands twice", "lines 1 and 2"]),
        ("a.json", '{"a": 1,\n "b" 2}', ["line 2, column 6", "Expecting ':'"]),
        ("a.yml", "a: [s3cr3t\nb: 1\n", ["line 2, column 2"]),
        ("a.yml", "a: 's3cr3t\n", ["line 2, column 1"]),
        ("a.yml", "a: s3cr3t: x\n", ["line 1, column 10", "mapping values"]),
        ("a.yml", "a: *s3cr3t\n", ["line 1, column 4", "look for"]),
        ("a.yml", "a: !s3cr3t x\n", ["line 1, column 4", "look for"]),
        ("a.yml", "a: !!python/object/apply:os.system [s3cr3t]\n", ["line 1"]),
        ("a.yml", "a: !!int s3cr3t\n", ["cannot read"]),
        ("a.yml", "? [a, b]\n: s3cr3t\n", ["line 1"]),
        ("a.yml", "a: \x00s3cr3t\n", ["character"]),
        ("a.yml", "a: &a [*a]\n", ["nested too deeply"]),
        ("a.yml", "a: " + "[" * 5_000, ["nested too deeply"]),
        ("a.json", '{"a": ' + "[" * 100_000, ["nested too deeply"]),
        (
            "a.yml",
            "a: &a [1,2,3,4,5,6,7,8,9]\n"
            + "".join(
                f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n"
                for a, b in zip("abcdefg", "bcdefgh", strict=True)
            ),
            ["too large"],
        ),
    ],
)
def test_files_that_cannot_be_used(
    tmp_path: Path, name: str, text: str, phrases: list[str]
) -> None:
    (tmp_path / name).write_text(text)
    message = fault_of(tmp_path / name)
    assert str(tmp_path / name) in message
    assert "s3cr3t" not in message
    for phrase in phrases:
        assert phrase in message


def test_a_missing_file_suggests_what_is_near(tmp_path: Path) -> None:
    (tmp_path / "executions.yml").write_text("a: 1")
    assert "did you mean executions.yml?" in fault_of(tmp_path / "exections.yml")
    assert "did you mean executions?" in fault_of(Path("excutions"), ("executions",))
    assert fault_of(tmp_path / "no" / "zzz.yml").endswith("zzz.yml")


def test_what_is_no_text_file(tmp_path: Path) -> None:
    assert "is a folder" in fault_of(tmp_path)
    (tmp_path / "a.yml").write_bytes(b"\xff\xfe\xfa")
    assert "not text in UTF-8" in fault_of(tmp_path / "a.yml")


def test_merge_keys_and_aliases(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n")
    assert read_document(tmp_path / "a.yml") == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}
