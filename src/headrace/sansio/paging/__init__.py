"""Paginators: from a page that came, which request is made next."""

from headrace.sansio.paging.account import Accounting, ListingAccount
from headrace.sansio.paging.auto import AutoPaginator, SinglePagePaginator
from headrace.sansio.paging.cursor import CursorPaginator, CursorSettings, HeaderCursorPaginator
from headrace.sansio.paging.guards import BoundedPaginator
from headrace.sansio.paging.links import HeaderLinkPaginator, JsonLinkPaginator, LinkSecrets
from headrace.sansio.paging.numbered import (
    Numbering,
    OffsetPaginator,
    PageNumberPaginator,
    TrustInTotals,
)
from headrace.sansio.paging.one_page import OnePageOfMany
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.places import Place
from headrace.sansio.paging.row_keys import RowKeys
from headrace.sansio.paging.single_pages import SinglePages
from headrace.sansio.paging.totals import TotalPlace

__all__ = [
    "Accounting",
    "AutoPaginator",
    "BoundedPaginator",
    "CursorPaginator",
    "CursorSettings",
    "HeaderCursorPaginator",
    "HeaderLinkPaginator",
    "JsonLinkPaginator",
    "LinkSecrets",
    "ListingAccount",
    "Numbering",
    "OffsetPaginator",
    "OnePageOfMany",
    "Page",
    "PageNumberPaginator",
    "Paginator",
    "Place",
    "RowKeys",
    "SinglePagePaginator",
    "SinglePages",
    "TotalPlace",
    "TrustInTotals",
]
