"""JSON that is sent as text: as a query parameter, or within another value."""

from __future__ import annotations

import json
from dataclasses import field
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.shipping import stays_here


@stays_here
@dataclass(frozen=True, slots=True)
class JsonText:
    """A JSON document where text is sent; its text is written without spaces.

    Args:
        document: The document; placeholders may stand in its texts.
        keeps_types: Whether a text in it that is one placeholder alone becomes the value itself.
    """

    document: Any = field(repr=False)
    keeps_types: bool = True

    def __str__(self) -> str:
        # Dates, as YAML reads them, go out as ISO text.
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":"), default=str)
