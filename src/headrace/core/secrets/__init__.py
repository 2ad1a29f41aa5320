"""Secrets are kept here, and cleaned out of whatever is shown."""
