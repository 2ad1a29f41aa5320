"""The paginators of the format, by their `type`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from headrace.config.fields import (
    MAPPING,
    TEXT,
    Count,
    FormatModel,
    JsonPath,
    PythonObject,
    StopCondition,
    TaggedObject,
    WholeNumber,
    fault,
    shape_of,
)


class _Paginator(FormatModel):
    max_pages: Count | None = Field(
        default=None, description="Refuse to go on past so many pages; off when absent."
    )


class CursorPaginatorConfig(_Paginator):
    """Each page holds the cursor of the next one, which is sent back with the next request."""

    type: Literal["cursor"] = Field(description="The next page's cursor is in the page's body.")
    cursor_path: JsonPath = Field(
        default="cursors.next", description="JSONPath of the next cursor in the page."
    )
    cursor_param: str | None = Field(
        default=None,
        min_length=1,
        description="Query parameter that carries the cursor; `cursor` unless the body does.",
    )
    cursor_body_path: str | None = Field(
        default=None,
        min_length=1,
        description="Dotted path in the request's JSON body that carries the cursor.",
    )
    stop_after_empty_page: bool = Field(
        default=False, description="End the listing at a page without rows."
    )
    has_more_path: JsonPath | None = Field(
        default=None, description="JSONPath of a true or false in the page: whether to go on."
    )
    limit: Count | None = Field(default=None, description="Rows to ask for in a page.")
    limit_param: str = Field(
        default="limit", min_length=1, description="Query parameter that carries the limit."
    )
    stop_condition: StopCondition | None = Field(
        default=None,
        description=(
            "Python expression over `response`, `headers`, `rows` and `page`; "
            "true ends the listing."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _default_place_of_the_cursor(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if data.get("cursor_param") is None and data.get("cursor_body_path") is None:
            return {**data, "cursor_param": "cursor"}
        return data


class SinglePagePaginatorConfig(_Paginator):
    """There is one page only."""

    type: Literal["single_page"] = Field(description="There is one page only.")


class HeaderCursorPaginatorConfig(_Paginator):
    """The next page's cursor is in a header of the answer."""

    type: Literal["header_cursor"] = Field(description="The next cursor is in a header.")
    cursor_key: str = Field(default="next", description="Header that holds the next cursor.")
    cursor_param: str = Field(
        default="cursor", description="Query parameter that carries the cursor."
    )


class HeaderLinkPaginatorConfig(_Paginator):
    """The next page's URL is in the `Link` header."""

    type: Literal["header_link"] = Field(description="The next URL is in the `Link` header.")
    links_next_key: str = Field(default="next", description="The link's `rel`.")


class JsonLinkPaginatorConfig(_Paginator):
    """The next page's URL is in the page's body."""

    type: Literal["json_link", "json_response"] = Field(
        description="The next URL is in the page's body; `json_response` is its old name."
    )
    next_url_path: JsonPath = Field(default="next", description="JSONPath of the next URL.")


class OffsetPaginatorConfig(_Paginator):
    """Pages are asked for by the number of rows to skip."""

    type: Literal["offset"] = Field(description="Pages are asked for by rows to skip.")
    limit: Count = Field(description="Rows to ask for in a page.")
    offset: WholeNumber = Field(default=0, description="Rows to skip at first.")
    offset_param: str | None = Field(default=None, description="Query parameter of the offset.")
    offset_body_path: str | None = Field(default=None, description="Body path of the offset.")
    limit_param: str | None = Field(default=None, description="Query parameter of the limit.")
    limit_body_path: str | None = Field(default=None, description="Body path of the limit.")
    total_path: JsonPath | None = Field(
        default="total", description="JSONPath of the number of all rows."
    )
    maximum_offset: WholeNumber | None = Field(default=None, description="Stop at this offset.")
    stop_after_empty_page: bool = Field(default=True, description="End at a page without rows.")
    has_more_path: JsonPath | None = Field(
        default=None, description="JSONPath of a true or false in the page: whether to go on."
    )


class PageNumberPaginatorConfig(_Paginator):
    """Pages are asked for by their number."""

    type: Literal["page_number"] = Field(description="Pages are asked for by their number.")
    base_page: WholeNumber = Field(default=0, description="Number of the API's first page.")
    page: WholeNumber | None = Field(default=None, description="Number of the page to begin with.")
    page_param: str | None = Field(default=None, description="Query parameter of the number.")
    page_body_path: str | None = Field(default=None, description="Body path of the number.")
    total_path: JsonPath | None = Field(
        default="total", description="JSONPath of the number of all pages."
    )
    maximum_page: WholeNumber | None = Field(default=None, description="Stop at this page.")
    stop_after_empty_page: bool = Field(default=True, description="End at a page without rows.")
    has_more_path: JsonPath | None = Field(
        default=None, description="JSONPath of a true or false in the page: whether to go on."
    )


class AutoPaginatorConfig(_Paginator):
    """The paginator is to be guessed from the first page."""

    type: Literal["auto"] = Field(description="Guess from the first page.")


PaginatorName = Literal[
    "cursor",
    "single_page",
    "header_cursor",
    "header_link",
    "json_link",
    "json_response",
    "offset",
    "page_number",
    "auto",
]
BuiltPaginator = CursorPaginatorConfig | SinglePagePaginatorConfig


def paginator_kind(value: Any) -> str:
    """The alternative that a paginator in a config is.

    Args:
        value: the paginator as written.

    Returns:
        `<cursor>` and so on for a mapping with a type, else its shape.
    """
    if isinstance(value, FormatModel):
        return f"<{getattr(value, 'type', '')}>"
    if not isinstance(value, dict):
        return shape_of(value)
    if value.get("type") is None:
        return MAPPING
    kind = value["type"]
    return f"<{'json_link' if kind == 'json_response' else kind}>"


def _type_missing(value: Any) -> Any:
    raise fault("has no `type`; name one, for example `type: cursor` or `type: single_page`")


AnyPaginator = Annotated[
    Annotated[PaginatorName, Tag(TEXT)]
    | Annotated[CursorPaginatorConfig, Tag("<cursor>")]
    | Annotated[SinglePagePaginatorConfig, Tag("<single_page>")]
    | Annotated[HeaderCursorPaginatorConfig, Tag("<header_cursor>")]
    | Annotated[HeaderLinkPaginatorConfig, Tag("<header_link>")]
    | Annotated[JsonLinkPaginatorConfig, Tag("<json_link>")]
    | Annotated[OffsetPaginatorConfig, Tag("<offset>")]
    | Annotated[PageNumberPaginatorConfig, Tag("<page_number>")]
    | Annotated[AutoPaginatorConfig, Tag("<auto>")]
    | Annotated[PythonObject, BeforeValidator(_type_missing), Tag(MAPPING)]
    | TaggedObject,
    Discriminator(paginator_kind),
]
