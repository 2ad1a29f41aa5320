"""`endpoint.lanes`: several parts of one listing at once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from headrace.config.format.fields import Count, FormatModel


class PageLanesConfig(FormatModel):
    """Several pages of a listing at once, where pages are asked for by offset or page number."""

    by: Literal["pages"] = Field(
        description="What the listing is parted by: `pages`, where they have numbers."
    )
    at_once: Count | None = Field(
        default=None,
        description="Number of pages to ask for at once; `client.concurrency` when absent, and "
        "never more than that.",
    )
    unchanging: bool = Field(
        default=False,
        description="Whether it is known that no row is deleted or moves while the listing is "
        "read. Otherwise each page by offset brings the last row of the one before it again, "
        "which proves that nothing lies between them.",
    )


AnyLanes = PageLanesConfig
