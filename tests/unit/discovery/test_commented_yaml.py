"""A config that was found, as a YAML file with what proves it."""

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from headrace.discovery.commented_yaml import commented_yaml
from headrace.sansio.discovery.evidence import Evidence

CONFIG: dict[str, Any] = {
    "client": {"base_url": "https://api.example.com/v1"},
    "resources": [
        {
            "name": "orders",
            "primary_key": "id",
            "endpoint": {
                "path": "orders",
                "paginator": {
                    "type": "cursor",
                    "cursor_path": "meta.next",
                    "cursor_param": "after",
                    "limit": 250,
                    "limit_param": "per_page",
                },
            },
        }
    ],
}
ENDPOINT = "resources[0].endpoint"


def test_what_is_proven_stands_behind_its_line() -> None:
    proven = Evidence("resources[0].primary_key", "proven", "300 rows, 300 different ids")
    limit = Evidence(f"{ENDPOINT}.paginator.limit", "proven", "asked for 1,000, gave 250")

    text = commented_yaml(CONFIG, [proven, limit])

    assert "    primary_key: id                           # 300 rows, 300 different ids\n" in text
    assert "        limit: 250                            # asked for 1,000, gave 250\n" in text


def test_what_a_document_says_is_marked() -> None:
    stated = Evidence("resources[0].primary_key", "stated", "each row has it")

    text = commented_yaml(CONFIG, [stated], document="openapi.json")

    assert "    primary_key: id                           # document: each row has it\n" in text
    assert text.startswith("# Made of openapi.json, and of what the API was asked: nothing.")


def test_what_is_not_known_names_its_resource_where_there_are_several() -> None:
    several = {"resources": [{"name": "orders"}, {"name": "users"}]}
    unknown = Evidence("resources[1].endpoint.paginator", "unknown", "ask how pages go on")

    assert "# - users: paginator: ask how pages go on\n" in commented_yaml(several, [unknown])


def test_what_is_long_stands_above_it() -> None:
    proven = Evidence("resources[0].primary_key", "proven", "a word " * 20)

    lines = commented_yaml(CONFIG, [proven]).splitlines()

    at = lines.index("    primary_key: id")
    assert lines[at - 2].startswith("    # a word")
    assert max(map(len, lines)) <= 100


def test_what_is_offered_is_a_comment_in_its_place() -> None:
    value = {"cursor_path": "id", "row_order": "desc"}
    offered = Evidence(f"{ENDPOINT}.incremental", "offered", "to ask only for what is new:", value)

    text = commented_yaml(CONFIG, [offered])
    taken = "\n".join(
        line.replace("# ", "", 1) if line.strip().startswith(("# incremental", "#   ")) else line
        for line in text.splitlines()
        if "headrace" not in line
    )

    assert yaml.safe_load(text) == CONFIG
    assert yaml.safe_load(taken)["resources"][0]["endpoint"]["incremental"] == value


def test_what_is_not_known_stands_at_the_top_and_what_was_ruled_out_at_the_end() -> None:
    evidence = [
        Evidence(f"{ENDPOINT}.paginator", "ruled out", "`page` brings the same rows again"),
        Evidence(f"{ENDPOINT}.paginator", "unknown", "how do pages go on?"),
    ]

    text = commented_yaml(CONFIG, evidence)

    assert text.index("# - paginator: how do pages go on?") < text.index("client:")
    assert text.index("brings the same rows") > text.index("limit_param")


def test_a_text_of_a_server_ends_no_comment() -> None:
    hostile = Evidence("resources[0].primary_key", "proven", "a\nresources: []\u2028b\x85c\x1b[2J")
    other = Evidence(f"{ENDPOINT}.paginator", "ruled out", "a\nresources: []\u2028b\x85c\x1b[2J")

    text = commented_yaml(CONFIG, [hostile, other])

    assert yaml.safe_load(text) == CONFIG
    assert "\x1b" not in text


plain = st.one_of(st.text(max_size=40), st.integers(), st.booleans(), st.none())
documents = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1, max_size=20), inner)
    ),
    max_leaves=12,
)
configs = st.dictionaries(st.text(min_size=1, max_size=20), documents, min_size=1, max_size=4)


def _paths(value: Any, path: str = "") -> list[str]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _paths(inner, f"{path}.{key}" if path else key)
    if isinstance(value, list):
        for number, inner in enumerate(value):
            found += _paths(inner, f"{path}[{number}]")
    return found


@given(config=configs, data=st.data())
def test_the_file_says_what_the_config_does_whatever_the_evidence(
    config: dict[str, Any], data: st.DataObject
) -> None:
    paths = st.sampled_from([*_paths(config), "elsewhere", "resources[0].endpoint"])
    verdicts = st.sampled_from(["proven", "ruled out", "unknown", "offered"])
    made = st.builds(Evidence, paths, verdicts, st.text(), st.one_of(st.none(), documents))

    text = commented_yaml(config, data.draw(st.lists(made, max_size=5)))

    assert yaml.safe_load(text) == config
