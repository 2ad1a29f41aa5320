"""Finds out by asking how an API lists its rows, and writes a config of what it has proven."""
