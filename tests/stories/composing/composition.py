"""Keys of the format put together at random, and the config that they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

FIRST_DAY = (datetime.now(UTC).date() - timedelta(days=100)).isoformat()
TOKEN, DELTA_LINK = "token", "delta link"
COLUMNS = {"id": "bigint", "n": "bigint", "day": "date", "text": "text"}
NAMES = (*COLUMNS, "group")
ENVELOPED = ("json", "xml")
IN_BODY = ("cursor", "link")
"""The ways of paging that need a place beside the rows."""


@dataclass(frozen=True)
class Composition:
    """What an API is like, and how its config says so.

    Args:
        decoder: The kind of its answers.
        is_named: Whether the config names the decoder; else the content type tells it.
        is_packed: Whether answers are gzip files without a content coding.
        shape: What stands for a row: an object, a list with the names beside it, or an object
            under its key.
        paging: How to get from page to page.
        size: How many rows a page has.
        asking: What a later sync asks with: nothing, the last value, windows, or a token.
        step: The size of a window.
        range_end: Whether a window ends before its last day or with it.
        parent: How the rows of a parent are asked for; None without a parent.
        disposition: How rows are written.
        missing: What is done with rows that the API has no more.
    """

    decoder: str
    is_named: bool
    is_packed: bool
    shape: str
    paging: str
    size: int
    asking: str | None
    step: str
    range_end: str
    parent: str | None
    disposition: str
    missing: str

    @property
    def has_envelope(self) -> bool:
        """Whether a page has a place beside its rows."""
        return self.decoder in ENVELOPED

    @property
    def row_shape(self) -> str:
        """What stands for a row: in CSV and XML that is always the same."""
        return self.shape if self.decoder in ("json", "jsonl") else "objects"

    @property
    def may_be_refused(self) -> bool:
        """Whether the keys cannot be right together, so that the config may be refused."""
        return (
            (not self.has_envelope and self.paging in IN_BODY)
            or (not self.has_envelope and self.asking in (TOKEN, DELTA_LINK))
            or (self.parent is not None and self.asking in (TOKEN, DELTA_LINK))
            or (self.missing != "keep" and (self.asking is not None or self.disposition != "merge"))
            or (self.disposition == "replace" and self.asking is not None)
        )

    def config(self, base_url: str) -> dict[str, Any]:
        """The config for a server of that kind.

        Args:
            base_url: The address of the server.
        """
        endpoint: dict[str, Any] = {
            "path": "rows",
            "params": {},
            "paginator": self._paginator(),
            **self._decoding(),
            **self._asking(),
        }
        match self.parent:
            case "path":
                endpoint["path"] = "groups/{resources.groups.id}/rows"
            case "param":
                endpoint["params"]["group"] = "{resources.groups.id}"
            case "batch":
                endpoint["params"]["group"] = "{resources.groups.id}"
                endpoint["batch"] = {"size": 2, "parent_key": "group"}
        rows: dict[str, Any] = {
            "name": "rows",
            "primary_key": "id",
            "write_disposition": self.disposition,
            "columns": {name: {"data_type": kind} for name, kind in COLUMNS.items()},
            "endpoint": endpoint,
        }
        if self.missing != "keep":
            rows["missing_rows"] = {"action": self.missing, "most": 1.0}
        if self.parent is not None:
            rows["include_from_parent"] = ["name"]
            rows["columns"]["_groups_name"] = {"data_type": "text"}
        groups = {"name": "groups", "endpoint": {"path": "groups", "paginator": "single_page"}}
        return {
            "client": {"base_url": base_url, "retry": {"max_attempts": 1}},
            "resources": [rows] if self.parent is None else [groups, rows],
        }

    def _paginator(self) -> Any:
        match self.paging:
            case "offset":
                return {"type": "offset", "limit": self.size, "total_path": None}
            case "page":
                return {"type": "page_number", "total_path": None}
            case "cursor":
                path = "page.rest.next" if self.decoder == "xml" else "rest.next"
                return {"type": "cursor", "cursor_path": path, "cursor_param": "after"}
            case "link":
                path = "page.rest.link" if self.decoder == "xml" else "rest.link"
                return {"type": "json_link", "next_url_path": path}
            case "header link":
                return {"type": "header_link"}
            case "header cursor":
                return {"type": "header_cursor", "cursor_key": "X-Next", "cursor_param": "after"}
        return "single_page"

    def _decoding(self) -> dict[str, Any]:
        # What is guessed when an answer comes cannot be refused when the config is read; and a
        # single line that is a list looks like a page.
        is_list = self.row_shape == "names" and self.decoder == "jsonl"
        is_named = self.is_named or self.may_be_refused or is_list
        said: dict[str, Any] = {"decoder": self.decoder} if is_named else {}
        match self.decoder:
            case "json":
                said["data_selector"] = "rows"
            case "xml":
                said["data_selector"] = "page.rows.row"
        match self.row_shape:
            case "names":
                said["rows"] = {"names": "names" if self.has_envelope else list(NAMES)}
            case "keys":
                said["rows"] = {"key_as": "id"}
                said.setdefault("data_selector", "$")
        return said

    def _asking(self) -> dict[str, Any]:
        token = "page.rest.token" if self.decoder == "xml" else "rest.token"
        delta = "page.rest.delta" if self.decoder == "xml" else "rest.delta"
        match self.asking:
            case "last value":
                said: dict[str, Any] = {
                    "cursor_path": "day",
                    "initial_value": FIRST_DAY,
                    "start_param": "from",
                }
            case "windows":
                said = {
                    "cursor_path": "day",
                    "initial_value": FIRST_DAY,
                    "start_param": "from",
                    "end_param": "to",
                    "step": self.step,
                    "range_end": self.range_end,
                }
            case "token":
                said = {"token_path": token, "start_param": "token"}
            case "delta link":
                said = {"token_path": delta}
            case _:
                return {}
        return {"incremental": said}


COMPOSITIONS = st.builds(
    Composition,
    decoder=st.sampled_from(["json", "jsonl", "csv", "xml"]),
    is_named=st.booleans(),
    is_packed=st.booleans(),
    shape=st.sampled_from(["objects", "objects", "names", "keys"]),
    paging=st.sampled_from(
        ["single", "offset", "page", "cursor", "link", "header link", "header cursor"]
    ),
    size=st.integers(1, 4),
    asking=st.sampled_from([None, "last value", "windows", TOKEN, DELTA_LINK]),
    step=st.sampled_from(["5d", "2w", "31d", "90d"]),
    range_end=st.sampled_from(["open", "closed"]),
    parent=st.sampled_from([None, None, "path", "param", "batch"]),
    disposition=st.sampled_from(["merge", "merge", "append", "replace"]),
    missing=st.sampled_from(["keep", "keep", "mark", "delete"]),
)
