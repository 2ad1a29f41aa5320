"""Rows that the API has no more."""
