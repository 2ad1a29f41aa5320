"""Paginators: from a page that came, which request is made next."""

from headrace.sansio.paging.auto import AutoPaginator, SinglePagePaginator
from headrace.sansio.paging.cursor import CursorPaginator, CursorSettings, HeaderCursorPaginator
from headrace.sansio.paging.guards import BoundedPaginator
from headrace.sansio.paging.links import HeaderLinkPaginator, JsonLinkPaginator, LinkSecrets
from headrace.sansio.paging.numbered import Numbering, OffsetPaginator, PageNumberPaginator
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.places import Place

__all__ = [
    "AutoPaginator",
    "BoundedPaginator",
    "CursorPaginator",
    "CursorSettings",
    "HeaderCursorPaginator",
    "HeaderLinkPaginator",
    "JsonLinkPaginator",
    "LinkSecrets",
    "Numbering",
    "OffsetPaginator",
    "Page",
    "PageNumberPaginator",
    "Paginator",
    "Place",
    "SinglePagePaginator",
]
