"""Keeps secrets out of everything that is shown."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"

# A secret this short would mask ordinary words and digits all over a message.
_SHORTEST = 4


class Redactor:
    """Masks known secrets in text, also URL-encoded or in base64.

    Args:
        secrets: the values to hide; those under four characters are left alone.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if len(secret) >= _SHORTEST:
                encoded = base64.b64encode(secret.encode()).decode()
                forms |= {secret, quote(secret, safe=""), quote_plus(secret), encoded}
        # Longest first, so that no form leaves the rest of a longer one behind.
        self._forms = sorted(forms, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text with each secret replaced by `***`."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text
