"""Says how pages go on, where a listing ends, and what makes it fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace.config import (
    CursorPaginatorConfig,
    EndpointConfig,
    ResourceConfig,
    SinglePagePaginatorConfig,
)
from headrace.config.built.graphql import ConnectionWithoutCursor
from headrace.config.format.fields import FormatModel
from headrace.config.format.paginators import (
    AutoPaginatorConfig,
    HeaderCursorPaginatorConfig,
    HeaderLinkPaginatorConfig,
    JsonLinkPaginatorConfig,
    OffsetPaginatorConfig,
    PageNumberPaginatorConfig,
)
from headrace.explaining.explanation import ExplainedStep


def page_steps(resource: ResourceConfig) -> Iterator[ExplainedStep]:
    """What is said of the pages of a resource.

    Args:
        resource: The resource.
    """
    paginator = resource.endpoint.paginator
    if (way := _way(paginator)) is not None:
        yield ExplainedStep("pages", way)
    yield ExplainedStep("end", _end(paginator))
    yield ExplainedStep("fails where", "; ".join(_faults(resource.endpoint)))


def _way(paginator: Any) -> str | None:
    match paginator:
        case AutoPaginatorConfig():
            return (
                "how they go on is guessed from page 1: by a link, a cursor or a number, where it "
                "shows one; `headrace check` says what was guessed, to be written as `paginator`"
            )
        case ConnectionWithoutCursor() | SinglePagePaginatorConfig():
            return "there is one page"
    if isinstance(paginator, FormatModel):
        # The requests show it.
        return None
    return f"as `{type(paginator).__name__}`, an object of Python, says"


def _end(paginator: Any) -> str:
    ways = list(_ends(paginator))
    return ", or ".join(ways) if ways else "where the paginator says so"


def _ends(paginator: Any) -> Iterator[str]:
    match paginator:
        case SinglePagePaginatorConfig() | ConnectionWithoutCursor():
            yield "after page 1"
        case CursorPaginatorConfig():
            yield f"at a page that has nothing at `{paginator.cursor_path}`"
        case HeaderCursorPaginatorConfig():
            yield f"at a page without the header `{paginator.cursor_key}`"
        case JsonLinkPaginatorConfig():
            yield f"at a page that has no URL at `{paginator.next_url_path}`"
        case HeaderLinkPaginatorConfig():
            yield f"at a page without such a link in its header `{paginator.link_header}`"
        case AutoPaginatorConfig():
            yield "where a page leads to no other one"
        case OffsetPaginatorConfig() | PageNumberPaginatorConfig():
            yield from _ends_of_numbers(paginator)
    if getattr(paginator, "has_more_path", None) and not isinstance(
        paginator, ConnectionWithoutCursor
    ):
        yield f"where `{paginator.has_more_path}` is false"
    if isinstance(paginator, CursorPaginatorConfig) and paginator.stop_after_empty_page:
        yield "at a page without rows"
    condition = getattr(paginator, "stop_condition", None)
    if condition is not None:
        yield f"where `{condition.text}` is true of a page"


def _ends_of_numbers(paginator: OffsetPaginatorConfig | PageNumberPaginatorConfig) -> Iterator[str]:
    if paginator.stop_after_empty_page:
        yield "at a page without rows"
    if paginator.total_path is not None:
        what = "rows" if isinstance(paginator, OffsetPaginatorConfig) else "pages"
        yield f"where as many {what} have come as `{paginator.total_path}` says, if a page has it"
    if isinstance(paginator, OffsetPaginatorConfig):
        if paginator.maximum_offset is not None:
            yield f"at the offset {paginator.maximum_offset:,}"
    elif paginator.maximum_page is not None:
        yield f"at page number {paginator.maximum_page:,}"


def _faults(endpoint: EndpointConfig) -> Iterator[str]:
    yield "an answer is not the page that the config describes"
    paginator = endpoint.paginator
    is_single = isinstance(paginator, SinglePagePaginatorConfig | ConnectionWithoutCursor)
    if not is_single:
        yield "pages lead in a circle (a cursor, a link or a page comes again)"
    total = endpoint.total
    if total is not None and total.path is not None:
        yield f"fewer rows came than `{total.path}` of the API says that there are"
    elif total is not None:
        yield "fewer rows came than the API says in `total` that there are"
    elif endpoint.total_is_told:
        yield "fewer rows came than pages say that there are, where they say it"
    if getattr(paginator, "max_pages", None):
        yield f"there are more than {paginator.max_pages:,} pages"
