"""Makes the paginator that a config names for a listing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from jsonpath_ng import JSONPath

from headrace.config.built.graphql import ConnectionWithoutCursor
from headrace.config.built.source import EndpointConfig
from headrace.config.format.client import ClientConfig
from headrace.config.format.paginators import (
    AutoPaginatorConfig,
    CursorPaginatorConfig,
    HeaderCursorPaginatorConfig,
    HeaderLinkPaginatorConfig,
    JsonLinkPaginatorConfig,
    OffsetPaginatorConfig,
    PageNumberPaginatorConfig,
    SinglePagePaginatorConfig,
)
from headrace.core.defaults import CURSOR_PARAM, LIMIT_PARAM, OFFSET_PARAM, PAGE_PARAM
from headrace.core.json_path import JsonPath
from headrace.core.secrets.names import is_sensitive
from headrace.http.auth.base import AnyAuthentication
from headrace.http.auth.credentials import Credentials
from headrace.http.link_header import links_by_relation
from headrace.http.url import join_url, pairs
from headrace.reading.dlt_paginators import DltPaginator
from headrace.sansio.paging import (
    AutoPaginator,
    BoundedPaginator,
    CursorPaginator,
    CursorSettings,
    HeaderCursorPaginator,
    HeaderLinkPaginator,
    JsonLinkPaginator,
    LinkSecrets,
    Numbering,
    OffsetPaginator,
    OnePageOfMany,
    PageNumberPaginator,
    Paginator,
    Place,
    RowKeys,
    SinglePagePaginator,
    TrustInTotals,
)


class PaginatorFactory:
    """Makes the paginators of one resource, a new one for each pass through its listing.

    Args:
        client: The part `client` of the config.
        endpoint: The endpoint of the resource.
        credentials: The credentials that its requests are sent with.
        keys: Reads the keys of its rows; None where no primary key is known.
        looks_past_totals: Whether a total does not end a listing before a page behind it is asked
            for, since it may be too low.
    """

    def __init__(
        self,
        client: ClientConfig,
        endpoint: EndpointConfig,
        credentials: AnyAuthentication,
        keys: RowKeys | None = None,
        *,
        looks_past_totals: bool = False,
    ) -> None:
        self._client = client
        self._looks_past_totals = looks_past_totals
        self._keys = keys
        self._trust = TrustInTotals()
        self._config = endpoint.paginator
        params = credentials.params if isinstance(credentials, Credentials) else ()
        self._secrets = LinkSecrets(
            credential_params=frozenset(params),
            private_params={
                name: str(value)
                for name, value in pairs(endpoint.params)
                if is_sensitive(name) or str(value) in credentials.secrets
            },
        )

    @property
    def secrets(self) -> LinkSecrets:
        """What is kept out of URLs that pages name."""
        return self._secrets

    def new(self) -> Paginator:
        """Makes a paginator that is at the beginning of the listing."""
        return BoundedPaginator(
            self._unbounded(),
            getattr(self._config, "max_pages", None),
            getattr(self._config, "stop_condition", None),
        )

    def _unbounded(self) -> Paginator:
        config, keys = self._config, self._keys
        match config:
            case CursorPaginatorConfig():
                return CursorPaginator(_cursor_settings(config), keys)
            case HeaderCursorPaginatorConfig():
                return HeaderCursorPaginator(config.cursor_key, config.cursor_param, keys)
            case JsonLinkPaginatorConfig():
                return JsonLinkPaginator(JsonPath(config.next_url_path), self._secrets, keys)
            case HeaderLinkPaginatorConfig():
                return HeaderLinkPaginator(
                    links_by_relation,
                    config.links_next_key,
                    config.link_header,
                    self._secrets,
                    keys,
                )
            case OffsetPaginatorConfig():
                numbering = self._numbered(_offset_numbering(config))
                return OffsetPaginator(numbering, _limit_place(config))
            case PageNumberPaginatorConfig():
                return PageNumberPaginator(self._numbered(_page_numbering(config)), self._trust)
            case ConnectionWithoutCursor():
                return OnePageOfMany(JsonPath(config.has_more_path), config.advice)
            case SinglePagePaginatorConfig():
                return SinglePagePaginator()
            case AutoPaginatorConfig():
                return AutoPaginator(links_by_relation, self._secrets, keys)
            case _:
                whole_url = partial(join_url, self._client.base_url)
                return DltPaginator(config, whole_url, self._client.headers or {})

    def _numbered(self, numbering: Numbering) -> Numbering:
        return replace(numbering, looks_past_total=self._looks_past_totals)


def _cursor_settings(config: CursorPaginatorConfig) -> CursorSettings:
    return CursorSettings(
        cursor_path=JsonPath(config.cursor_path),
        place=Place(config.cursor_param or CURSOR_PARAM, config.cursor_body_path),
        stop_after_empty_page=config.stop_after_empty_page,
        has_more_path=_path(config.has_more_path),
        limit=config.limit,
        limit_param=config.limit_param,
    )


def _offset_numbering(config: OffsetPaginatorConfig) -> Numbering:
    return Numbering(
        Place(config.offset_param or OFFSET_PARAM, config.offset_body_path, "offset_body_path"),
        start=config.offset,
        step=config.limit,
        maximum=config.maximum_offset,
        total_path=_path(config.total_path),
        stop_after_empty_page=config.stop_after_empty_page,
        has_more_path=_path(config.has_more_path),
    )


def _limit_place(config: OffsetPaginatorConfig) -> Place:
    return Place(config.limit_param or LIMIT_PARAM, config.limit_body_path, "limit_body_path")


def _page_numbering(config: PageNumberPaginatorConfig) -> Numbering:
    return Numbering(
        Place(config.page_param or PAGE_PARAM, config.page_body_path, "page_body_path"),
        start=config.base_page if config.page is None else config.page,
        base=config.base_page,
        maximum=config.maximum_page,
        total_path=_path(config.total_path),
        stop_after_empty_page=config.stop_after_empty_page,
        has_more_path=_path(config.has_more_path),
    )


def _path(path: str | JSONPath | None) -> JsonPath | None:
    return None if path is None else JsonPath(path)
