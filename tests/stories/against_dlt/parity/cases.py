"""The configs that both sources are run with."""

from __future__ import annotations

from tests.stories.against_dlt.parity.case import Case, fits_a_bundle, listing
from tests.stories.against_dlt.parity.making import DATA, SINGLE, since
from tests.stories.against_dlt.parity.request_cases import (
    AUTHS,
    FORMS,
    PAGINATORS,
    REQUESTS,
    SELECTORS,
)
from tests.stories.against_dlt.parity.row_cases import (
    ACTIONS,
    DEPENDENTS,
    HINTS,
    INCREMENTALS,
    LATE,
    STEPS,
)

WRONG = [
    Case("no such key", [listing("plain", endpoint={"pramas": {}})], SINGLE),
    Case("no such paginator", ["plain"], {"paginator": "pages"}),
    Case("no such authentication", ["plain"], {"auth": {"type": "magic", "token": "x"}}),
    Case("no such method", [listing("plain", endpoint={"method": "FETCH"})], SINGLE),
    Case("a param that is missing in the path", [listing("users/{n}", "u")], SINGLE),
    Case("a parent that is not there", [listing("x/{resources.nobody.id}", "x")], SINGLE),
    Case(
        "two parents",
        ["users", "plain", listing("{resources.users.id}/{resources.plain.id}", "x")],
        SINGLE,
    ),
    Case("fields of no parent", [listing("plain", include_from_parent=["id"])], SINGLE),
    Case(
        "a resolved param that is not in the path",
        [
            "users",
            listing(
                "plain",
                endpoint={"params": {"n": {"type": "resolve", "resource": "users", "field": "id"}}},
            ),
        ],
        SINGLE,
    ),
    Case("one name twice", ["plain", "plain"], SINGLE),
    Case("no placeholder", [listing("plain", endpoint={"params": {"a": "{b}"}})], SINGLE),
    Case("a parent for a nested table only", [listing("plain", parent_table_name="x")], SINGLE),
    Case("an answer of 404", ["nowhere"], SINGLE),
    Case(
        "a status that is not ignored",
        [
            listing(
                "broken", endpoint={"response_actions": [{"status_code": 404, "action": "ignore"}]}
            )
        ],
        SINGLE,
    ),
    Case(
        "an end for a param",
        [
            listing(
                "since",
                endpoint={
                    "params": {
                        "since": {
                            "type": "incremental",
                            "cursor_path": "updated_at",
                            "initial_value": LATE,
                            "end_value": "2026-01-06T00:00:00Z",
                        }
                    }
                },
            )
        ],
        SINGLE,
    ),
    since("a scheduler that is not there", {"allow_external_schedulers": True}),
    Case(
        "rows without the key of an incremental",
        [listing("holes", endpoint={**DATA, "incremental": {"cursor_path": "at"}})],
        SINGLE,
    ),
    Case("an answer of 500", ["broken"], SINGLE),
    Case("nobody who asks", ["secure"], SINGLE),
    Case(
        "a field that the parent lacks",
        ["users", listing("users/{resources.users.nick}/posts", "posts")],
        SINGLE,
    ),
]

_GROUPS = {
    "rows and requests": [*SELECTORS, *REQUESTS, *ACTIONS, *STEPS],
    "paginators": PAGINATORS,
    "incrementals": INCREMENTALS,
    "tables": HINTS,
}
TOGETHER = {
    f"{name}, {runs} runs": cases
    for name, group in _GROUPS.items()
    for runs in (1, 2)
    if (cases := [case for case in group if fits_a_bundle(case) and case.runs == runs])
}
APART = [
    *(*FORMS, *AUTHS, *DEPENDENTS, *WRONG),
    *(case for group in _GROUPS.values() for case in group if not fits_a_bundle(case)),
]
CASES = [*APART, *(case for cases in TOGETHER.values() for case in cases)]
