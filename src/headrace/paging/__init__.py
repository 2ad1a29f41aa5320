"""Paginators: given a page, which request comes next. Pure: no I/O."""

from headrace.paging.cursor import CursorPaginator
from headrace.paging.page import Page, Paginator
from headrace.paging.single_page import SinglePagePaginator

__all__ = ["CursorPaginator", "Page", "Paginator", "SinglePagePaginator"]
