"""Lanes: which parts of a listing to ask for at once, and how it is seen that they join."""

from headrace.sansio.lanes.pages import Ask, HandedPage, LanesGaveUpError, PageLanes
from headrace.sansio.lanes.plan import PagePlan, plan_pages

__all__ = ["Ask", "HandedPage", "LanesGaveUpError", "PageLanes", "PagePlan", "plan_pages"]
