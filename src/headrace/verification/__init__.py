"""Proves that the tables hold what the API lists, and loads what they lack."""
