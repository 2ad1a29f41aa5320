"""Proves that the tables hold what the API lists, and repairs what they lack."""
