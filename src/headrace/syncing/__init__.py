"""Runs a pipeline leg by leg until its source has no more."""
