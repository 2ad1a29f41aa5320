"""Listings in the styles that APIs have, each with what a discovery is to come to."""

from __future__ import annotations

from tests.stories.discovering.styles_by_link import LINKS, TOKENS
from tests.stories.discovering.styles_by_number import NUMBERS
from tests.stories.discovering.styles_of_rows import ONE_PAGE, ROWS

STYLES = (*LINKS, *TOKENS, *NUMBERS, *ROWS, *ONE_PAGE)
