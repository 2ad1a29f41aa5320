"""Spares a short run what only a long one has something of."""

from __future__ import annotations

import gc


def imports_stay() -> None:
    """Has Python look no more for garbage in what is there so far: it stays to the end.

    Else all of it is gone through once more when the process ends, though the operating system
    takes the memory back anyway: that is a fifth of a short run. What is made from here on, by
    functions of the user too, is tidied up as always.
    """
    gc.freeze()
