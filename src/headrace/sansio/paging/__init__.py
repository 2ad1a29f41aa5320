"""Paginators: given a page, which request comes next. Pure: no I/O."""

from headrace.sansio.paging.auto import AutoPaginator
from headrace.sansio.paging.cursor import CursorPaginator, CursorSettings
from headrace.sansio.paging.guards import BoundedPaginator
from headrace.sansio.paging.header_cursor import HeaderCursorPaginator
from headrace.sansio.paging.header_link import HeaderLinkPaginator
from headrace.sansio.paging.json_link import JsonLinkPaginator
from headrace.sansio.paging.links import LinkSecrets
from headrace.sansio.paging.numbered import Numbering
from headrace.sansio.paging.offset import OffsetPaginator
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.page_number import PageNumberPaginator
from headrace.sansio.paging.places import Place
from headrace.sansio.paging.single_page import SinglePagePaginator

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
