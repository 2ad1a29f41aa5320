"""Windows: which part of a range is asked for next, and which of its rows are in it."""

from headrace.sansio.windows.choosing import ScaleFault, scale_of, step_on
from headrace.sansio.windows.cutting import WindowCut
from headrace.sansio.windows.scale import Scale, ScaleKind
from headrace.sansio.windows.too_many import says_too_many
from headrace.sansio.windows.walk import Window, WindowSettings, WindowWalk

__all__ = [
    "Scale",
    "ScaleFault",
    "ScaleKind",
    "Window",
    "WindowCut",
    "WindowSettings",
    "WindowWalk",
    "says_too_many",
    "scale_of",
    "step_on",
]
