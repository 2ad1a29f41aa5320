"""Windows: which part of a range is asked for next, and which of its rows are in it."""

from headrace.sansio.windows.catch_up import CatchUp
from headrace.sansio.windows.choosing import ScaleFault, scale_of, step_on
from headrace.sansio.windows.cutting import WindowCut
from headrace.sansio.windows.lanes import WindowLanes
from headrace.sansio.windows.progress import WindowProgress
from headrace.sansio.windows.scale import Scale, ScaleKind
from headrace.sansio.windows.settings import WindowSettings
from headrace.sansio.windows.too_many import says_too_many
from headrace.sansio.windows.walk import Window, WindowWalk

__all__ = [
    "CatchUp",
    "Scale",
    "ScaleFault",
    "ScaleKind",
    "Window",
    "WindowCut",
    "WindowLanes",
    "WindowProgress",
    "WindowSettings",
    "WindowWalk",
    "says_too_many",
    "scale_of",
    "step_on",
]
