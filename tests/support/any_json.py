"""JSON of all kinds as text, with what is known to make trouble drawn more often than the rest.

As text it can be what Python's own writer would not write: numbers beyond any float, halves of
surrogate pairs, the same key twice.
"""

from __future__ import annotations

import json
import re

from hypothesis import strategies as st

TIMES = (
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0000-01-01T00:00:00Z"),
    *("10000-01-01T00:00:00Z", "+10000-01-01", "-0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    *("9999-12-31T23:59:59.999999Z", "0001-01-01", "9999-12-31", "0000-00-00", "2026-02-30"),
    *("2026-11-23T06:34:39.718Z", "2026-11-23T06:34:39", "2026-11-23", "06:34:39", "24:00:00"),
    *("2026-11-23T24:00:00Z", "2026-06-30T23:59:60Z", "2026-11-23T06:34:39+99:99", "2026-W48-1"),
    *("2026-11-23T06:34:39.123456789Z", "1677-09-21T00:12:43Z", "2262-04-11T23:47:17Z"),
)
DIGITS = (
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809"),
    *("18446744073709551615", "18446744073709551616", "1" * 39, "9" * 77, "1" * 400),
    *("1.8446744073709552e+19", "1e18", "1e19", "0.1", "-0.0", "7.50", "1e-999", "377", "5"),
    *("123456789.123456789123456789", "1e30", "1e308", "1795415679", "1795415679718"),
)
TEXT_DIGITS = (*DIGITS, "1" * 5000, "1e400000", "1e999", "NaN", "Infinity", "-inf", "0x1f", " 7 ")
NUMBERS_OF_NO_TYPE = ("1e999", "-1e999", "1e400000", "9" * 5000)
TEXTS = ("", " ", "x", "true", "null", "{}", "[1]", "\\N", "ü", "\u2028", "\U0001f600", "\uf026x")
BROKEN_TEXTS = ('"\\ud800"', '"x\\udfff"', '"\\u0000"', '"a\\u0000b"')
KEYS = (
    *("a", "b", "n", "at", "d", "t", "l", "value", "list", "A", "a b", "a_b", "a__b", "ünï"),
    *("", " ", "_", "__", "_dlt_id", "_dlt_load_id", "_dlt_parent_id", "_dlt_list_idx"),
    *("_dlt_root_id", "a__v_text", "n__v_double", "4you", "x" * 300, "\u2028", "😀", "select"),
)
BROKEN_KEYS = ('"\\ud800"', '"a\\u0000b"', '"\\u0000"')


def quoted(text: str) -> str:
    """A text as JSON."""
    return json.dumps(text)


# Most values are of few kinds, so that columns get rows of one type before another comes.
PLAIN = st.sampled_from(["1", "2", "-3", "1.5", "true", "false", "null", '"x"', '"5"', "[]", "{}"])
SCALARS = (
    PLAIN
    | PLAIN
    | st.sampled_from(TIMES).map(quoted)
    | st.sampled_from(DIGITS)
    | st.sampled_from(TEXT_DIGITS).map(quoted)
    | st.sampled_from(TEXTS).map(quoted)
    | st.sampled_from([*NUMBERS_OF_NO_TYPE, *BROKEN_TEXTS])
    | st.integers(-(2**70), 2**70).map(str)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.text(max_size=8).map(quoted)
    | st.datetimes().map(lambda at: quoted(at.isoformat()))
)
NAMES = st.sampled_from([quoted(key) for key in KEYS])
ODD_NAMES = NAMES | st.sampled_from(BROKEN_KEYS) | st.text(max_size=4).map(quoted)
# Beyond 200 levels no row is loaded. Each level of lists makes a table, each of objects a column.
DEPTHS_OF_LISTS = st.sampled_from([2, 3, 12, 205, 1_000])
DEPTHS_OF_OBJECTS = st.sampled_from([3, 30, 199, 205, 1_000])


def _object(members: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in members) + "}"


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.lists(inner, max_size=4).map(lambda items: "[" + ", ".join(items) + "]")
        | st.lists(st.tuples(NAMES, inner), max_size=4).map(_object)
        | st.tuples(DEPTHS_OF_LISTS, inner).map(lambda it: "[" * it[0] + it[1] + "]" * it[0])
        | st.tuples(DEPTHS_OF_OBJECTS, inner).map(lambda it: '{"a":' * it[0] + it[1] + "}" * it[0])
    )


def _is_key(name: str) -> bool:
    """Whether a name could go to the column of the key that rows have."""
    return re.sub(r"[\W_]", "", json.loads(name)).lower() == "id"


VALUES = st.recursive(SCALARS, _nested, max_leaves=8)
# The same name twice is drawn too.
MEMBERS = st.lists(
    (st.tuples(NAMES, SCALARS | VALUES) | st.tuples(ODD_NAMES, SCALARS)).filter(
        lambda member: not _is_key(member[0])
    ),
    max_size=6,
)
"""Names and values of a row's fields, each as JSON; none is a key `id`."""
