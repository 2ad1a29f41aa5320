"""Connectors, each tried by the suite that is public for it."""
