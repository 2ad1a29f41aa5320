"""`endpoint.lanes` by key: a listing that is kept up with is read in several places at once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from headrace.config.format.fields import Count, FormatModel, Name, fault


class KeyLanesConfig(FormatModel):
    """Several stretches of a listing at once, each of which begins below a key."""

    by: Literal["key"] = Field(
        description="Stretches of the key that orders a listing which is kept up with."
    )
    below_param: Name | None = Field(
        default=None,
        description="Query parameter that has the API list only rows with a key below its value, "
        "or at most that, as `beforeId`.",
    )
    cursor: str | None = Field(
        default=None,
        description="How this API writes its cursors: a text with `{key}` in it for the key of the "
        "last row of a page, and `{limit}` for the page size; all other braces are its own.",
    )
    encoding: Literal["base64"] | None = Field(
        default=None, description="What the API makes of that text; it stands as it is when absent."
    )
    rows: Count | None = Field(
        default=None, description="About how many rows a lane reads; 40 pages when absent."
    )
    at_once: Count | None = Field(
        default=None,
        description="Number of lanes to read at once; `client.concurrency` when absent, and never "
        "more than that.",
    )

    @model_validator(mode="after")
    def _has_one_way(self) -> KeyLanesConfig:
        if (self.below_param is None) == (self.cursor is None):
            raise fault(
                "`by: key` needs a way to begin below a key, and only one: `below_param`, a query "
                "parameter of the API, or `cursor`, how its cursors are written"
            )
        if self.cursor is not None and "{key}" not in self.cursor:
            raise fault(
                "`cursor` has no `{key}` in it, where the key of a page's last row stands, as in "
                '`{"lastId":"{key}","limit":{limit}}`'
            )
        if self.encoding is not None and self.cursor is None:
            raise fault("`encoding` says how `cursor` is written, and there is no `cursor`")
        return self
