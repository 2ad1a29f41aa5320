"""Which keys of dlt's format there are, and which configs try them: the table in docs/format.md."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from dlt.sources.rest_api import typing as dlts

from tests.stories.against_dlt.parity.case import keys_used
from tests.stories.against_dlt.parity.cases import CASES
from tests.support.project import ROOT

PAGE = ROOT / "docs" / "format.md"
_BEGIN, _END = "<!-- keys: begin -->\n", "<!-- keys: end -->\n"
_SHOWN = 3

_MODELS: dict[str, Any] = {
    "": dlts.RESTAPIConfig,
    "client.": dlts.ClientConfig,
    "resource.": dlts.EndpointResource,
    "endpoint.": dlts.Endpoint,
    "incremental.": dlts.IncrementalConfig,
    "params.incremental.": dlts.IncrementalParamConfig,
    "params.resolve.": dlts.ResolveParamConfig,
    "response_actions.": dlts.ResponseActionDict,
    "processing_steps.": dlts.ProcessingSteps,
    "paginator.cursor.": dlts.JSONResponseCursorPaginatorConfig,
    "paginator.json_link.": dlts.JSONLinkPaginatorConfig,
    "paginator.header_link.": dlts.HeaderLinkPaginatorConfig,
    "paginator.header_cursor.": dlts.HeaderCursorPaginatorConfig,
    "paginator.offset.": dlts.OffsetPaginatorConfig,
    "paginator.page_number.": dlts.PageNumberPaginatorConfig,
    "auth.bearer.": dlts.BearerTokenAuthConfig,
    "auth.api_key.": dlts.ApiKeyAuthConfig,
    "auth.http_basic.": dlts.HttpBasicAuthConfig,
    "auth.oauth2_client_credentials.": dlts.OAuth2ClientCredentialsConfig,
}
_TYPES_ALONE = ("paginator.single_page.type", "paginator.auto.type", "paginator.json_response.type")
_OBJECTS = ("paginator: an object", "auth: an object")
# Tried where two sources cannot be compared: a token that is there already, a session of its own.
_TRIED_ELSEWHERE = {
    "auth.oauth2_client_credentials.access_token": "authentication.md",
    "auth.oauth2_client_credentials.session": "authentication.md",
}


def keys_of_dlt() -> list[str]:
    """Every key that dlt's own types of the format have."""
    keys = [prefix + key for prefix, model in _MODELS.items() for key in model.__annotations__]
    return [*keys, *_TYPES_ALONE, *_OBJECTS]


def tried_by() -> dict[str, list[str]]:
    """The names of the cases that use a key, by the key."""
    found: dict[str, list[str]] = defaultdict(list)
    for case in CASES:
        for key in dict.fromkeys(keys_used(case.config("https://api.example.com"))):
            found[key].append(case.name)
    return found


def table() -> str:
    """A row for each key: whether it is there, and what tries it."""
    cases = tried_by()
    lines = ["| key | supported | tried by |", "| --- | --- | --- |"]
    for key in keys_of_dlt():
        names = cases.get(key, [])
        told = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" * (len(names) > 3))
        if key in _TRIED_ELSEWHERE:
            told = f"[its own tests]({_TRIED_ELSEWHERE[key]})"
        supported = "as in dlt" if key != "resource.parent_table_name" else "refused, as in dlt"
        lines.append(f"| `{key}` | {supported} | {told} |")
    return "\n".join(lines) + "\n"


def untried() -> list[str]:
    """Keys that no case uses."""
    cases = tried_by()
    return [key for key in keys_of_dlt() if key not in cases and key not in _TRIED_ELSEWHERE]


def with_table(page: str) -> str:
    """The page with the table of today."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
