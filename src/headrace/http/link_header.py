"""Reads the `Link` header of an answer (RFC 8288)."""

from __future__ import annotations

from requests.utils import parse_header_links

_NOTHING_THERE = "false"


def links_by_relation(header: str) -> dict[str, str]:
    """Reads the links of a `Link` header.

    It agrees with `requests.Response.links`, which dlt's paginators go by: of two links with the
    same relation the last one counts, and a link without a relation stands under its own URL.

    Args:
        header: The value of the header, for example `</items?page=2>; rel="next"`. Several headers
            of an answer are one list, joined by commas.

    Returns:
        The URL of each link, as the server wrote it, by the link's `rel` parameter.
    """
    links = [link for link in parse_header_links(header) if link.get("results") != _NOTHING_THERE]
    return {link.get("rel") or link["url"]: link["url"] for link in links}
