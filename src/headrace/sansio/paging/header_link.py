"""Answers that link to the next page in their `Link` header (RFC 8288).

Meaning as dlt's `HeaderLinkPaginator`.
"""

from __future__ import annotations

from typing import Any

from headrace.sansio.paging.links import LinkHeaderReader, LinkPaginator, LinkSecrets
from headrace.sansio.paging.page import Page

_NO_SECRETS = LinkSecrets()


class HeaderLinkPaginator(LinkPaginator):
    """Goes on with the URL in the `Link` header.

    Args:
        read_links: reads a `Link` header; the one for all comes from the room that does HTTP.
        links_next_key: the link's `rel`.
        secrets: to be kept out of what stands for a page.
    """

    def __init__(
        self,
        read_links: LinkHeaderReader,
        links_next_key: str = "next",
        secrets: LinkSecrets = _NO_SECRETS,
    ) -> None:
        hint = "Check `paginator.links_next_key`, and what the API says of its `Link` header."
        super().__init__(f"of `rel={links_next_key}` in its `Link` header", hint, secrets)
        self._read_links = read_links
        self._key = links_next_key

    def link(self, page: Page) -> Any:
        """The last link of that `rel`."""
        return self._read_links(page.headers.get("Link", "")).get(self._key)
