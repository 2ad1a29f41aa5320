"""Answers that link to the next page in their `Link` header (RFC 8288).

Meaning as dlt's `HeaderLinkPaginator`.
"""

from __future__ import annotations

from typing import Any

from requests.utils import parse_header_links

from headrace.sansio.paging.links import LinkPaginator, LinkSecrets
from headrace.sansio.paging.page import Page

_NO_SECRETS = LinkSecrets()


class HeaderLinkPaginator(LinkPaginator):
    """Goes on with the URL in the `Link` header.

    Args:
        links_next_key: the link's `rel`.
        secrets: to be kept out of what stands for a page.
    """

    def __init__(self, links_next_key: str = "next", secrets: LinkSecrets = _NO_SECRETS) -> None:
        hint = "Check `paginator.links_next_key`, and what the API says of its `Link` header."
        super().__init__(f"of `rel={links_next_key}` in its `Link` header", hint, secrets)
        self._key = links_next_key

    def link(self, page: Page) -> Any:
        """The last link of that `rel`, as `requests` reads them."""
        return links_by_rel(page.headers.get("Link")).get(self._key)


def links_by_rel(header: str | None) -> dict[str, str]:
    """The URLs of a `Link` header by what they are to the page.

    Args:
        header: as it came; None where there was none.

    Returns:
        The URLs; of those without a `rel` the URL is the name.
    """
    links = parse_header_links(header) if header else []
    return {link.get("rel") or link["url"]: link["url"] for link in links}
