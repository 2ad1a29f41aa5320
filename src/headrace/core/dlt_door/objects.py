"""Recognises objects of dlt, and of `requests`, in a config, without importing either.

If nobody has imported the module of a class, no value can be an instance of the class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

from headrace.core.dlt_door.loading import found_in, is_instance_of

if TYPE_CHECKING:
    import requests
    from dlt.sources.helpers.rest_client.paginators import (
        BaseReferencePaginator,
        OffsetPaginator,
    )

_PAGINATORS = "dlt.sources.helpers.rest_client.paginators"


def is_resource(value: object) -> bool:
    """Whether a value is a resource of dlt.

    Args:
        value: Any value.
    """
    return is_instance_of(value, "dlt.extract.resource", "DltResource")


def is_incremental(value: object) -> bool:
    """Whether a value is a `dlt.sources.incremental(...)`.

    Args:
        value: Any value.
    """
    return is_instance_of(value, "dlt.extract.incremental", "Incremental")


def is_paginator(value: object) -> bool:
    """Whether a value is a paginator of dlt's REST client, or derived from one.

    Args:
        value: Any value.
    """
    return is_instance_of(value, _PAGINATORS, "BasePaginator")


def registered_paginator(name: object) -> type | None:
    """The paginator that the user has registered with dlt under a name.

    Args:
        name: The `type` of the paginator, as written in a config.

    Returns:
        The class; None where dlt knows no such name, or only a class of its own.
    """
    # Who has registered one has imported that module.
    known = found_in("dlt.sources.rest_api.config_setup", "PAGINATOR_MAP") or {}
    found = known.get(name) if isinstance(name, str) else None
    is_own = getattr(found, "__module__", None) == _PAGINATORS
    return found if isinstance(found, type) and not is_own else None


def counts_pages(paginator: object) -> bool:
    """Whether a paginator counts pages or rows, so that it may go on for ever.

    Args:
        paginator: A paginator of dlt's or of the user's own.
    """
    return is_instance_of(paginator, _PAGINATORS, "RangePaginator")


def is_offset_paginator(paginator: object) -> TypeGuard[OffsetPaginator]:
    """Whether a paginator is dlt's own for offsets, and not one derived from it.

    Args:
        paginator: A paginator of dlt's or of the user's own.
    """
    return type(paginator) is found_in(_PAGINATORS, "OffsetPaginator")


def follows_references(paginator: object) -> TypeGuard[BaseReferencePaginator]:
    """Whether a paginator goes on by a cursor or a link that it takes out of each page.

    Args:
        paginator: A paginator of dlt's or of the user's own.
    """
    return is_instance_of(paginator, _PAGINATORS, "BaseReferencePaginator")


def next_reference(paginator: BaseReferencePaginator) -> str | None:
    """The cursor or the link with which a paginator is about to go on.

    dlt's page on paginators tells authors of their own to set `_next_reference`, so it stays
    what it is as long as theirs work; nothing public reads it. At an upgrade check that it
    still can be read after `update_request`.

    Args:
        paginator: A paginator for which `follows_references` is true.

    Returns:
        The reference, or None after the last page.
    """
    return paginator._next_reference


def ignores_response(error: Exception) -> bool:
    """Whether a function of the user's asks to pass over an answer.

    Args:
        error: The error that the function raised.
    """
    module = "dlt.sources.helpers.rest_client.exceptions"
    return is_instance_of(error, module, "IgnoreResponseException")


def send_once(session: requests.Session) -> Callable[..., requests.Response]:
    """The `send` of a session, without the retries that dlt's sessions make by themselves.

    dlt wraps it by tenacity, which adds `retry_with` to what it wraps and has the function itself
    as `__wrapped__`. At an upgrade of dlt check that a session of
    `dlt.sources.helpers.requests.Client()` is still asked only once here.

    Args:
        session: Any session of `requests`.
    """
    send = session.send
    once: Callable[..., requests.Response] = send
    if hasattr(send, "retry_with"):
        once = getattr(send, "__wrapped__", send)
    return once


def is_requests_auth(value: object) -> bool:
    """Whether a value is an authentication as `requests` knows them.

    Args:
        value: Any value.
    """
    return is_instance_of(value, "requests.auth", "AuthBase")


def is_requests_session(value: object) -> bool:
    """Whether a value is a session of `requests`, or one of dlt's, which are derived from it.

    Args:
        value: Any value.
    """
    return is_instance_of(value, "requests.sessions", "Session")
