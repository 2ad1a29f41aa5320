"""The defaults that two rooms need, each said once.

The models of the config show them to users and editors; the settings with which an API is asked,
and a leg is bounded, begin with them.
"""

from __future__ import annotations

RETRIED_STATUS_CODES = (429, 500, 502, 503, 504)
"""HTTP statuses after which a request is tried again."""
MAX_ATTEMPTS = 5
"""Attempts of one request, the first included."""
BACKOFF_SECONDS = 1.0
"""Seconds before the second attempt; they are doubled for each further one."""
MAX_DELAY_SECONDS: float = 300
"""The longest pause between two attempts, in seconds."""
RESPECT_RETRY_AFTER = True
"""Whether to wait as long as the server asks."""
DEADLINE_SECONDS: float = 600
"""Seconds for one request with all its attempts and pauses."""

CONCURRENCY = 8
"""Requests under way at once, over all resources."""
TIMEOUT_SECONDS: float = 60
"""Seconds to wait for one answer, its body included."""
MAX_RESPONSE_BYTES = 256 * 1024 * 1024
"""The largest answer, in bytes after decompression: 256 MiB."""
RATE_LIMIT_SECONDS: float = 1
"""The span, in seconds, in which so many requests may begin."""
TOKEN_LIFETIME_SECONDS = 3600
"""Seconds that a token is used where the server does not say how long it lives, as in dlt."""

LEG_BYTES = 128 * 1024 * 1024
"""Bytes of raw pages after which a leg is loaded and committed: 128 MiB."""
LEG_SECONDS = 60.0
"""Seconds of fetching after which a leg is loaded and committed."""

KEPT_PACKAGES = 5
"""Load packages that are kept in the folder of a pipeline after they were loaded."""
KEPT_STATES = 20
"""States of a pipeline that are kept in the destination."""
KEPT_RUNS = 1_000
"""Syncs of a pipeline that are kept in the history of runs."""

CURSOR_PARAM = "cursor"
"""The query parameter that takes a cursor."""
LIMIT_PARAM = "limit"
"""The query parameter that takes the number of rows in a page."""
OFFSET_PARAM = "offset"
"""The query parameter that takes the number of rows before a page."""
PAGE_PARAM = "page"
"""The query parameter that takes the number of a page."""
NEXT_PAGE = "next"
"""What an answer calls the way to the next page: a header, a relation (RFC 8288), or a field."""
LINK_HEADER = "Link"
"""The header that links to other pages (RFC 8288)."""
