"""Pages that link to the next one in their JSON.

Meaning as dlt's `JSONLinkPaginator`; an empty link is the end.
"""

from __future__ import annotations

from typing import Any

from headrace.core.json_path import JsonPath
from headrace.sansio.paging.links import LinkPaginator, LinkSecrets
from headrace.sansio.paging.page import Page

_NO_SECRETS = LinkSecrets()


class JsonLinkPaginator(LinkPaginator):
    """Goes on with the URL in the page.

    Args:
        next_url_path: where it is; nothing, null or an empty text is the end.
        secrets: to be kept out of what stands for a page.
    """

    def __init__(self, next_url_path: JsonPath, secrets: LinkSecrets = _NO_SECRETS) -> None:
        hint = "Check `paginator.next_url_path`; for a cursor use `type: cursor`."
        super().__init__(f"at `{next_url_path}`", hint, secrets)
        self._path = next_url_path

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """Where the link is."""
        return (self._path,)

    def link(self, page: Page) -> Any:
        """What the path leads to."""
        return self._path.first(page.document)
