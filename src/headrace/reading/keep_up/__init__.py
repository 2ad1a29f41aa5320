"""Keeps a mirror of a listing that is newest first and cannot be filtered by time of change.

`headrace.sansio.tail` decides which pages and rows to ask for, without I/O. The modules here make
those requests, tell the planner what came, and cut the rows into legs, which are loaded and
committed together with the planner's knowledge. `docs/keeping-up.md` says what the mirror promises.
"""
