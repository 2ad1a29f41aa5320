"""Pages that are asked for by their number.

Meaning as dlt's `PageNumberPaginator`.
"""

from __future__ import annotations

from headrace.sansio.paging.numbered import NumberedPaginator, Numbering


class PageNumberPaginator(NumberedPaginator):
    """Counts pages.

    Args:
        numbering: of the pages; its step is 1.
    """

    def __init__(self, numbering: Numbering) -> None:
        where = numbering.place
        name = where.body_path or where.param
        key = "page_body_path" if where.body_path else "page_param"
        super().__init__(
            numbering,
            f"Check `paginator.{key}`: the server seems not to know `{name}`. Or it counts from "
            "another number, which `base_page` is for.",
        )
