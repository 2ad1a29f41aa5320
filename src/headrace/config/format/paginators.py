"""The paginators of the format, by their `type`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from headrace.config.format.fields import (
    MAPPING,
    OBJECT,
    TEXT,
    Count,
    FormatModel,
    HeaderName,
    JsonPath,
    Name,
    PythonObject,
    StopCondition,
    WholeNumber,
    fault,
    shape_of,
)
from headrace.core.defaults import CURSOR_PARAM, LIMIT_PARAM, LINK_HEADER, NEXT_PAGE
from headrace.core.dlt_door.objects import is_paginator, registered_paginator
from headrace.core.secrets.redaction import one_line

_LONGEST_REASON = 200


class _Paginator(FormatModel):
    max_pages: Count | None = Field(
        default=None,
        description="Number of pages after which the listing fails; no bound when absent.",
    )
    stop_condition: StopCondition | None = Field(
        default=None,
        description=(
            "Python expression over `response`, `headers`, `rows` and `page`; "
            "true ends the listing."
        ),
    )


class CursorPaginatorConfig(_Paginator):
    """Each page holds the cursor of the next one, which is sent back with the next request."""

    type: Literal["cursor"] = Field(
        description="The cursor of the next page is in the body of each page."
    )
    cursor_path: JsonPath = Field(
        default="cursors.next",
        description="JSONPath of the next cursor in the page; none there ends the listing.",
    )
    cursor_param: str | None = Field(
        default=None,
        min_length=1,
        description="Query parameter that carries the cursor; `cursor`, unless the body carries "
        "it.",
    )
    cursor_body_path: str | None = Field(
        default=None,
        min_length=1,
        description="Path in the request's JSON body that carries the cursor.",
    )
    stop_after_empty_page: bool = Field(
        default=False, description="Whether a page without rows ends the listing."
    )
    has_more_path: JsonPath | None = Field(
        default=None,
        description="JSONPath of a true or false in the page that says whether there are more "
        "pages.",
    )
    limit: Count | None = Field(default=None, description="Number of rows to ask for in a page.")
    limit_param: str = Field(
        default=LIMIT_PARAM, min_length=1, description="Query parameter that carries the limit."
    )

    @model_validator(mode="before")
    @classmethod
    def _default_place_of_the_cursor(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if data.get("cursor_param") is None and data.get("cursor_body_path") is None:
            return {**data, "cursor_param": CURSOR_PARAM}
        return data


class SinglePagePaginatorConfig(_Paginator):
    """There is only one page."""

    type: Literal["single_page"] = Field(description="There is only one page.")


class HeaderCursorPaginatorConfig(_Paginator):
    """The next page's cursor is in a header of the answer."""

    type: Literal["header_cursor"] = Field(
        description="The cursor of the next page is in a header of each answer."
    )
    cursor_key: HeaderName = Field(
        default=NEXT_PAGE, description="Name of the header that holds the next cursor."
    )
    cursor_param: str = Field(
        default=CURSOR_PARAM, min_length=1, description="Query parameter that carries the cursor."
    )


class HeaderLinkPaginatorConfig(_Paginator):
    """The next page's URL is in a header, mostly `Link`."""

    type: Literal["header_link"] = Field(
        description="The URL of the next page is in a header of each answer."
    )
    link_header: HeaderName = Field(
        default=LINK_HEADER,
        description="Name of the header; where it is not `Link`, its value may be the bare URL.",
    )
    links_next_key: str = Field(
        default=NEXT_PAGE,
        min_length=1,
        description="Relation (`rel`) of the link to the next page.",
    )


class JsonLinkPaginatorConfig(_Paginator):
    """The next page's URL is in the page's body."""

    type: Literal["json_link", "json_response"] = Field(
        description="The URL of the next page is in the body of each page; `json_response` is an "
        "old name of this type."
    )
    next_url_path: JsonPath = Field(
        default=NEXT_PAGE, description="JSONPath of the next URL in the page."
    )


class OffsetPaginatorConfig(_Paginator):
    """Pages are asked for by the number of rows to skip."""

    type: Literal["offset"] = Field(
        description="Pages are asked for by the number of rows to skip."
    )
    limit: Count = Field(description="Number of rows to ask for in a page.")
    offset: WholeNumber = Field(
        default=0, description="Number of rows to skip before the first page."
    )
    offset_param: Name | None = Field(
        default=None,
        description="Query parameter that carries the offset; `offset`, unless the body carries "
        "it.",
    )
    offset_body_path: Name | None = Field(
        default=None, description="Path in the request's JSON body that carries the offset."
    )
    limit_param: Name | None = Field(
        default=None,
        description="Query parameter that carries the limit; `limit`, unless the body carries it.",
    )
    limit_body_path: Name | None = Field(
        default=None, description="Path in the request's JSON body that carries the limit."
    )
    total_path: JsonPath | None = Field(
        default="total",
        description="JSONPath of the number of all rows in the page; null for none.",
    )
    maximum_offset: WholeNumber | None = Field(
        default=None, description="Offset at which the listing ends."
    )
    stop_after_empty_page: bool = Field(
        default=True, description="Whether a page without rows ends the listing."
    )
    has_more_path: JsonPath | None = Field(
        default=None,
        description="JSONPath of a true or false in the page that says whether there are more "
        "pages.",
    )


class PageNumberPaginatorConfig(_Paginator):
    """Pages are asked for by their number."""

    type: Literal["page_number"] = Field(description="Pages are asked for by their number.")
    base_page: WholeNumber = Field(default=0, description="Number of the API's first page.")
    page: WholeNumber | None = Field(
        default=None, description="Number of the page to begin with; `base_page` when absent."
    )
    page_param: Name | None = Field(
        default=None,
        description="Query parameter that carries the number; `page`, unless the body carries it.",
    )
    page_body_path: Name | None = Field(
        default=None, description="Path in the request's JSON body that carries the number."
    )
    total_path: JsonPath | None = Field(
        default="total",
        description="JSONPath of the number of all pages in the page; null for none.",
    )
    maximum_page: WholeNumber | None = Field(
        default=None, description="Number of the page at which the listing ends."
    )
    stop_after_empty_page: bool = Field(
        default=True, description="Whether a page without rows ends the listing."
    )
    has_more_path: JsonPath | None = Field(
        default=None,
        description="JSONPath of a true or false in the page that says whether there are more "
        "pages.",
    )


class AutoPaginatorConfig(_Paginator):
    """The paginator is guessed from the first page, as where none is named."""

    type: Literal["auto"] = Field(
        description="Guessed from the first page, as where no paginator is named."
    )


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
    "unknown",
]


_MODELS: Mapping[str, type[_Paginator]] = {
    "cursor": CursorPaginatorConfig,
    "single_page": SinglePagePaginatorConfig,
    "header_cursor": HeaderCursorPaginatorConfig,
    "header_link": HeaderLinkPaginatorConfig,
    "json_link": JsonLinkPaginatorConfig,
    "json_response": JsonLinkPaginatorConfig,
    "page_number": PageNumberPaginatorConfig,
    "auto": AutoPaginatorConfig,
}


def paginator_kind(value: Any) -> str:
    """Tell which alternative of the format a paginator is.

    Args:
        value: The paginator as written; it may be wrong in any way.

    Returns:
        A tag like `<cursor>` for a mapping with a `type`, else the tag of its shape. A paginator
        that the user has registered with dlt counts as the Python object that is made of it.
    """
    if registered_paginator(value.get("type") if isinstance(value, dict) else value):
        return OBJECT
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


def _paginator_object(value: Any) -> Any:
    """An instance, or what makes one of a class registered with dlt."""
    if is_paginator(value):
        return value
    arguments = dict(value) if isinstance(value, dict) else {"type": value}
    registered = registered_paginator(arguments.pop("type", None))
    if registered is not None:
        try:
            return registered(**arguments)
        except Exception as error:
            problem = one_line(str(error), _LONGEST_REASON)
        raise fault(f"`{registered.__name__}` cannot be made of these keys: {problem}")
    if isinstance(value, type):
        raise fault(f"is a class; give an instance of it, as `{value.__name__}()`")
    raise fault(
        "is no paginator; expected a name, a mapping, or an instance of a subclass of dlt's "
        "`BasePaginator`"
    )


def _paginator_by_name(name: str) -> _Paginator:
    """The paginator that a name alone stands for."""
    if name == "offset":
        raise fault("`offset` needs a `limit`: write `{type: offset, limit: 100}`")
    if name == "unknown":
        raise fault(
            "is what `headrace init` writes where it could not prove how pages go on: say what the "
            "API's documentation says of it (docs/paginators.md), or `single_page` where one "
            "answer has all rows"
        )
    return _MODELS[name].model_validate({"type": name})


AnyPaginator = Annotated[
    Annotated[PaginatorName, AfterValidator(_paginator_by_name), Tag(TEXT)]
    | Annotated[CursorPaginatorConfig, Tag("<cursor>")]
    | Annotated[SinglePagePaginatorConfig, Tag("<single_page>")]
    | Annotated[HeaderCursorPaginatorConfig, Tag("<header_cursor>")]
    | Annotated[HeaderLinkPaginatorConfig, Tag("<header_link>")]
    | Annotated[JsonLinkPaginatorConfig, Tag("<json_link>")]
    | Annotated[OffsetPaginatorConfig, Tag("<offset>")]
    | Annotated[PageNumberPaginatorConfig, Tag("<page_number>")]
    | Annotated[AutoPaginatorConfig, Tag("<auto>")]
    | Annotated[PythonObject, BeforeValidator(_type_missing), Tag(MAPPING)]
    | Annotated[PythonObject, BeforeValidator(_paginator_object), Tag(OBJECT)],
    Discriminator(paginator_kind),
]
