"""Paginators: given a page, which request comes next. Pure: no I/O."""

from headrace.paging.auto import AutoPaginator
from headrace.paging.bounds import BoundedPaginator
from headrace.paging.cursor import CursorPaginator, CursorSettings
from headrace.paging.from_dlt import DltPaginator
from headrace.paging.header_cursor import HeaderCursorPaginator
from headrace.paging.header_link import HeaderLinkPaginator
from headrace.paging.json_link import JsonLinkPaginator
from headrace.paging.links import LinkSecrets
from headrace.paging.numbered import Numbering
from headrace.paging.offset import OffsetPaginator
from headrace.paging.page import Page, Paginator
from headrace.paging.page_number import PageNumberPaginator
from headrace.paging.place import Place
from headrace.paging.single_page import SinglePagePaginator

__all__ = [
    "AutoPaginator",
    "BoundedPaginator",
    "CursorPaginator",
    "CursorSettings",
    "DltPaginator",
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
